"""What a summary says of a rubric's criteria, and of the scores made from them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from judgekit.stats.intervals import Rate, clustered_rate
from judgekit.stats.metric import metric
from judgekit.stats.multiple_tests import holm
from judgekit.stats.paired_test import paired_test
from judgekit.stats.rubric_scores import clip
from judgekit.types import CriterionMean, Outcome

__all__ = [
    "CriterionDifference",
    "CriterionMetrics",
    "RubricComparison",
    "RubricMetrics",
    "clipped_mean",
    "compare_criteria",
    "summarise_criteria",
]

LEVEL = 0.05

WEIGHT = "its weight in the score; null where cases differ in it"


@dataclass(frozen=True, slots=True)
class CriterionMetrics:
    """One criterion over all answers."""

    name: str = field(metadata=metric("the criterion's name"))
    weight: float | None = field(metadata=metric(WEIGHT))
    value: Rate = field(
        metadata=metric(
            "how far it is met: of yes or no the share met, of a scale the mean in 0 to 1",
            unit="share",
            denominator="answers in which it has a verdict",
        )
    )
    answers: int = field(metadata=metric("the answers that were judged by it", unit="answers"))
    unread: int = field(
        metadata=metric("the answers in which it has no verdict that could be read", unit="answers")
    )


@dataclass(frozen=True, slots=True)
class RubricMetrics:
    """A rubric over the answers of one model. Criteria that occur in one case only are counted."""

    clipped: Rate = field(
        metadata=metric(
            "the mean score within 0 to 1, as HealthBench prints it; no single score is clipped",
            unit="points",
            denominator="answers with a score",
            formula="min(1, max(0, Σ score / scored))",
        )
    )
    partial: int = field(
        metadata=metric(
            "the answers that were scored without all of their criteria (--partial)",
            unit="answers",
        )
    )
    criteria: tuple[CriterionMetrics, ...] = field(
        metadata=metric("the criteria that occur in more than one case")
    )
    once: int = field(metadata=metric("the criteria that occur in one case only", unit="criteria"))


@dataclass(frozen=True, slots=True)
class CriterionDifference:
    """One criterion of two models' answers to the same prompts.

    Only `p_adjusted` makes a difference decisive: of many criteria some differ by chance.
    """

    name: str = field(metadata=metric("the criterion's name"))
    weight: float | None = field(metadata=metric(WEIGHT))
    a: Rate = field(
        metadata=metric(
            "how far a's answers meet it", unit="share", denominator="a's answers with a verdict"
        )
    )
    b: Rate = field(
        metadata=metric(
            "how far b's answers meet it", unit="share", denominator="b's answers with a verdict"
        )
    )
    difference: Rate = field(
        metadata=metric(
            "a's mean less b's; the interval is of this criterion alone",
            unit="share",
            denominator="cases in which both have a verdict",
        )
    )
    cases: int = field(metadata=metric("the cases in which both have a verdict", unit="cases"))
    unread: int = field(
        metadata=metric("the answers in which it has no verdict that could be read", unit="answers")
    )
    p_value: float | None = field(
        metadata=metric("of a sign-flip test of the differences, clustered by prompt; two-sided")
    )
    p_adjusted: float | None = field(
        metadata=metric("the p-value by Holm's rule, over all criteria of the summary")
    )
    decisive: bool = field(metadata=metric("whether p_adjusted is below 5 %"))


@dataclass(frozen=True, slots=True)
class RubricComparison:
    """A rubric over the answers of two models."""

    clipped_a: Rate = field(
        metadata=metric("a's mean score within 0 to 1", unit="points", denominator="a's scores")
    )
    clipped_b: Rate = field(
        metadata=metric("b's mean score within 0 to 1", unit="points", denominator="b's scores")
    )
    partial: int = field(
        metadata=metric(
            "the answers that were scored without all of their criteria (--partial)",
            unit="answers",
        )
    )
    criteria: tuple[CriterionDifference, ...] = field(
        metadata=metric("the criteria that occur in more than one case")
    )
    once: int = field(metadata=metric("the criteria that occur in one case only", unit="criteria"))


def clipped_mean(mean: Rate | None) -> Rate:
    """A mean score and its interval within 0 to 1."""
    return Rate() if mean is None else Rate(clip(mean.value), clip(mean.low), clip(mean.high))


def summarise_criteria(outcomes: Sequence[Outcome], mean: Rate) -> RubricMetrics | None:
    """What a summary of scores says of criteria.

    Args:
        outcomes: One per case, each of one response.
        mean: The mean score.

    Returns:
        The metrics; None where no rubric judged.
    """
    if not any(o.criteria for o in outcomes):
        return None
    names, once = recurring(outcomes)
    return RubricMetrics(
        clipped=clipped_mean(mean),
        partial=partial_scores(outcomes),
        criteria=tuple(
            CriterionMetrics(
                name,
                weight_of(outcomes, name),
                mean_of(outcomes, name, 0),
                len(list(criteria_of(outcomes, name, 0))),
                unread(outcomes, name),
            )
            for name in names
        ),
        once=once,
    )


def compare_criteria(
    outcomes: Sequence[Outcome], means: Sequence[Rate | None]
) -> RubricComparison | None:
    """What a summary of a comparison says of criteria.

    Args:
        outcomes: One per case, each of two responses.
        means: The mean score of each model, None without any.

    Returns:
        The metrics; None where no rubric judged.
    """
    if not any(o.criteria for o in outcomes):
        return None
    names, once = recurring(outcomes)
    tests = [paired_test(pairs_of(outcomes, name)) for name in names]
    adjusted = holm([test.p_value for test in tests])
    criteria = tuple(
        CriterionDifference(
            name,
            weight_of(outcomes, name),
            mean_of(outcomes, name, 0),
            mean_of(outcomes, name, 1),
            test.difference,
            test.cases,
            unread(outcomes, name),
            test.p_value,
            p,
            p is not None and p < LEVEL,
        )
        for name, test, p in zip(names, tests, adjusted, strict=True)
    )
    a, b = means
    return RubricComparison(
        clipped_mean(a), clipped_mean(b), partial_scores(outcomes), criteria, once
    )


def recurring(outcomes: Sequence[Outcome]) -> tuple[list[str], int]:
    """The criteria of more than one case, or of the only one, and how many others there are."""
    cases: dict[str, int] = {}
    judged = [o for o in outcomes if o.criteria]
    for outcome in judged:
        for name in dict.fromkeys(c.name for response in outcome.criteria for c in response):
            cases[name] = cases.get(name, 0) + 1
    names = [name for name, count in cases.items() if count > 1 or len(judged) == 1]
    return names, len(cases) - len(names)


def criteria_of(
    outcomes: Sequence[Outcome], name: str, response: int
) -> Iterator[tuple[Outcome, CriterionMean]]:
    """One criterion of one response of each case that has it."""
    for outcome in outcomes:
        of_response = outcome.criteria[response] if response < len(outcome.criteria) else ()
        for criterion in of_response:
            if criterion.name == name:
                yield outcome, criterion


def mean_of(outcomes: Sequence[Outcome], name: str, response: int) -> Rate:
    """How far a criterion is met, clustered by prompt."""
    return clustered_rate(
        (outcome.cluster, criterion.value, 1)
        for outcome, criterion in criteria_of(outcomes, name, response)
        if criterion.value is not None
    )


def pairs_of(outcomes: Sequence[Outcome], name: str) -> Iterator[tuple[str, float, float]]:
    """The values of both responses, of each case in which both have one."""
    theirs = {o.case: c.value for o, c in criteria_of(outcomes, name, 1)}
    for outcome, criterion in criteria_of(outcomes, name, 0):
        other = theirs.get(outcome.case)
        if criterion.value is not None and other is not None:
            yield outcome.cluster, criterion.value, other


def weight_of(outcomes: Sequence[Outcome], name: str) -> float | None:
    """The weight of a criterion; None where cases differ in it."""
    weights = {c.weight for response in (0, 1) for _, c in criteria_of(outcomes, name, response)}
    return weights.pop() if len(weights) == 1 else None


def unread(outcomes: Sequence[Outcome], name: str) -> int:
    """The answers in which a criterion has no value."""
    criteria = (c for response in (0, 1) for _, c in criteria_of(outcomes, name, response))
    return sum(criterion.value is None for criterion in criteria)


def partial_scores(outcomes: Sequence[Outcome]) -> int:
    """The answers that have a score though a criterion that carries weight has no value."""
    return sum(
        score is not None and any(c.weight and c.value is None for c in criteria)
        for outcome in outcomes
        for score, criteria in zip(outcome.scores, outcome.criteria, strict=False)
    )
