"""LLMBar (Zeng et al. 2023, arXiv:2310.07641): which answer follows its instruction?

In the adversarial parts the worse answers look better: longer, more polished, but off the point.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from judgekit.io.row import Row

from .published import LabelledRow, Published, Repository, concatenate

__all__ = ["LLMBAR"]

SIDES = {1: "A", 2: "B"}


def pairs(rows: Sequence[Row]) -> Iterator[tuple[Row, LabelledRow]]:
    """Columns: `input`, `output_1`, `output_2`, `label` (1 or 2)."""
    counts: Counter[str] = Counter()
    for row in rows:
        data = row.data
        subset = data.get("subset")
        part = subset or "pair"
        yield (
            row,
            {
                "id": f"llmbar-{part}-{counts[part]:03}",
                "prompt": data["input"],
                "response_a": data["output_1"],
                "response_b": data["output_2"],
                "label": SIDES.get(data["label"], data["label"]),
                "category": subset,
            },
        )
        counts[part] += 1


REPOSITORY = Repository("princeton-nlp/LLMBar", "900616bff90b6c6c8e1681f7d079250637c55992")
FOLDER = "Dataset/LLMBar"

# The hub's copy is a loading script, which `datasets` no longer runs.
LLMBAR = Published(
    "LLMBar, princeton-nlp/LLMBar",
    "MIT",
    concatenate(
        natural=REPOSITORY.file(f"{FOLDER}/Natural/dataset.json"),
        **{
            part.lower(): REPOSITORY.file(f"{FOLDER}/Adversarial/{part}/dataset.json")
            for part in ("Neighbor", "GPTInst", "GPTOut", "Manual")
        },
    ),
    pairs,
)
