"""Intervals for mean differences of two shares."""

from __future__ import annotations

from collections.abc import Iterable
from math import fsum

from judgekit.stats.intervals import Rate, clustered_mean

__all__ = ["share_difference"]


def share_difference(rows: Iterable[tuple[str, float, float]], *, edge: float = 1.0) -> Rate:
    """A mean difference of shares with a 95 % interval, clustered by prompt.

    Where most differences are 0 the plain t interval is too narrow. Two clusters of average weight
    are therefore added for the interval, one with every value `edge` and one with every value
    -`edge`. With `edge` 1 and one pair per cluster this is the adjustment of Bonett & Price (2012,
    J. Educ. Behav. Stat. 37, 479-488) for differences of paired shares. The estimate itself is not
    adjusted.

    Args:
        rows: Triples (cluster, value, weight) with values in -1 to 1.
        edge: Value of the two added clusters, in units of the values.

    Returns:
        Σ value / Σ weight. The interval is -1 to 1 from one cluster; without rows the rate is
        empty.
    """
    triples = list(rows)
    value = clustered_mean(triples).value
    clusters = {cluster for cluster, _, weight in triples if weight}
    if value is None or len(clusters) < 2:
        return Rate() if value is None else Rate(value, -1.0, 1.0)
    each = fsum(weight for *_, weight in triples) / len(clusters)
    far = edge * each
    more = [("\0more", far, each), ("\0less", -far, each)]  # names that no prompt has
    wide = clustered_mean([*triples, *more])
    if wide.low is None or wide.high is None:
        raise AssertionError("two clusters or more have an interval")
    return Rate(value, max(-1.0, min(wide.low, value)), min(1.0, max(wide.high, value)))
