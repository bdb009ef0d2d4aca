"""What the position of an answer does to the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from judgekit.stats.intervals import Rate, clustered_rate
from judgekit.types import Outcome, Position

__all__ = ["Positions", "positions"]


@dataclass(frozen=True, slots=True)
class Positions:
    """Shares of the cases shown in both orders; the first five add up to 1.

    `first_share` is over all valid trials of pairs: how many that chose a position chose the
    first. What nothing was shown for is an empty rate.
    """

    consistent: Rate
    first: Rate
    second: Rate
    half_tie: Rate
    error: Rate
    first_share: Rate


def positions(outcomes: Sequence[Outcome]) -> Positions:
    """How often the two orders agree, and where they do not, which position was preferred."""
    shown = [o for o in outcomes if o.position is not None]

    def share(position: Position) -> Rate:
        return clustered_rate((o.cluster, o.position is position, 1) for o in shown)

    return Positions(
        consistent=share(Position.CONSISTENT),
        first=share(Position.FIRST),
        second=share(Position.SECOND),
        half_tie=share(Position.HALF_TIE),
        error=share(Position.ERROR),
        first_share=clustered_rate((o.cluster, o.first, o.first + o.second) for o in outcomes),
    )
