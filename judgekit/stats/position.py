"""What the position of an answer does to the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from judgekit.stats.intervals import Rate, clustered_rate
from judgekit.stats.metric import metric
from judgekit.types import Outcome, Position

__all__ = ["Positions", "positions"]

BOTH_ORDERS = (
    "comparisons (cases; of a ranking, pairs of answers) shown in both orders, those with an "
    "invalid order among them, identical answers not"
)


@dataclass(frozen=True, slots=True)
class Positions:
    """How the two orders of a case agree; the first five shares add up to 1.

    A share of nothing is an empty rate: no case was shown in both orders.
    """

    consistent: Rate = field(
        metadata=metric(
            "position consistency: the share of comparisons whose two orders give the same "
            "response, or a tie twice; of a jury, of the cases with a winner, those that most of "
            "its jurors decided so in both orders",
            unit="share",
            denominator=BOTH_ORDERS,
        )
    )
    first: Rate = field(
        metadata=metric(
            "the share of comparisons in which both orders chose the answer shown first",
            unit="share",
            denominator=BOTH_ORDERS,
        )
    )
    second: Rate = field(
        metadata=metric(
            "the share of comparisons in which both orders chose the answer shown second",
            unit="share",
            denominator=BOTH_ORDERS,
        )
    )
    half_tie: Rate = field(
        metadata=metric(
            "the share of comparisons in which one order is a tie and the other is not",
            unit="share",
            denominator=BOTH_ORDERS,
        )
    )
    error: Rate = field(
        metadata=metric(
            "the share of comparisons in which an order has no valid verdict",
            unit="share",
            denominator=BOTH_ORDERS,
        )
    )
    first_share: Rate = field(
        metadata=metric(
            "how often the answer shown first was chosen, ties aside",
            unit="share",
            denominator="valid trials of pairs that chose a position",
            formula="first / (first + second)",
        )
    )


def positions(outcomes: Sequence[Outcome]) -> Positions:
    """How often the two orders agree, and where they do not, which position was preferred.

    Args:
        outcomes: Of comparisons. Those shown in one order count in `first_share` alone.

    Returns:
        Rates in 0 to 1, their intervals clustered by prompt.
    """
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
