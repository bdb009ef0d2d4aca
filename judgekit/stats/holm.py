"""Holm's adjustment of p-values for several tests at once."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["holm"]


def holm(p_values: Sequence[float | None]) -> tuple[float | None, ...]:
    """The adjusted p-values (Holm 1979, Scand. J. Statist. 6, 65-70).

    The chance that any true null hypothesis has an adjusted p-value below 5 % is at most 5 %,
    however the tests depend on each other: the i-th smallest of m is multiplied by m - i + 1, and
    none is smaller than the one before it.

    Args:
        p_values: Those of one family of tests; None of a test that could not be made, which counts
            for nothing.

    Returns:
        The adjusted values in the same order, at most 1; None where there was none.
    """
    ranked = sorted((p, place) for place, p in enumerate(p_values) if p is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    least = 0.0
    for rank, (p, place) in enumerate(ranked):
        least = max(least, min(1.0, p * (len(ranked) - rank)))
        adjusted[place] = least
    return tuple(adjusted)
