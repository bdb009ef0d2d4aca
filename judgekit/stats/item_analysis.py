"""Which criteria of a rubric work: item analysis, as of the questions of a test.

A criterion that all answers meet, or none, tells no answers apart. One that does not go with the
rest of the rubric (its discrimination is about 0, or has the wrong sign) measures something else,
or nothing. One that goes with another nearly always says the same thing twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import fsum, sqrt

from judgekit.stats.intervals import Rate, clustered_mean, clustered_rate
from judgekit.stats.metric import metric
from judgekit.stats.rubric_scores import weighted_score
from judgekit.types import CriterionMean

__all__ = ["CriterionAgreement", "ItemMetrics", "JudgedAnswer", "analyse_items", "correlation"]

LEAST = 3  # answers that a correlation needs
MIDDLE = 0.5  # above it a criterion is met, where labels say met or not met
EQUAL = 1e-6  # how far a value may lie from one that it equals


@dataclass(frozen=True, slots=True)
class JudgedAnswer:
    """One answer: its prompt's cluster, its criteria, and what people say of some of them."""

    cluster: str
    criteria: tuple[CriterionMean, ...]
    labels: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CriterionAgreement:
    """The judge beside people's labels of one criterion."""

    labelled: int = field(metadata=metric("answers with a label and a verdict", unit="answers"))
    equal: Rate = field(
        metadata=metric("how often the judge's value is the people's", unit="share")
    )
    bias: Rate = field(metadata=metric("the judge's mean value less the people's", unit="points"))


@dataclass(frozen=True, slots=True)
class ItemMetrics:
    """One criterion among the others."""

    name: str = field(metadata=metric("the criterion's name"))
    weight: float | None = field(metadata=metric("its weight; null where cases differ in it"))
    answers: int = field(metadata=metric("the answers that were judged by it", unit="answers"))
    met: Rate = field(metadata=metric("how far it is met", unit="share"))
    unread: Rate = field(
        metadata=metric("the share of its answers without a verdict on it", unit="share")
    )
    discrimination: float | None = field(
        metadata=metric(
            "the correlation of its points with the score by all other criteria; negative where "
            "it works against the rubric"
        )
    )
    redundant_with: str | None = field(
        metadata=metric("the other criterion with which it correlates most, either way")
    )
    redundancy: float | None = field(metadata=metric("the correlation with that criterion"))
    mean_without: Rate = field(
        metadata=metric("the mean score of the rubric without it", unit="points")
    )
    agreement: CriterionAgreement | None = field(
        default=None, metadata=metric("beside people's labels of it; null without any")
    )


def analyse_items(answers: Sequence[JudgedAnswer]) -> tuple[ItemMetrics, ...]:
    """The item analysis of all criteria that more than one answer was judged by.

    Args:
        answers: The judged answers, of one model or of several.

    Returns:
        The criteria, in the order in which they first occur.
    """
    columns: dict[str, dict[int, CriterionMean]] = {}
    for index, answer in enumerate(answers):
        for criterion in answer.criteria:
            columns.setdefault(criterion.name, {})[index] = criterion
    kept = {name: column for name, column in columns.items() if len(column) > 1}
    values = {
        name: {i: c.value for i, c in column.items() if c.value is not None}
        for name, column in kept.items()
    }
    return tuple(item_metrics(name, column, values, answers) for name, column in kept.items())


def item_metrics(
    name: str,
    column: Mapping[int, CriterionMean],
    values: Mapping[str, Mapping[int, float]],
    answers: Sequence[JudgedAnswer],
) -> ItemMetrics:
    """One criterion: `column` holds it by answer, `values` the values of all criteria."""
    weights = {criterion.weight for criterion in column.values()}
    rest = {i: score_without(answers[i], name) for i in column}
    points = {i: c.weight * c.value for i, c in column.items() if c.value is not None}
    other, redundancy = most_redundant(name, values)
    return ItemMetrics(
        name=name,
        weight=weights.pop() if len(weights) == 1 else None,
        answers=len(column),
        met=clustered_rate((answers[i].cluster, v, 1) for i, v in values[name].items()),
        unread=clustered_rate((answers[i].cluster, i not in points, 1) for i in column),
        discrimination=correlation(
            [(p, r) for i, p in points.items() if (r := rest[i]) is not None]
        ),
        redundant_with=other,
        redundancy=redundancy,
        mean_without=clustered_mean(
            (answers[i].cluster, score, 1) for i, score in rest.items() if score is not None
        ),
        agreement=agreement_on(name, values[name], answers),
    )


def score_without(answer: JudgedAnswer, name: str) -> float | None:
    """An answer's score by its other criteria; None where one that carries weight is unread."""
    others = [c for c in answer.criteria if c.name != name]
    if any(c.weight and c.value is None for c in others):
        return None
    return weighted_score((c.weight, c.value) for c in others if c.value is not None)


def most_redundant(
    name: str, values: Mapping[str, Mapping[int, float]]
) -> tuple[str | None, float | None]:
    """The other criterion with the strongest correlation, and that correlation."""
    best: tuple[str | None, float | None] = (None, None)
    for other, theirs in values.items():
        if other == name:
            continue
        r = correlation([(v, theirs[i]) for i, v in values[name].items() if i in theirs])
        if r is not None and (best[1] is None or abs(r) > abs(best[1])):
            best = other, r
    return best


def agreement_on(
    name: str, values: Mapping[int, float], answers: Sequence[JudgedAnswer]
) -> CriterionAgreement | None:
    """The judge beside people's labels of one criterion; None without any."""
    rows = [
        (answers[i].cluster, v, answers[i].labels[name])
        for i, v in values.items()
        if name in answers[i].labels
    ]
    if not rows:
        return None
    same = same_side if all(label in (0.0, 1.0) for _, _, label in rows) else same_value
    return CriterionAgreement(
        labelled=len(rows),
        equal=clustered_rate((cluster, same(v, label), 1) for cluster, v, label in rows),
        bias=clustered_mean((cluster, v - label, 1) for cluster, v, label in rows),
    )


def same_side(value: float, met: float) -> bool:
    """Whether a mean value says what a label of met or not met says; one half says neither."""
    return value != MIDDLE and (value > MIDDLE) == (met > MIDDLE)


def same_value(value: float, label: float) -> bool:
    """Whether a mean value is a label's."""
    return abs(value - label) < EQUAL


def correlation(pairs: Sequence[tuple[float, float]]) -> float | None:
    """Pearson's correlation; None of fewer than three pairs, or where one side does not vary.

    Args:
        pairs: The two values of each answer.
    """
    n = len(pairs)
    if n < LEAST:
        return None
    mean_x, mean_y = fsum(x for x, _ in pairs) / n, fsum(y for _, y in pairs) / n
    xx = fsum((x - mean_x) ** 2 for x, _ in pairs)
    yy = fsum((y - mean_y) ** 2 for _, y in pairs)
    xy = fsum((x - mean_x) * (y - mean_y) for x, y in pairs)
    if xx < EQUAL**2 or yy < EQUAL**2:
        return None
    return max(-1.0, min(1.0, xy / sqrt(xx * yy)))
