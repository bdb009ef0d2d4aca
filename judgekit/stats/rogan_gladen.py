"""The share of a class, from a classifier whose errors were measured on another sample.

The classifier says the class of a share q of the answers. With sensitivity s and specificity t the
true share is (q + t - 1) / (s + t - 1) (Rogan & Gladen 1978, Am. J. Epidemiol. 107, 71-76), if s
and t are the same in both samples.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import asin, hypot, inf, pi, sin, sqrt
from typing import NamedTuple

from judgekit.stats.intervals import Z95, Observation, Rate, clustered_rate, effective_draws, t95

__all__ = ["RoganGladen", "rogan_gladen_share", "youden_index"]

ANSCOMBE = 3 / 8  # added to either count, so that the variance hardly depends on the share
NOT_IDENTIFIED = (
    "not identified: the interval of sensitivity + specificity - 1 reaches 0, so the judge may say "
    "nothing of this class"
)


@dataclass(frozen=True, slots=True)
class RoganGladen:
    """A corrected share, with what it was corrected by.

    `youden` is sensitivity + specificity - 1. `identified`: the interval of `youden` lies above
    0; elsewhere there is no share and `reason` says why.
    """

    share: Rate
    sensitivity: Rate
    specificity: Rate
    youden: Rate
    identified: bool
    reason: str = ""


def rogan_gladen_share(
    of_class: Iterable[Observation], of_others: Iterable[Observation], judged: Iterable[Observation]
) -> RoganGladen:
    """The Rogan-Gladen estimate with an interval that needs no normal approximation of the ratio.

    For a share p, the classifier says the class of p·s + (1 - p)·(1 - t) of the answers. The
    interval holds each p for which q less that has an interval around 0: as Fieller's (1954, J. R.
    Stat. Soc. B 16, 175-185) it stays honest where s + t - 1 is small. The distances to either end
    of the three intervals add in squares (Zou & Donner 2008, Stat. Med. 27, 1693-1702), so that it
    may be as skewed as they are. These are Anscombe's (1948, Biometrika 35, 246-254), on the scale
    arcsin √p, for the effective number of draws.

    Args:
        of_class: Labelled answers of the class: (cluster, 1 where the judge says it, 1).
        of_others: Labelled answers of other classes: (cluster, 1 where it does not say it, 1).
        judged: The answers whose share is asked for: (cluster, 1 where it says the class, 1).

    Returns:
        The share in 0 to 1, or why it has none.
    """
    rows = list(of_class), list(of_others), list(judged)
    sensitivity, specificity = clustered_rate(rows[0]), clustered_rate(rows[1])
    youden = youden_index(sensitivity, specificity)
    identified = youden.low is not None and youden.low > 0
    empty = ["labelled answers of the class", "labelled answers of other classes", "other answers"]
    absent = [what for what, each in zip(empty, rows, strict=True) if not each]
    reason = f"there are no {absent[0]}" if absent else ""
    if reason or not identified:
        return RoganGladen(
            Rate(), sensitivity, specificity, youden, identified, reason or NOT_IDENTIFIED
        )
    hits, passes, says = (_arcsine(each) for each in rows)
    ratio = (says.value + passes.value - 1) / (hits.value + passes.value - 1)
    value = min(1.0, max(0.0, ratio))
    low, high = _end(says, hits, passes, upper=False), _end(says, hits, passes, upper=True)
    share = Rate(value, min(low, value), max(high, value))
    return RoganGladen(share, sensitivity, specificity, youden, identified)


def youden_index(sensitivity: Rate, specificity: Rate) -> Rate:
    """Sensitivity + specificity - 1 (Youden 1950, Cancer 3, 32-35).

    The distances to either end of the two intervals add in squares (Newcombe 1998, Stat. Med. 17,
    873-890, method 10); the two shares are of different answers.

    Args:
        sensitivity: Of the class.
        specificity: Of the class.

    Returns:
        The index in -1 to 1; empty where either is.
    """
    ends = (sensitivity.value, sensitivity.low, sensitivity.high)
    others = (specificity.value, specificity.low, specificity.high)
    if None in ends or None in others:
        return Rate()
    (s, s_low, s_high), (t, t_low, t_high) = (
        tuple(end or 0.0 for end in three) for three in (ends, others)
    )
    index = s + t - 1
    return Rate(
        index,
        max(-1.0, index - hypot(s - s_low, t - t_low)),
        min(1.0, index + hypot(s_high - s, t_high - t)),
    )


class _Share(NamedTuple):
    value: float
    below: float  # the distance to the lower end of its interval
    above: float


def _arcsine(observations: Sequence[Observation]) -> _Share:
    """A share with the interval sin²(arcsin √((x + 3/8) / (n + 3/4)) ± z / (2 √n))."""
    draws = effective_draws(observations)
    if draws is None:
        raise AssertionError("only shares of something are asked for")
    value, size = draws
    clusters = len({cluster for cluster, *_ in observations})
    quantile = Z95 if clusters == len(observations) else t95(clusters - 1)
    if not size or quantile == inf:
        return _Share(value, value, 1 - value)
    middle = asin(sqrt((value * size + ANSCOMBE) / (size + 2 * ANSCOMBE)))
    half = quantile / (2 * sqrt(size))
    low, high = sin(max(0.0, middle - half)) ** 2, sin(min(pi / 2, middle + half)) ** 2
    return _Share(value, max(0.0, value - low), max(0.0, high - value))


def _end(says: _Share, hits: _Share, passes: _Share, *, upper: bool) -> float:
    """An end of the shares p with (a - p·b)² ≤ dq² + p²·ds² + (1 - p)²·dt², within 0 to 1.

    Here a = q + t - 1 and b = s + t - 1; the distances are those towards this end. Where b may be 0
    there is none: then 0 or 1.
    """
    a, b = says.value + passes.value - 1, hits.value + passes.value - 1
    if upper:
        dq, ds, dt = (each**2 for each in (says.above, hits.below, passes.above))
    else:
        dq, ds, dt = (each**2 for each in (says.below, hits.above, passes.below))
    square, linear, constant = b * b - ds - dt, a * b - dt, a * a - dq - dt
    if square <= 0:
        return float(upper)
    root = sqrt(max(0.0, linear * linear - square * constant))
    return min(1.0, max(0.0, (linear + (root if upper else -root)) / square))
