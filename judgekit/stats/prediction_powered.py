"""A win rate by a judge on many cases, put right by people's labels on a few.

The judge's mean is precise and may be wrong; the labels' is right and imprecise. Their difference,
measured where both are known, corrects the judge's mean everywhere else.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import fsum, hypot

from judgekit.stats.intervals import Rate, clustered_mean, clustered_rate, standard_error, t95
from judgekit.stats.share_differences import share_difference

__all__ = ["PredictionPowered", "prediction_powered_rate"]

EDGE = 0.75  # by simulation: 95 to 96 of 100 intervals with 50 labels, more with fewer
FEWEST = 10  # labelled prompts, below which the interval's own width is not to be trusted


@dataclass(frozen=True, slots=True)
class PredictionPowered:
    """A rate from both, beside what each gives alone.

    `weight` says how far the judge was used: 0 not at all (its values tell nothing of the labels),
    1 as the plain estimator does. `narrower`: by what share the interval is narrower than the
    labels' own. `reason` is why there is no corrected rate, or an empty text.
    """

    rate: Rate
    by_labels: Rate
    by_judge: Rate
    weight: float | None
    narrower: float | None
    labelled: int
    unlabelled: int
    reason: str = ""


def prediction_powered_rate(rows: Iterable[tuple[str, float, float | None]]) -> PredictionPowered:
    """A mean of labels in 0 to 1 over rows of (cluster, judge's value, label or None).

    Prediction-powered inference with a tuned weight w (Angelopoulos et al. 2023, arXiv 2301.09633;
    Angelopoulos, Duchi & Zrnic 2023, arXiv 2311.01453, section 6):

        mean of w·judge where unlabelled + mean of (label - w·judge) where labelled

    with w = cov(label, judge) / ((1 + n/N) var(judge)), between 0 and 1. It assumes that the
    labelled prompts were drawn at random from all of them. Prompts with some cases labelled count
    with those only. Intervals are clustered by prompt; the second mean's is `share_difference`'s,
    since the plain one is too narrow where few labels differ from what the judge says.
    """
    given = list(rows)
    with_label = {cluster for cluster, _, label in given if label is not None}
    known = [(c, value, label) for c, value, label in given if label is not None]
    rest = [(c, value) for c, value, _ in given if c not in with_label]
    by_labels = clustered_rate((c, label, 1) for c, _, label in known)
    by_judge = clustered_rate((c, value, 1) for c, value, _ in given)
    empty = PredictionPowered(Rate(), by_labels, by_judge, None, None, len(known), len(rest))
    if len(with_label) < FEWEST:
        why = f"{len(with_label)} prompts have labels; a correction needs at least {FEWEST}"
        return replace(empty, reason=why)
    if len({c for c, _ in rest}) < 2:
        why = "every prompt has a label: the labels' own rate is the better one"
        return replace(empty, reason=why)
    weight = _weight(known, len(rest))
    if not weight:  # the judge tells nothing: what the labels say is all there is
        return replace(empty, rate=by_labels, weight=0.0, narrower=0.0)
    residuals = ((c, label - weight * value, 1.0) for c, value, label in known)
    bias = share_difference(residuals, edge=EDGE)
    judged = [(c, weight * value, 1.0) for c, value in rest]
    spread = t95(len({c for c, _ in rest}) - 1) * standard_error(judged)
    rate = _added(bias, clustered_mean(judged).value or 0.0, spread)
    return PredictionPowered(
        rate, by_labels, by_judge, weight, _narrower(rate, by_labels), len(known), len(rest)
    )


def _added(bias: Rate, judged: float, spread: float) -> Rate:
    """The sum of two independent estimates; their distances to either end add in squares."""
    if bias.value is None or bias.low is None or bias.high is None:
        raise AssertionError("ten prompts have an interval")
    centre = bias.value + judged
    low = centre - hypot(bias.value - bias.low, spread)
    high = centre + hypot(bias.high - bias.value, spread)
    return Rate(*(min(1.0, max(0.0, end)) for end in (centre, low, high)))


def _narrower(rate: Rate, than: Rate) -> float | None:
    """By what share one interval is narrower than another."""
    if rate.low is None or rate.high is None or than.low is None or than.high is None:
        return None
    return 1 - (rate.high - rate.low) / (than.high - than.low)


def _weight(known: list[tuple[str, float, float]], unlabelled: int) -> float:
    """How far to use the judge: what makes the variance least, between 0 and 1."""
    n = len(known)
    judge = fsum(value for _, value, _ in known) / n
    truth = fsum(label for _, _, label in known) / n
    together = fsum((value - judge) * (label - truth) for _, value, label in known)
    alone = fsum((value - judge) ** 2 for _, value, _ in known)
    if not alone:
        return 0.0
    return min(1.0, max(0.0, together / alone / (1 + n / unlabelled)))
