"""A rate's interval by resampling prompts: slower than `interval`'s formula, and assumes less."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from judgekit.stats.intervals import Observation, Rate

__all__ = ["bootstrapped_rate"]


def bootstrapped_rate(
    observations: Iterable[Observation], *, samples: int = 1000, seed: int = 0
) -> Rate:
    """Σ counted / Σ out of, with the percentile interval of `samples` resamples of the clusters.

    Efron (1979, Ann. Stat. 7, 1-26), clusters drawn with replacement, as many as there are. A few
    clusters, or all alike, make it too narrow: `clustered_rate` is the one to report, this one
    checks it. No interval with fewer than two clusters.
    """
    counted: dict[str, float] = {}
    out_of: dict[str, float] = {}
    for cluster, x, n in observations:
        if n:
            counted[cluster] = counted.get(cluster, 0.0) + x
            out_of[cluster] = out_of.get(cluster, 0.0) + n
    size = len(counted)
    if not size:
        return Rate()
    sums = np.array([list(counted.values()), list(out_of.values())])
    value = float(sums[0].sum() / sums[1].sum())
    if size < 2:
        return Rate(value)
    draw = np.random.default_rng(seed)
    found = np.empty(samples)
    for i in range(samples):
        won, whole = sums[:, draw.integers(0, size, size)].sum(1)
        found[i] = won / whole
    low, high = np.quantile(found, [0.025, 0.975])
    return Rate(value, min(value, float(low)), max(value, float(high)))
