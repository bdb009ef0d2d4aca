"""Rates with their 95 % intervals, clustered by prompt.

Cases that share a prompt are not independent, so the unit of every interval is the cluster (a
prompt), never the case or the trial. A rate is a ratio of sums over clusters. Its variance is the
jackknife's, leaving out one cluster at a time (Cameron & Miller 2015, *A Practitioner's Guide to
Cluster-Robust Inference*, J. Human Resources 50(2), section VI.B). That variance gives an effective
number of independent yes-or-no draws, for which Wilson's interval (1927, JASA 22, 209-212) is
computed; Korn & Graubard (1998, Survey Methodology 24, 193-201) do the same with the exact
interval.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import atanh, fsum, inf, pi, sqrt, tan, tanh
from typing import NamedTuple

from judgekit.stats.metric import metric

__all__ = [
    "Observation",
    "Rate",
    "chance_corrected_interval",
    "cluster_sums",
    "clustered_mean",
    "clustered_rate",
    "effective_draws",
    "expected_half_width",
    "jackknife_interval",
    "standard_error",
    "t95",
]

Z95 = 1.959963984540054  # the normal distribution's 97.5 % quantile

ROUNDING = 1e-12

FEWEST = 10  # clusters; from fewer a coefficient has no interval

Observation = tuple[str, float, float]
"""Cluster, what is counted, out of how much: ``(prompt, 0.5, 1)`` for a tie."""


@dataclass(frozen=True, slots=True)
class Rate:
    """An estimate and its 95 % interval; None where the data give none."""

    value: float | None = field(default=None, metadata=metric("the estimate"))
    low: float | None = field(
        default=None, metadata=metric("the lower end of the 95 % interval, clustered by prompt")
    )
    high: float | None = field(
        default=None, metadata=metric("the upper end of the 95 % interval, clustered by prompt")
    )

    def to_dict(self) -> dict[str, float | None]:
        """The rate as JSON has it."""
        return {"value": self.value, "low": self.low, "high": self.high}


class _Ratio(NamedTuple):
    value: float
    variance: float  # of the value; infinite with one cluster
    clusters: int


def clustered_rate(observations: Iterable[Observation]) -> Rate:
    """A rate with an interval inside 0 to 1 (Wilson 1927, with an effective number of draws).

    Args:
        observations: Triples (cluster, counted, out of), with 0 ≤ counted ≤ out of.

    Returns:
        Σ counted / Σ out of; empty if nothing counts. The interval never has zero width: if every
        cluster won it is Wilson's for one draw per cluster. One cluster gives 0 to 1.
    """
    ratio = _ratio(observations)
    if ratio is None:
        return Rate()
    low, high = _wilson(ratio.value, _effective(ratio), t95(ratio.clusters - 1))
    return Rate(ratio.value, low, high)


def clustered_mean(observations: Iterable[Observation]) -> Rate:
    """A mean on any scale, with a t interval.

    The scale is unknown, so values that are all equal give an interval of zero width.

    Args:
        observations: Triples (cluster, sum of values, number of values).

    Returns:
        Σ values / Σ numbers; no interval from one cluster, empty without observations.
    """
    ratio = _ratio(observations)
    if ratio is None:
        return Rate()
    if ratio.clusters < 2:
        return Rate(ratio.value)
    half = t95(ratio.clusters - 1) * sqrt(ratio.variance)
    return Rate(ratio.value, ratio.value - half, ratio.value + half)


def chance_corrected_interval(
    value: float | None, without: Sequence[float | None], by_chance: float
) -> Rate:
    """An interval for a chance-corrected coefficient, such as Cohen's kappa.

    The coefficient is 1 - D / `by_chance`, where D is the observed disagreement. The interval of D
    is Wilson's, for the effective number of draws that the coefficient's jackknife variance
    implies, with `by_chance` held fixed. If D is 0, each cluster counts as one draw, as in
    `clustered_rate`.

    Args:
        value: The coefficient.
        without: The coefficient without each cluster in turn; None where it is undefined.
        by_chance: The disagreement to expect by chance, as a share.

    Returns:
        The coefficient with an interval inside -1 to 1. No interval from fewer than ten clusters,
        if the coefficient is undefined without some cluster, or if no cluster changes a coefficient
        below 1 (a rater who gives every case one label has 0 in any sample).
    """
    size = len(without)
    variance = _jackknife(value, without)
    if value is None or variance is None or (variance < ROUNDING**2 and value < 1 - ROUNDING):
        return Rate(value)
    disagreement = min(1.0, max(0.0, (1 - value) * by_chance))
    draws = _effective(_Ratio(disagreement, variance * by_chance**2, size))
    low, high = (
        1 - end / by_chance for end in reversed(_wilson(disagreement, draws, t95(size - 1)))
    )
    return Rate(value, min(value, max(-1.0, low)), max(value, min(1.0, high)))


def jackknife_interval(value: float | None, without: Sequence[float | None]) -> Rate:
    """A jackknife interval for a coefficient between -1 and 1, such as a correlation.

    A t interval on Fisher's scale artanh r (1915, Biometrika 10, 507-521), on which the variance is
    that of r divided by (1 - r²)².

    Args:
        value: The coefficient r.
        without: The coefficient without each cluster (or group of clusters) in turn; None where it
            is undefined.

    Returns:
        The coefficient with its interval. No interval in the cases of `chance_corrected_interval`,
        and none if no cluster changes the coefficient, as at -1 and 1.
    """
    variance = _jackknife(value, without)
    if value is None or variance is None or variance < ROUNDING**2 or abs(value) > 1 - ROUNDING:
        return Rate(value)
    half = t95(len(without) - 1) * sqrt(variance) / (1 - value * value)
    middle = atanh(value)
    return Rate(value, tanh(middle - half), tanh(middle + half))


def _jackknife(value: float | None, without: Sequence[float | None]) -> float | None:
    """(G - 1)/G · Σ(value without g - their mean)² (Efron & Stein 1981, Ann. Stat. 9, 586-596).

    None from fewer than `FEWEST` clusters, or if the coefficient is undefined without some cluster.
    """
    values = [v for v in without if v is not None]
    size = len(values)
    if value is None or size < FEWEST or size < len(without):
        return None
    mean = fsum(values) / size
    return (size - 1) / size * fsum((v - mean) ** 2 for v in values)


def standard_error(observations: Iterable[Observation]) -> float:
    """The clustered standard error of Σ counted / Σ out of; infinite from fewer than two clusters.

    Args:
        observations: Triples (cluster, counted, out of).
    """
    ratio = _ratio(observations)
    return inf if ratio is None else sqrt(ratio.variance)


def expected_half_width(prompts: int) -> float:
    """Half the width of a win rate's interval to expect from so many prompts, in the worst case.

    The worst case is a win rate of one half without ties; ties and a clear winner make the interval
    narrower.

    Args:
        prompts: The number of independent prompts.

    Returns:
        A difference of shares, in 0 to 0.5.
    """
    if prompts < 2:
        return 0.5
    low, high = _wilson(0.5, prompts, t95(prompts - 1))
    return (high - low) / 2


def effective_draws(observations: Iterable[Observation]) -> tuple[float, float] | None:
    """A share, and the number of independent draws that would be as precise (Kish 1965).

    Args:
        observations: Triples (cluster, counted, out of), with 0 ≤ counted ≤ out of.

    Returns:
        The share and the number of draws; None if nothing counts, (share, 0) from one cluster
        whose share is neither 0 nor 1.
    """
    ratio = _ratio(observations)
    return None if ratio is None else (ratio.value, _effective(ratio))


def cluster_sums(observations: Iterable[Observation]) -> tuple[list[float], list[float]]:
    """The sums of each cluster: what is counted, and out of how much.

    Args:
        observations: Triples (cluster, counted, out of); those out of nothing are ignored.

    Returns:
        Two lists with one number per cluster.
    """
    counted: dict[str, float] = {}
    out_of: dict[str, float] = {}
    for cluster, x, n in observations:
        if n:
            counted[cluster] = counted.get(cluster, 0.0) + x
            out_of[cluster] = out_of.get(cluster, 0.0) + n
    return list(counted.values()), list(out_of.values())


def _ratio(observations: Iterable[Observation]) -> _Ratio | None:
    """The ratio of sums over clusters and its jackknife variance; None if nothing counts.

    Without a cluster with x of n the ratio changes by (x - ratio·n) / (total - n). For clusters of
    equal size this is the linearised variance G/(G - 1) · Σ(x - ratio·n)² / total²; for unequal
    ones it is larger, and closer to the truth if clusters are few.
    """
    counted, out_of = cluster_sums(observations)
    size = len(counted)
    if not size:
        return None
    total = fsum(out_of)
    value = fsum(counted) / total
    if size == 1:
        return _Ratio(value, inf, 1)
    squares = fsum(
        ((x - value * n) / (total - n)) ** 2 for x, n in zip(counted, out_of, strict=True)
    )
    return _Ratio(value, (size - 1) / size * squares, size)


def _effective(ratio: _Ratio) -> float:
    """The effective number of independent yes-or-no draws: p(1 - p) / variance.

    At 0 and 1 nothing varies and each cluster counts as one draw. Ties vary less than wins and
    losses, so the number may exceed that of cases, and for ties alone it would be infinite. The
    limit G²/2 keeps the interval as wide as two decided clusters among the G would make it.
    """
    spread = ratio.value * (1 - ratio.value)
    if not spread:
        return ratio.clusters
    most = ratio.clusters**2 / 2
    return spread / max(ratio.variance, spread / most)


def _wilson(p: float, n: float, quantile: float) -> tuple[float, float]:
    """Wilson's interval for a share p of n draws."""
    if n == 0 or quantile == inf:
        return 0.0, 1.0
    z2 = quantile * quantile / n
    centre = p + z2 / 2
    half = sqrt(z2 * (p * (1 - p) + z2 / 4))
    low, high = (centre - half) / (1 + z2), (centre + half) / (1 + z2)
    return max(0.0, min(low, p)), min(1.0, max(high, p))


def t95(freedom: int) -> float:
    """The 97.5 % quantile of Student's t distribution.

    Exact for 1 and 2 degrees of freedom, within 0.3 % from 3 on (Cornish-Fisher expansion,
    Abramowitz & Stegun 1964, 26.7.5); infinite for none.
    """
    if freedom < 1:
        return inf
    if freedom == 1:
        return tan(pi * 0.475)
    if freedom == 2:
        return 0.95 * sqrt(2 / (1 - 0.95**2))
    z, v = Z95, freedom
    return (
        z
        + (z**3 + z) / (4 * v)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * v**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * v**3)
        + (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / (92160 * v**4)
    )
