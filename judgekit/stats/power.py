"""The number of prompts needed to detect a difference."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, fsum, sqrt
from statistics import NormalDist

from judgekit.stats.intervals import cluster_sums, standard_error, t95

__all__ = [
    "FEW",
    "REACH",
    "design_effect",
    "effective_prompts",
    "prompts_needed",
    "prompts_to_detect",
    "tie_share",
    "value_variance",
]

FEW = 10  # effective prompts below which nothing can be said of how many more it takes
REACH = 10_000_000  # more prompts than this are not searched for


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


def tie_share(values: Sequence[float]) -> float:
    """The share of ties t that explains how much less these values vary than wins and losses.

    4 · mean of v(1 - v): exactly the share of ties where all values are 0, ½ or 1.
    """
    return 4 * fsum(v * (1 - v) for v in values) / len(values) if values else 0.0


def effective_prompts(sizes: Sequence[float]) -> float:
    """How many prompts of equal size weigh as much as these: (Σ n)² / Σ n² (Kish 1965).

    Args:
        sizes: The number of cases of each prompt.
    """
    squares = fsum(n * n for n in sizes)
    return fsum(sizes) ** 2 / squares if squares else 0.0


def design_effect(rows: Sequence[tuple[str, float]]) -> float | None:
    """The variance of one prompt's mean value, divided by that of one case's value.

    1 where each prompt is one case. Where all values are equal, it cannot be estimated, and cases
    of a prompt are taken to be always alike.

    Args:
        rows: Pairs (prompt, value), one per case.

    Returns:
        The ratio; None if prompts of several cases are too few, or too unequal, to estimate it.
    """
    sums, sizes = cluster_sums((cluster, v, 1) for cluster, v in rows)
    if not sizes or max(sizes) == 1:
        return 1.0
    if effective_prompts(sizes) < FEW:
        return None
    rate = fsum(sums) / fsum(sizes)
    of_case = rate * (1 - rate) - tie_share([v for _, v in rows]) / 4
    if of_case < 1e-9:
        return len(sizes) / effective_prompts(sizes)
    error = standard_error((cluster, v, 1) for cluster, v in rows)
    return len(sizes) * error**2 / of_case


def prompts_to_detect(
    rate: float, *, ties: float = 0.0, effect: float = 1.0, power: float = 0.8
) -> int | None:
    """How many prompts let the interval of a win rate exclude one half, at this true win rate.

    The interval is that of `judgekit.stats.clustered_rate`. It excludes one half where the
    difference is above t·s₀, and s₀ is the standard error at one half: Wilson's interval takes the
    variance there. So the difference has to be at least t·s₀ + z·s, with s the standard error at
    the true win rate and z the quantile of the power.

    Args:
        rate: The true win rate, in 0 to 1, ties counted as one half.
        ties: The share of ties (`tie_share`).
        effect: How much a prompt's mean varies, relative to one case's value (`design_effect`).
        power: Probability that the interval excludes one half.

    Returns:
        The number of prompts, at least 2; None if no such win rate can occur with so many ties, or
        if no number up to ten million is enough.
    """
    gap = abs(rate - 0.5)
    if not 0 <= ties <= 1 or not ties / 2 <= rate <= 1 - ties / 2 or gap < 1e-9:
        return None
    z = NormalDist().inv_cdf(power)
    at_rate = effect * value_variance(rate, ties)

    def enough(prompts: int) -> bool:
        edge = 0.5 + gap  # a win rate just outside one half's interval; a few steps settle it
        quantile = t95(prompts - 1)
        for _ in range(4):
            spread = edge * (1 - edge)
            share = effect * max(0.0, spread - ties / 4) / spread / prompts if spread else 0.0
            distance = quantile * 0.5 * sqrt(max(share, 2 / prompts**2))
            edge = min(0.5 + gap, 0.5 + distance)
        return gap >= distance + z * sqrt(at_rate / prompts)

    low, high = 1, REACH
    if not enough(high):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
