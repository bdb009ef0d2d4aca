"""What a summary says of a classifier: the share of each class, and how two models differ in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from judgekit.stats.intervals import Rate, clustered_rate
from judgekit.stats.metric import metric
from judgekit.stats.multiple_tests import holm
from judgekit.stats.paired_test import LEVEL, paired_test
from judgekit.types import Outcome

__all__ = ["ClassBounds", "ClassDifference", "ClassShare", "class_differences", "class_shares"]


@dataclass(frozen=True, slots=True)
class ClassBounds:
    """The share of a class if no answer without a verdict were of it (`low`), or all (`high`)."""

    low: float = field(
        metadata=metric("the share if no answer without a verdict were of the class", unit="share")
    )
    high: float = field(
        metadata=metric("the share if every answer without a verdict were", unit="share")
    )


@dataclass(frozen=True, slots=True)
class ClassShare:
    """One class: how many answers the judge says are of it."""

    name: str = field(metadata=metric("the class"))
    count: int = field(metadata=metric("the answers of the class, by the judge", unit="answers"))
    share: Rate = field(
        metadata=metric(
            "the share of the class, by the judge",
            unit="share",
            denominator="answers with a class",
            formula="count / scored",
        )
    )
    bounds: ClassBounds = field(
        metadata=metric(
            "where the share would lie if all answers without a verdict went one way",
            unit="share",
            denominator="answers",
        )
    )


@dataclass(frozen=True, slots=True)
class ClassDifference:
    """One class in a comparison: its share among either model's answers, and the difference."""

    name: str = field(metadata=metric("the class; classes stand from the best to the worst"))
    value: float | None = field(metadata=metric("the value of the class, by which answers win"))
    share_a: Rate = field(
        metadata=metric(
            "the share of the class among a's answers, by the judge",
            unit="share",
            denominator="cases in which both answers have a class",
        )
    )
    share_b: Rate = field(
        metadata=metric(
            "the share of the class among b's answers, by the judge",
            unit="share",
            denominator="cases in which both answers have a class",
        )
    )
    difference: Rate = field(
        metadata=metric(
            "a's share less b's, over the same cases",
            unit="share",
            denominator="cases in which both answers have a class",
            formula="share_a - share_b",
        )
    )
    p_value: float | None = field(
        metadata=metric("the p-value of a sign-flip test of the difference, two-sided")
    )
    p_adjusted: float | None = field(
        metadata=metric("p_value after Holm's adjustment for the number of classes")
    )
    decisive: bool = field(
        metadata=metric("whether the difference is significant after the adjustment, at 5 %")
    )


def class_shares(outcomes: Sequence[Outcome], classes: Sequence[str]) -> tuple[ClassShare, ...]:
    """The share of each class among single answers.

    Args:
        outcomes: One per case, each of one response.
        classes: The classes in the order of the result; others that were said follow.

    Returns:
        One entry per class; none where no outcome is of a classifier and no class is named.
    """
    votes = [(o.cluster, o.labels[0]) for o in outcomes if o.labels and o.labels[0] is not None]
    missing = len(outcomes) - len(votes)
    shares = []
    for name in _all_classes(classes, [label for _, label in votes]):
        count = sum(label == name for _, label in votes)
        total = max(1, len(outcomes))
        shares.append(
            ClassShare(
                name,
                count,
                clustered_rate((cluster, label == name, 1) for cluster, label in votes),
                ClassBounds(count / total, (count + missing) / total if outcomes else 1.0),
            )
        )
    return tuple(shares)


def class_differences(
    outcomes: Sequence[Outcome], classes: Sequence[str]
) -> tuple[ClassDifference, ...]:
    """How often each class is votes of two models' answers, over cases in which both have one.

    Args:
        outcomes: One per case, each of two responses.
        classes: The classes in the order of the result; others that were said follow.

    Returns:
        One entry per class. Two classes are one test, so their p-value stands as it is.
    """
    both = [(o.cluster, *o.labels) for o in outcomes if len(o.labels) == 2 and all(o.labels)]
    values = {
        label: score
        for o in outcomes
        for label, score in zip(o.labels, o.scores, strict=False)
        if label is not None
    }
    names = _all_classes(classes, [label for _, *labels in both for label in labels if label])
    tests = [
        paired_test((cluster, float(x == name), float(y == name)) for cluster, x, y in both)
        for name in names
    ]
    p_values = [test.p_value for test in tests]
    adjusted = p_values if len(names) <= 2 else holm(p_values)
    return tuple(
        ClassDifference(
            name,
            values.get(name),
            clustered_rate((cluster, x == name, 1) for cluster, x, _ in both),
            clustered_rate((cluster, y == name, 1) for cluster, _, y in both),
            test.difference,
            test.p_value,
            p,
            decisive=p is not None and p < LEVEL and test.told_apart,
        )
        for name, test, p in zip(names, tests, adjusted, strict=True)
    )


def _all_classes(classes: Sequence[str], votes: Sequence[str]) -> list[str]:
    return [*classes, *sorted(set(votes) - set(classes))]
