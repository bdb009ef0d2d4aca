"""Auto-J's test pairs (Li et al. 2023, arXiv:2310.05470): 58 scenarios, with ties."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from judgekit.io.row import Row

from .published import LabelledRow, Published, Repository

__all__ = ["AUTOJ"]

SIDES = {0: "A", 1: "B", 2: "tie"}


def pairs(rows: Sequence[Row]) -> Iterator[tuple[Row, LabelledRow]]:
    """Columns: `scenario`, `prompt`, `response 1`, `response 2`, `label` (0, 1, or 2 for a tie)."""
    for number, row in enumerate(rows):
        data = row.data
        yield (
            row,
            {
                "id": f"autoj-{number:04}",
                "prompt": data["prompt"],
                "response_a": data["response 1"],
                "response_b": data["response 2"],
                "label": SIDES.get(data["label"], data["label"]),
                "category": data["scenario"],
            },
        )


AUTOJ = Published(
    "Auto-J, GAIR-NLP/auto-j",
    "none stated",
    Repository("GAIR-NLP/auto-j", "2ae17a3965d933232e9cd50302aa0f176249c83b").file(
        "data/test/testdata_pairwise.jsonl"
    ),
    pairs,
)
