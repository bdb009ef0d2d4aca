"""How a classifier agrees with people's labels: sensitivity, specificity, balanced accuracy, kappa.

A class is measured against all others together (one versus rest).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import fsum, hypot

from judgekit.stats.agreement import cohen_kappa
from judgekit.stats.intervals import Rate, clustered_rate
from judgekit.stats.rogan_gladen import youden_index

__all__ = ["ClassAccuracy", "ClassifierAccuracy", "LabelledClass", "class_accuracy"]

LabelledClass = tuple[str, str | None, str | None]
"""Cluster, the class that the judge says, people's class; None where there is none."""


@dataclass(frozen=True, slots=True)
class ClassAccuracy:
    """One class against all others, over labelled answers with a verdict.

    `labelled` counts answers of this class by people's labels, `judged` by the judge. `sensitivity`
    is the share of `labelled` that the judge says, `specificity` the share of other answers that it
    does not, `precision` the share of `judged` that people label so; `youden` is sensitivity +
    specificity - 1.
    """

    name: str
    labelled: int
    judged: int
    sensitivity: Rate
    specificity: Rate
    precision: Rate
    youden: Rate


@dataclass(frozen=True, slots=True)
class ClassifierAccuracy:
    """A classifier beside people's labels.

    `labelled` counts answers with a label and a verdict, `no_verdict` those with a label alone.
    `balanced_accuracy` is the mean of the classes' sensitivities, `accuracy` the share equal.
    `confusion[label][says]` counts answers.
    """

    labelled: int
    no_verdict: int
    accuracy: Rate
    balanced_accuracy: Rate
    kappa: Rate
    classes: tuple[ClassAccuracy, ...]
    confusion: Mapping[str, Mapping[str, int]]


def class_accuracy(rows: Iterable[LabelledClass], classes: Sequence[str]) -> ClassifierAccuracy:
    """Measures a classifier against labels.

    Args:
        rows: Triples (cluster, judge's class, label); those without a label are ignored.
        classes: The classes, in the order of the result.

    Returns:
        The accuracy, over answers that have both.
    """
    with_label = [(cluster, says, truth) for cluster, says, truth in rows if truth is not None]
    both = [(c, says, truth) for c, says, truth in with_label if says is not None]
    pairs = Counter((says, truth) for _, says, truth in both)
    of_class = tuple(_one_versus_rest(both, name) for name in classes)
    return ClassifierAccuracy(
        labelled=len(both),
        no_verdict=len(with_label) - len(both),
        accuracy=clustered_rate((c, says == truth, 1) for c, says, truth in both),
        balanced_accuracy=_mean([each.sensitivity for each in of_class]),
        kappa=cohen_kappa(both),
        classes=of_class,
        confusion={truth: {says: pairs[says, truth] for says in classes} for truth in classes},
    )


def _one_versus_rest(both: Sequence[tuple[str, str, str]], name: str) -> ClassAccuracy:
    sensitivity = clustered_rate((c, says == name, 1) for c, says, truth in both if truth == name)
    specificity = clustered_rate((c, says != name, 1) for c, says, truth in both if truth != name)
    return ClassAccuracy(
        name,
        labelled=sum(truth == name for *_, truth in both),
        judged=sum(says == name for _, says, _ in both),
        sensitivity=sensitivity,
        specificity=specificity,
        precision=clustered_rate((c, truth == name, 1) for c, says, truth in both if says == name),
        youden=youden_index(sensitivity, specificity),
    )


def _mean(rates: Sequence[Rate]) -> Rate:
    """The mean of shares of different answers; the distances to either end add in squares.

    Empty where a class has no labels.
    """
    ends = [(r.value, r.low, r.high) for r in rates]
    known = [(v, low, high) for v, low, high in ends if None not in (v, low, high)]
    if not ends or len(known) < len(ends):
        return Rate()
    size = len(known)
    value = fsum(v or 0.0 for v, _, _ in known) / size
    below = hypot(*((v or 0.0) - (low or 0.0) for v, low, _ in known)) / size
    above = hypot(*((high or 0.0) - (v or 0.0) for v, _, high in known)) / size
    return Rate(value, max(0.0, value - below), min(1.0, value + above))
