"""P-values of several tests, adjusted so that any false claim among them stays rare."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["holm"]


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Adjusted p-values (Holm 1979, Scand. J. Stat. 6, 65-70).

    The smallest of m is multiplied by m, the next by m - 1 and so on; none is below the one before
    it, nor above 1. The chance that any true null hypothesis has one below 5 % is at most 5 %.

    Args:
        p_values: One per test; None of a test that could not be made, which does not count.

    Returns:
        The adjusted p-values in the same order.
    """
    made = sorted((p, i) for i, p in enumerate(p_values) if p is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    highest = 0.0
    for place, (p, i) in enumerate(made):
        highest = max(highest, min(1.0, p * (len(made) - place)))
        adjusted[i] = highest
    return adjusted
