"""The area under the ROC curve, with an interval clustered by prompt."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from judgekit.stats.intervals import Rate, chance_corrected_interval

__all__ = ["auroc"]


def auroc(rows: Iterable[tuple[str, float, bool]]) -> Rate:
    """How often an answer of the class scores higher than one that is not; ties count half.

    The Mann-Whitney statistic (Hanley & McNeil 1982, Radiology 143, 29-36). Its variance is the
    jackknife's that leaves out one prompt at a time, as DeLong, DeLong & Clarke-Pearson (1988,
    Biometrics 44, 837-845) without clusters and Obuchowski (1997, Biometrics 53, 567-578) with
    them; the interval is Wilson's for the effective number of draws.

    Args:
        rows: Triples (cluster, score, whether people label it as of the class).

    Returns:
        The area in 0 to 1. Empty unless both kinds of answers are there; no interval from fewer
        than ten prompts, or where one prompt holds all answers of a kind.
    """
    triples = list(rows)
    of_class = np.array([truth for *_, truth in triples], dtype=bool)
    scores = np.array([score for _, score, _ in triples], dtype=float)
    names, cluster = np.unique([c for c, *_ in triples], return_inverse=True)
    high, low = scores[of_class], scores[~of_class]
    if not len(high) or not len(low):
        return Rate()
    wins = np.zeros(len(scores))  # of each answer, over those of the other kind
    wins[of_class] = _below(high, low)
    wins[~of_class] = len(high) - _below(low, high)
    total = float(wins[of_class].sum())
    value = total / (len(high) * len(low))
    size = len(names)
    highs = np.bincount(cluster[of_class], minlength=size)
    lows = np.bincount(cluster[~of_class], minlength=size)
    left = total - np.bincount(cluster, weights=wins, minlength=size)
    for index in np.flatnonzero((highs > 0) & (lows > 0)):  # counted twice above
        inside = cluster == index
        left[index] += float(_below(scores[inside & of_class], scores[inside & ~of_class]).sum())
    pairs = (len(high) - highs) * (len(low) - lows)
    without = [None if not n else float(w / n) for w, n in zip(left, pairs.tolist(), strict=True)]
    return chance_corrected_interval(value, without, 1.0)


def _below(values: np.ndarray, others: np.ndarray) -> np.ndarray:
    """How many of `others` lie below each value, equal ones counting half."""
    ordered = np.sort(others)
    return (
        np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right")
    ) / 2
