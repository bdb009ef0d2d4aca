"""Which response a value speaks for, and how clearly: the one rule of fold, rank and juries.

A value is response 0's, in 0 to 1: 1 where it won, 0.5 at a tie, or a probability or a mean of
such values.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum
from typing import Literal

from judgekit.types import Label

__all__ = ["TOLERANCE", "Merge", "lean", "margin_of", "merge_orders"]

Merge = Literal["agree", "mean"]
"""How two orders become one: a winner only where both have it, or by the mean of their values."""

TOLERANCE = 1e-12  # a mean of probabilities or scores may miss a tie by rounding


def lean(value: float) -> Label:
    """Which response a value of response 0 speaks for."""
    if abs(value - 0.5) <= TOLERANCE:
        return "tie"
    return 0 if value > 0.5 else 1


def merge_orders(values: Sequence[float], merge: Merge) -> Label | None:
    """The winner of one or more valid orders.

    Args:
        values: Response 0's value in each order.
        merge: How the orders become one.

    Returns:
        None where the orders disagree.
    """
    if merge == "mean":
        return lean(fsum(values) / len(values))
    leans = {lean(v) for v in values}
    return leans.pop() if len(leans) == 1 else None


def margin_of(winner: Label | None, mean: float) -> float:
    """How far a mean value speaks for the winner, in 0 to 1: 0 where it speaks against.

    Where nobody won, how far it speaks for either.
    """
    lead = 2 * mean - 1
    if isinstance(winner, int):
        return max(0.0, lead if winner == 0 else -lead)
    return abs(lead)
