"""JudgeBench (Tan et al. 2024, arXiv:2410.12784): pairs of a verified right and a wrong answer.

Both answers of a pair come from one model, so style says little about which is right.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from judgekit.io.row import Row

from .published import LabelledRow, Published, hub

__all__ = ["JUDGEBENCH", "JUDGEBENCH_CLAUDE"]

SIDES = {"A>B": "A", "B>A": "B"}
CATEGORIES = {
    "mmlu-pro": "knowledge",
    "livebench-reasoning": "reasoning",
    "livebench-math": "math",
    "livecodebench": "coding",
}


def pairs(rows: Sequence[Row]) -> Iterator[tuple[Row, LabelledRow]]:
    """Columns: `pair_id`, `source`, `question`, `response_A`, `response_B`, `label` (A>B, B>A).

    Readers give known columns in lower case.
    """
    for row in rows:
        data = row.data
        source = data["source"]
        yield (
            row,
            {
                "id": data["pair_id"],
                "prompt": data["question"],
                "response_a": data["response_a"],
                "response_b": data["response_b"],
                "label": SIDES.get(data["label"], data["label"]),
                "category": next(
                    (name for start, name in CATEGORIES.items() if source.startswith(start)), source
                ),
            },
        )


HUB_ID = "ScalerLab/JudgeBench"
LICENCE = "MIT (the hub's card)"
JUDGEBENCH = Published(
    f"JudgeBench, {HUB_ID}, answers of GPT-4o",
    LICENCE,
    hub(HUB_ID, split="gpt"),
    pairs,
    mark="pair_id",
)
JUDGEBENCH_CLAUDE = Published(
    f"JudgeBench, {HUB_ID}, answers of Claude 3.5 Sonnet",
    LICENCE,
    hub(HUB_ID, split="claude"),
    pairs,
    mark="pair_id",
)
