"""A rate's interval by resampling prompts.

Slower than the formula of `intervals.clustered_rate`, with fewer assumptions.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from judgekit.stats.intervals import Observation, Rate, cluster_sums

__all__ = ["bootstrap_rate"]


def bootstrap_rate(
    observations: Iterable[Observation], *, samples: int = 1000, seed: int = 0
) -> Rate:
    """A clustered rate with the percentile interval of the bootstrap (Efron 1979).

    Clusters are drawn with replacement, as many as there are (Ann. Stat. 7, 1-26). With few
    clusters, or clusters that are all alike, the interval is too narrow. Report `clustered_rate`,
    and use this function to check it.

    Args:
        observations: Triples (cluster, counted, out of), with 0 ≤ counted ≤ out of.
        samples: Number of bootstrap samples.
        seed: Seed of the random generator.

    Returns:
        Σ counted / Σ out of with a 95 % interval; no interval from fewer than two clusters.
    """
    sums = np.array(cluster_sums(observations))
    size = sums.shape[1]
    if not size:
        return Rate()
    value = float(sums[0].sum() / sums[1].sum())
    if size < 2:
        return Rate(value)
    draw = np.random.default_rng(seed)
    rates = np.empty(samples)
    for i in range(samples):
        counted, out_of = sums[:, draw.integers(0, size, size)].sum(1)
        rates[i] = counted / out_of
    low, high = np.quantile(rates, [0.025, 0.975])
    return Rate(value, min(value, float(low)), max(value, float(high)))
