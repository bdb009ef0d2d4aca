"""A judge's win rate on many cases, corrected by people's labels on some of them.

The judge's mean is precise but possibly biased; the mean of the labels is unbiased but imprecise.
Their difference, measured on the labelled cases, corrects the judge's mean on all others.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import fsum, hypot

from judgekit.stats.intervals import Rate, clustered_mean, clustered_rate, standard_error, t95
from judgekit.stats.share_differences import share_difference

__all__ = ["PredictionPowered", "prediction_powered_rate"]

EDGE = 0.75  # in simulations 95 to 96 % coverage with 50 labels, more with fewer
FEWEST = 10  # labelled prompts; with fewer the width of the interval is unreliable


@dataclass(frozen=True, slots=True)
class PredictionPowered:
    """A prediction-powered rate, with the rates of labels alone and of the judge alone.

    `weight`: how much the judge's values count, from 0 (not at all: they do not correlate with the
    labels) to 1 (the plain estimator). `narrower`: the share by which the interval is narrower than
    that of the labels alone. `labelled` and `unlabelled` count cases. `reason`: why there is no
    rate; empty if there is one.
    """

    rate: Rate
    by_labels: Rate
    by_judge: Rate
    weight: float | None
    narrower: float | None
    labelled: int
    unlabelled: int
    reason: str = ""


def prediction_powered_rate(
    rows: Iterable[tuple[str, float, float | None]], *, edge: float = EDGE
) -> PredictionPowered:
    """A mean of labels in 0 to 1, estimated from few labels and many of a judge's values.

    Prediction-powered inference with a tuned weight w (Angelopoulos et al. 2023, arXiv:2301.09633;
    Angelopoulos, Duchi & Zrnic 2023, arXiv:2311.01453, section 6):

        mean of w·judge over unlabelled cases + mean of (label - w·judge) over labelled cases

    with w = cov(label, judge) / ((1 + n/N) var(judge)), limited to 0 to 1, for n labelled and N
    unlabelled cases. The labelled prompts are assumed to be a random sample of all prompts. Of
    prompts with some cases labelled only those cases count. Intervals are clustered by prompt. That
    of the second mean is `share_difference`'s, because the t interval is too narrow where few
    labels differ from the judge's values.

    Args:
        rows: Triples (cluster, judge's value, label or None), values and labels in 0 to 1.
        edge: How far the interval of the second mean is widened, as of `share_difference`.

    Returns:
        The rate with its 95 % interval. It has none, and a `reason`, with fewer than ten labelled
        prompts or fewer than two unlabelled ones.
    """
    triples = list(rows)
    with_label = {cluster for cluster, _, label in triples if label is not None}
    labels = [(c, value, label) for c, value, label in triples if label is not None]
    others = [(c, value) for c, value, _ in triples if c not in with_label]
    by_labels = clustered_rate((c, label, 1) for c, _, label in labels)
    by_judge = clustered_rate((c, value, 1) for c, value, _ in triples)
    empty = PredictionPowered(Rate(), by_labels, by_judge, None, None, len(labels), len(others))
    if len(with_label) < FEWEST:
        why = f"{len(with_label)} prompts have labels; a correction needs at least {FEWEST}"
        return replace(empty, reason=why)
    if len({c for c, _ in others}) < 2:
        why = "every prompt has a label, so the rate of the labels alone is better"
        return replace(empty, reason=why)
    weight = _weight(labels, len(others))
    if not weight:  # judge and labels do not correlate: only the labels count
        return replace(empty, rate=by_labels, weight=0.0, narrower=0.0)
    middle = (1 - weight) / 2  # so that the rate of the other model, or class, is 1 less this
    residuals = ((c, label - weight * value - middle, 1.0) for c, value, label in labels)
    bias = share_difference(residuals, edge=edge)
    judged = [(c, weight * value, 1.0) for c, value in others]
    spread = t95(len({c for c, _ in others}) - 1) * standard_error(judged)
    rate = _add_estimates(bias, middle + (clustered_mean(judged).value or 0.0), spread)
    return PredictionPowered(
        rate, by_labels, by_judge, weight, _narrowing(rate, by_labels), len(labels), len(others)
    )


def _add_estimates(bias: Rate, judged: float, spread: float) -> Rate:
    """The sum of two independent estimates; the distances to either end add in squares."""
    if bias.value is None or bias.low is None or bias.high is None:
        raise AssertionError("ten prompts have an interval")
    centre = bias.value + judged
    low = centre - hypot(bias.value - bias.low, spread)
    high = centre + hypot(bias.high - bias.value, spread)
    return Rate(*(min(1.0, max(0.0, end)) for end in (centre, low, high)))


def _narrowing(rate: Rate, than: Rate) -> float | None:
    """The share by which `rate`'s interval is narrower than that of `than`."""
    if rate.low is None or rate.high is None or than.low is None or than.high is None:
        return None
    return 1 - (rate.high - rate.low) / (than.high - than.low)


def _weight(labels: list[tuple[str, float, float]], unlabelled: int) -> float:
    """The weight of the judge's values that minimises the variance, limited to 0 to 1."""
    n = len(labels)
    judge = fsum(value for _, value, _ in labels) / n
    truth = fsum(label for _, _, label in labels) / n
    together = fsum((value - judge) * (label - truth) for _, value, label in labels)
    alone = fsum((value - judge) ** 2 for _, value, _ in labels)
    if not alone:
        return 0.0
    return min(1.0, max(0.0, together / alone / (1 + n / unlabelled)))
