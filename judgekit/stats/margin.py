"""Whether a mean has not fallen by more than a margin, on the same prompts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist
from typing import Literal

from judgekit.stats.intervals import Rate, clustered_mean, standard_error, t95
from judgekit.stats.power import FEW, REACH
from judgekit.stats.share_differences import share_difference

__all__ = ["MarginTest", "MarginVerdict", "margin_test"]

MarginVerdict = Literal["pass", "fail", "inconclusive"]

ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class MarginTest:
    """The result of `margin_test`.

    `prompts` counts the prompts with both values. `prompts_to_settle`: about how many of them, in
    all, would decide with a probability of 80 % if the true difference is the observed one; None
    where it is decided, where too few prompts say nothing of it, or where the difference lies on
    the margin itself.
    """

    difference: Rate
    verdict: MarginVerdict
    prompts: int
    prompts_to_settle: int | None


def margin_test(
    rows: Iterable[tuple[str, float, float]], margin: float, *, shares: bool
) -> MarginTest:
    """Tests a paired difference for non-inferiority.

    A test by the 95 % interval of the mean difference, clustered by prompt, which is one-sided at
    2.5 % in either direction (Schuirmann 1987, J. Pharmacokinet. Biopharm. 15, 657-680; Piaggio et
    al. 2012, JAMA 308, 2594-2604). It is a ``pass`` if the interval lies above -margin, a ``fail``
    if it lies below, and otherwise ``inconclusive``.

    The interval of shares is `share_difference`'s, and that of scores a t interval. Differences of
    scores that are all equal show no variance: from ten prompts on they decide as they are.

    Args:
        rows: Triples (cluster, value, value of the baseline).
        margin: How far the mean may fall, in units of the values, at least 0.
        shares: Whether the values are shares in 0 to 1; otherwise they are scores on any scale.

    Returns:
        The test; without rows its difference is empty and it is inconclusive.
    """
    triples = [(cluster, x - y, 1.0) for cluster, x, y in rows]
    prompts = len({cluster for cluster, *_ in triples})
    difference = share_difference(triples) if shares else _scores(triples, prompts)
    verdict: MarginVerdict = "inconclusive"
    if difference.low is not None and difference.low > -margin:
        verdict = "pass"
    elif difference.high is not None and difference.high < -margin:
        verdict = "fail"
    settling = None
    if verdict == "inconclusive" and difference.value is not None and prompts >= FEW:
        variance = prompts * standard_error(triples) ** 2
        settling = _prompts_to_settle(abs(difference.value + margin), variance, shares=shares)
    return MarginTest(difference, verdict, prompts, settling)


def _scores(triples: list[tuple[str, float, float]], prompts: int) -> Rate:
    rate = clustered_mean(triples)
    if rate.low is None or rate.high is None:
        return rate
    without_variance = rate.high - rate.low <= ROUNDING
    return Rate(rate.value) if without_variance and prompts < FEW else rate


def _prompts_to_settle(gap: float, variance: float, *, shares: bool) -> int | None:
    """The prompts whose interval excludes the margin with a power of 80 %.

    The interval's half width at n prompts is t·√(n·variance + added)/n, where `added` is what the
    two clusters that `share_difference` adds contribute.
    """
    z = NormalDist().inv_cdf(0.8)
    added = 2.0 if shares else 0.0

    def enough(prompts: int) -> bool:
        half = t95(prompts - 1) * sqrt(prompts * variance + added) / prompts
        return gap >= half + z * sqrt(variance / prompts)

    low, high = 1, REACH
    if gap <= ROUNDING or not enough(high):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
