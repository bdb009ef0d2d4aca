"""How far verdicts swing: means of differences of two shares, with intervals."""

from __future__ import annotations

from collections.abc import Iterable
from math import fsum

from judgekit.stats.intervals import Rate, clustered_mean

__all__ = ["share_difference"]


def share_difference(rows: Iterable[tuple[str, float, float]], *, edge: float = 1.0) -> Rate:
    """Σ of values in -1 to 1 over Σ of weights, clustered; rows of (cluster, value, weight).

    Where most values are 0 the plain t interval is too narrow. So it is taken with two clusters
    more, of an average weight, one all `edge` and the other all -`edge`: at 1 the adjustment of
    Bonett & Price (2012, J. Educ. Behav. Stat. 37, 479-488) for differences of paired shares, which
    is theirs where each cluster is one pair. The value itself is not adjusted. -1 to 1 from one
    cluster.
    """
    given = list(rows)
    value = clustered_mean(given).value
    clusters = {cluster for cluster, _, weight in given if weight}
    if value is None or len(clusters) < 2:
        return Rate() if value is None else Rate(value, -1.0, 1.0)
    each = fsum(weight for *_, weight in given) / len(clusters)
    far = edge * each
    more = [("\0more", far, each), ("\0less", -far, each)]  # names that no prompt has
    wide = clustered_mean([*given, *more])
    if wide.low is None or wide.high is None:
        raise AssertionError("two clusters or more have an interval")
    return Rate(value, max(-1.0, min(wide.low, value)), min(1.0, max(wide.high, value)))
