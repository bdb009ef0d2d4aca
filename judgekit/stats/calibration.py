"""Whether probabilities mean what they say: the Brier score and a reliability table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from judgekit.stats.intervals import Rate, clustered_rate

__all__ = ["Calibration", "ReliabilityBin", "calibration"]

BINS = 10
Row = tuple[str, float, bool]


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """The answers with `low` ≤ probability < `high`, in the last bin also those at 1.

    `probability` is their mean; `share` how many of them people label as of the class.
    """

    low: float
    high: float
    count: int
    probability: float
    share: Rate


@dataclass(frozen=True, slots=True)
class Calibration:
    """Probabilities beside labels.

    `brier` is the mean of (probability - label)², 0 at best (Brier 1950, Mon. Weather Rev. 78,
    1-3); `brier_of_share` that of a judge which gives every answer the share of the labels.
    """

    labelled: int
    brier: Rate
    brier_of_share: float | None
    reliability: tuple[ReliabilityBin, ...]


def calibration(rows: Sequence[Row]) -> Calibration:
    """The Brier score and the reliability table of probabilities.

    Args:
        rows: Triples (cluster, probability of the class, whether people label it so).

    Returns:
        Ten bins of equal width, without the empty ones.
    """
    share = sum(truth for *_, truth in rows) / len(rows) if rows else None
    return Calibration(
        labelled=len(rows),
        brier=clustered_rate((c, (p - truth) ** 2, 1) for c, p, truth in rows),
        brier_of_share=None if share is None else share * (1 - share),
        reliability=tuple(_bins(rows)),
    )


def _bins(rows: Sequence[Row]) -> list[ReliabilityBin]:
    members: list[list[Row]] = [[] for _ in range(BINS)]
    for row in rows:
        members[min(BINS - 1, int(row[1] * BINS))].append(row)
    return [
        ReliabilityBin(
            low=i / BINS,
            high=(i + 1) / BINS,
            count=len(of_bin),
            probability=sum(p for _, p, _ in of_bin) / len(of_bin),
            share=clustered_rate((c, truth, 1) for c, _, truth in of_bin),
        )
        for i, of_bin in enumerate(members)
        if of_bin
    ]
