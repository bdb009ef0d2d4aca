"""The score of an answer by weighted criteria: Σ wᵢvᵢ / Σ max(wᵢ, 0), each value in 0 to 1.

This is HealthBench's score (Arora et al. 2025, arXiv 2505.08775): the points of the criteria that
are met, those of negative criteria included, out of all points that can be won. It may be below 0
for one answer. HealthBench clips the mean over answers to 0 to 1, never the score of one answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import fsum

from judgekit.types import CriterionVerdict

__all__ = ["clip", "missing", "rubric_score", "weighted_score"]


def weighted_score(values: Iterable[tuple[float, float]]) -> float | None:
    """The score of criteria that all have a value.

    Args:
        values: The weight and the value of each criterion; weights may be negative, values are in
            0 to 1.

    Returns:
        At most 1; None without a positive weight.
    """
    pairs = tuple(values)
    most = fsum(max(weight, 0.0) for weight, _ in pairs)
    if most <= 0:
        return None
    return fsum(weight * value for weight, value in pairs) / most


def rubric_score(criteria: Sequence[CriterionVerdict], *, partial: bool = False) -> float | None:
    """The score of one answer by what the judge said of each criterion.

    Args:
        criteria: All criteria of the rubric. Those of weight 0 count for nothing.
        partial: Whether criteria without a value are left out, from the points that can be won as
            well; otherwise there is no score without them.

    Returns:
        The score; None where it is not known.
    """
    if missing(criteria) and not partial:
        return None
    return weighted_score((c.weight, c.value) for c in criteria if c.value is not None)


def missing(criteria: Iterable[CriterionVerdict]) -> list[CriterionVerdict]:
    """The criteria that carry weight and have no value."""
    return [c for c in criteria if c.weight and c.value is None]


def clip(value: float | None) -> float | None:
    """A mean score within 0 to 1."""
    return None if value is None else min(1.0, max(0.0, value))
