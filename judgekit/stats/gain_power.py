"""The smallest gain in balanced accuracy that a number of labelled prompts can show."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from functools import cache
from math import exp, fsum, lgamma, log, log1p, sqrt
from statistics import NormalDist

from judgekit.stats.balanced_accuracy import LEVEL
from judgekit.stats.power import effective_prompts

__all__ = ["CHANGED", "POWER", "balanced_prompts", "smallest_gain"]

CHANGED = 0.2  # of the verdicts: what another prompt is taken to change, for better or worse
POWER = 0.8
EXACT = 400  # prompts; above, the normal approximation is within 0.1 points
STEPS = 40  # halvings of a gain between 0 and 1
TAIL = 7.0  # standard deviations of a binomial that are summed


def balanced_prompts(rows: Iterable[tuple[str, Hashable]]) -> float:
    """How many prompts with one label the prompts of several labels are worth.

    K² / Σ 1/n: the variance of a mean of K labels' shares is Σ 1/n / K² times that of one case. n
    is the label's effective number of prompts (`effective_prompts`), as cases of a prompt are taken
    to be alike.

    Args:
        rows: Pairs (cluster, label), one per case.

    Returns:
        The number, at most that of the prompts; 0 without rows.
    """
    sizes: defaultdict[Hashable, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    for cluster, label in rows:
        sizes[label][cluster] += 1
    each = [effective_prompts([*of_label.values()]) for of_label in sizes.values()]
    return len(each) ** 2 / fsum(1 / n for n in each) if each else 0.0


def smallest_gain(
    prompts: float, *, changed: float = CHANGED, power: float = POWER, level: float = LEVEL
) -> float | None:
    """The smallest true gain that the exact test shows with this power.

    Of a share `changed` of the prompts (or of as many as the gain itself takes, where that is more)
    only one of the two judges is right. Given their number N, those that the second judge is right
    on are binomial with N and (1 + gain/changed)/2, and the test is significant from the least
    number whose one-sided p-value at N and 1/2 is at most `level`.

    Args:
        prompts: The number of prompts, as `balanced_prompts` counts them.
        changed: The share of prompts whose result changes, in 0 to 1.
        power: Probability of showing the gain.
        level: Level of the one-sided test.

    Returns:
        A difference of shares in 0 to 1; None where so few prompts show no gain at all.
    """
    n = int(prompts + 1e-9)

    def enough(gain: float) -> bool:
        share = max(changed, gain)
        if n <= EXACT:
            return _power(n, gain, share, level) >= power
        normal = NormalDist()
        needed = -normal.inv_cdf(level) * sqrt(share) + normal.inv_cdf(power) * sqrt(
            max(0.0, share - gain * gain)
        )
        return gain * sqrt(n) >= needed

    if n < 1 or not enough(1.0):
        return None
    low, high = 0.0, 1.0
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _power(n: int, gain: float, share: float, level: float) -> float:
    """The exact probability of a significant test with `n` prompts."""
    better = (1 + gain / share) / 2
    return fsum(
        chance * fsum(_binomial(changed, better)[least:])
        for changed, chance in enumerate(_binomial(n, share))
        if chance > 0 and (least := _least(changed, level)) is not None
    )


@cache
def _least(n: int, level: float) -> int | None:
    """The least number of `n` fair draws whose one-sided p-value is at most `level`."""
    total, least = 0.0, None
    fair = _binomial(n, 0.5)
    for k in range(n, -1, -1):
        total += fair[k]
        if total > level:
            break
        least = k
    return least


def _binomial(n: int, p: float) -> Sequence[float]:
    """The probabilities of 0 to n; those far from the mean are 0."""
    if p >= 1:
        return [0.0] * n + [1.0]
    width = TAIL * sqrt(n * p * (1 - p)) + 1
    factorial = lgamma(n + 1)
    return [
        exp(factorial - lgamma(k + 1) - lgamma(n - k + 1) + k * log(p) + (n - k) * log1p(-p))
        if abs(k - n * p) <= width
        else 0.0
        for k in range(n + 1)
    ]
