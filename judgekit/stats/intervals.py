"""Rates with their 95 % intervals, clustered by prompt.

Cases that share a prompt are not independent, so the unit of every interval is the cluster (a
prompt), never the case or the trial. A rate is a ratio of sums over clusters; its variance is the
jackknife's, leaving out one cluster at a time (Cameron & Miller 2015, *A Practitioner's Guide to
Cluster-Robust Inference*, J. Human Resources 50(2), section VI.B). That variance says how many
independent yes-or-no draws the data are worth, and Wilson's interval (1927, JASA 22, 209-212) is
taken for that number, as Korn & Graubard (1998, Survey Methodology 24, 193-201) do for the exact
one.
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
    "clustered_mean",
    "clustered_rate",
    "expected_half_width",
    "jackknifed",
    "over_chance",
    "standard_error",
    "t95",
]

Z95 = 1.959963984540054  # the normal distribution's 97.5 % quantile

ROUNDING = 1e-12

FEWEST = 10  # clusters from which a figure other than a rate or a mean has an interval

Observation = tuple[str, float, float]
"""Cluster, what is counted, out of how much: ``(prompt, 0.5, 1)`` for a tie."""


@dataclass(frozen=True, slots=True)
class Rate:
    """An estimate and its 95 % interval; None where there is nothing to estimate from."""

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
    """Σ counted / Σ out of, with an interval inside 0 to 1.

    The interval is never of zero width: where every cluster won, it is Wilson's for as many draws
    as there are clusters, and one cluster alone says nothing (0 to 1).

    Args:
        observations: Rows of (cluster, counted, out of), with 0 ≤ counted ≤ out of.

    Returns:
        A share with its 95 % interval, clustered; empty where out of nothing.
    """
    ratio = _ratio(observations)
    if ratio is None:
        return Rate()
    low, high = _wilson(ratio.value, _effective(ratio), t95(ratio.clusters - 1))
    return Rate(ratio.value, low, high)


def clustered_mean(observations: Iterable[Observation]) -> Rate:
    """Σ counted / Σ out of, on any scale, with a t interval; no interval from one cluster.

    Nothing is known of the scale, so values that are all equal give an interval of zero width.

    Args:
        observations: Rows of (cluster, counted, out of).

    Returns:
        A mean in the unit of what is counted, with its 95 % interval, clustered; empty where out
        of nothing.
    """
    ratio = _ratio(observations)
    if ratio is None:
        return Rate()
    if ratio.clusters < 2:
        return Rate(ratio.value)
    half = t95(ratio.clusters - 1) * sqrt(ratio.variance)
    return Rate(ratio.value, ratio.value - half, ratio.value + half)


def over_chance(value: float | None, without: Sequence[float | None], by_chance: float) -> Rate:
    """A figure 1 - D / `by_chance`, from 1 down to -1, with an interval inside that range.

    D is the share that differs and `by_chance` the share that would by chance. D's interval is
    Wilson's for as many draws as the figure's jackknife variance is worth, `by_chance` being held.
    Where D is 0 each cluster counts as one draw, as in `clustered_rate`. No interval from fewer
    than `FEWEST` clusters, where some cluster carries the figure alone (None without it), and where
    no cluster changes a figure below 1 (a rater with one label for all has 0, whatever it is).
    """
    size = len(without)
    variance = _jackknife(value, without)
    if value is None or variance is None or (variance < ROUNDING**2 and value < 1 - ROUNDING):
        return Rate(value)
    seen = min(1.0, max(0.0, (1 - value) * by_chance))
    draws = _effective(_Ratio(seen, variance * by_chance**2, size))
    low, high = (1 - end / by_chance for end in reversed(_wilson(seen, draws, t95(size - 1))))
    return Rate(value, min(value, max(-1.0, low)), max(value, min(1.0, high)))


def jackknifed(value: float | None, without: Sequence[float | None]) -> Rate:
    """A figure of -1 to 1, its interval inside, from its values without each cluster (or group).

    A t interval on Fisher's scale (1915, Biometrika 10, 507-521), artanh r, where the variance is
    that of r over (1 - r²)². No interval as in `over_chance`, and where no cluster changes the
    figure, as at -1 and 1: that says nothing of how far it may be off.
    """
    variance = _jackknife(value, without)
    if value is None or variance is None or variance < ROUNDING**2 or abs(value) > 1 - ROUNDING:
        return Rate(value)
    half = t95(len(without) - 1) * sqrt(variance) / (1 - value * value)
    middle = atanh(value)
    return Rate(value, tanh(middle - half), tanh(middle + half))


def _jackknife(value: float | None, without: Sequence[float | None]) -> float | None:
    """(G - 1)/G · Σ(value without g - their mean)² (Efron & Stein 1981, Ann. Stat. 9, 586-596).

    None from fewer than `FEWEST` clusters, and where some cluster carries the figure alone.
    """
    known = [v for v in without if v is not None]
    size = len(known)
    if value is None or size < FEWEST or size < len(without):
        return None
    mean = fsum(known) / size
    return (size - 1) / size * fsum((v - mean) ** 2 for v in known)


def standard_error(observations: Iterable[Observation]) -> float:
    """Of Σ counted / Σ out of, clustered; infinite from fewer than two clusters."""
    ratio = _ratio(observations)
    return inf if ratio is None else sqrt(ratio.variance)


def expected_half_width(prompts: int) -> float:
    """Half the width of a win rate's interval to expect from so many prompts, at the worst.

    The worst is a rate of one half without ties: those, and a clear winner, make it narrower.

    Args:
        prompts: How many independent prompts are judged.

    Returns:
        A difference of shares, in 0 to 0.5.
    """
    if prompts < 2:
        return 0.5
    low, high = _wilson(0.5, prompts, t95(prompts - 1))
    return (high - low) / 2


def _ratio(observations: Iterable[Observation]) -> _Ratio | None:
    """The ratio of sums over clusters, and its jackknife variance; None where out of nothing.

    Without cluster g, counted x of n, the ratio differs by (x - ratio·n) / (total - n). With
    clusters of one size this is the linearised variance G/(G - 1) · Σ(x - ratio·n)² / total²;
    with unequal ones it is larger, and so nearer to the truth where clusters are few.
    """
    counted: dict[str, float] = {}
    out_of: dict[str, float] = {}
    for cluster, x, n in observations:
        if n:
            counted[cluster] = counted.get(cluster, 0.0) + x
            out_of[cluster] = out_of.get(cluster, 0.0) + n
    size = len(counted)
    if not size:
        return None
    total = fsum(out_of.values())
    value = fsum(counted.values()) / total
    if size == 1:
        return _Ratio(value, inf, 1)
    squares = fsum(
        ((x - value * n) / (total - n)) ** 2
        for x, n in zip(counted.values(), out_of.values(), strict=True)
    )
    return _Ratio(value, (size - 1) / size * squares, size)


def _effective(ratio: _Ratio) -> float:
    """How many independent yes-or-no draws would vary as much: p(1 - p) / variance.

    At 0 and 1 nothing varies and each cluster counts as one draw. Ties vary less than wins and
    losses, so it may exceed the number of cases, and all ties would be worth infinitely many;
    at most G²/2 keeps the width at what two decided clusters among the G would give.
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
    """The 97.5 % quantile of Student's t: exact for 1 and 2 degrees of freedom, within 0.3 % from
    3 on (Cornish-Fisher expansion, Abramowitz & Stegun 1964, 26.7.5); infinite for none."""
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
