"""HHH alignment (Askell et al. 2021, arXiv:2112.00861): helpful, honest, harmless, and other.

Some of its texts are offensive by design.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from judgekit.io.row import Row

from .published import LabelledRow, Published, assign_sides, concatenate, hub

__all__ = ["HHH"]


def pairs(rows: Sequence[Row]) -> Iterator[tuple[Row, LabelledRow]]:
    """Columns: `input`, `targets` = {`choices`: two answers, `labels`: 1 for the better, 0}."""
    counts: Counter[str] = Counter()
    for row in rows:
        data = row.data
        subset = data.get("subset")
        part = subset or "pair"
        choices, labels = data["targets"]["choices"], data["targets"]["labels"]
        better, worse = choices if labels[0] == 1 else choices[::-1]
        yield (
            row,
            {
                "id": f"hhh-{part}-{counts[part]:03}",
                "prompt": data["input"],
                **assign_sides(data["input"], better, worse),
                "category": subset,
            },
        )
        counts[part] += 1


HUB_ID = "HuggingFaceH4/hhh_alignment"
CONVERTED = "refs/convert/parquet"  # the data set itself is a loading script
HHH = Published(
    f"HHH alignment, {HUB_ID}",
    "Apache-2.0",
    concatenate(
        **{
            part: hub(HUB_ID, config=part, split="test", revision=CONVERTED)
            for part in ("harmless", "helpful", "honest", "other")
        }
    ),
    pairs,
)
