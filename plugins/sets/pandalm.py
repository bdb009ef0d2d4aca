"""PandaLM's test set (Wang et al. 2023, arXiv:2306.05087): three annotators per pair."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from judgekit.io.row import Row

from .mtbench import plurality
from .published import LabelledRow, Published, Repository

__all__ = ["PANDALM"]

SIDES = {0: "tie", 1: "A", 2: "B"}


def pairs(rows: Sequence[Row]) -> Iterator[tuple[Row, LabelledRow]]:
    """One pair per row.

    Columns: `instruction`, `input`, `response1`, `response2`, `annotator1` … `annotator3` (0 for a
    tie, 1 or 2), `cmp_key` (the models' names, ``bloom-7b_llama-7b``), `motivation_app` (the
    category).
    """
    for number, row in enumerate(rows):
        data = row.data
        a, _, b = data.get("cmp_key", "").partition("_")
        context = data["input"]
        yield (
            row,
            {
                "id": f"pandalm-{number:03}",
                "prompt": f"{data['instruction']}\n\n{context}" if context else data["instruction"],
                "response_a": text(data["response1"]),
                "response_b": text(data["response2"]),
                "model_a": a or None,
                "model_b": b or None,
                "label": plurality([SIDES[data[f"annotator{n}"]] for n in (1, 2, 3)]),
                "category": data.get("motivation_app"),
            },
        )


def text(answer: Any) -> str:
    """An answer as text; in a few rows of the file it is JSON's true."""
    return answer if isinstance(answer, str) else str(answer)


PANDALM = Published(
    "PandaLM test set, WeOpenML/PandaLM",
    "Apache-2.0",
    Repository("WeOpenML/PandaLM", "3871806e72b4832f815ecafd24d3503c73403f48").file(
        "data/testset-v1.json"
    ),
    pairs,
    "the label is the majority of three annotators",
)
