"""The number of prompts needed to detect a difference."""

from __future__ import annotations

from math import ceil
from statistics import NormalDist

__all__ = ["prompts_needed", "value_variance"]


def value_variance(rate: float, tie_share: float = 0.0) -> float:
    """The variance of one case's value (1 won, 0.5 tied, 0 lost).

    With a share t of ties, a case is won with probability p - t/2, so the variance is p(1 - p) -
    t/4.

    Args:
        rate: The win rate p, in 0 to 1, ties counted as one half.
        tie_share: The share t of ties, in 0 to 1.

    Returns:
        The variance, at most 1/4.

    Raises:
        ValueError: So many ties do not allow this win rate.
    """
    if not 0 <= tie_share <= 1 or not tie_share / 2 <= rate <= 1 - tie_share / 2:
        raise ValueError(f"a win rate of {rate!r} cannot be with a share of ties of {tie_share!r}")
    return rate * (1 - rate) - tie_share / 4


def prompts_needed(
    difference: float, variance: float, *, power: float = 0.8, level: float = 0.95
) -> int:
    """The number of independent prompts needed to detect a true difference.

    (z_{(1 + level)/2} + z_power)² · variance / difference², for a two-sided test of the mean of one
    value per prompt (Cohen 1988, *Statistical Power Analysis*, chapter 2).

    Args:
        difference: The true difference to detect, in units of the values.
        variance: Variance of one prompt's value. For a win rate against one half this is
            `value_variance` (the mean over several cases of a prompt varies less); for two judges
            or models on the same prompts, the variance of their differences.
        power: Probability of detecting the difference.
        level: Confidence level of the test.

    Returns:
        The number of prompts, at least 2.

    Raises:
        ValueError: The difference is 0.
    """
    if difference == 0:
        raise ValueError("no number of prompts tells a difference of 0")
    normal = NormalDist()
    z = normal.inv_cdf((1 + level) / 2) + normal.inv_cdf(power)
    return max(2, ceil(z * z * variance / difference**2))
