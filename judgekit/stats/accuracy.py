"""How often a judge is right, where it is known which answer is better."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from judgekit.stats.agreement import Agreement, agreement
from judgekit.stats.intervals import Rate, clustered_rate
from judgekit.stats.outcomes.values import MaybeLabel, label, mirror_label, statuses
from judgekit.stats.paired_test import PairedTest, paired_test
from judgekit.stats.position import Positions, positions
from judgekit.stats.win_rate import counts
from judgekit.types import Outcome

__all__ = ["Accuracy", "Graded", "accuracy", "compare_accuracy"]

Known = int | Literal["tie"]


@dataclass(frozen=True, slots=True)
class Graded:
    """A labelled case as a judge judged it.

    `orders`: the outcomes of response 0 shown first, and of response 1 shown first, each by
    itself; None where the judge is not shown both. `group`: the cases of one are right together or
    not at all. `reversed_names`: the name of model 1 comes before that of model 0.
    """

    outcome: Outcome
    label: Known
    group: str
    orders: tuple[Outcome, Outcome] | None = None
    reversed_names: bool = False
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Accuracy:
    """A judge against labels.

    `accuracy`: the share right, over `questions` (the cases, or groups of them); right is the
    label and nothing else, so an inconsistent or undecided case is not, and a tie only where the
    label is one. `accuracy_ab` and `accuracy_ba` take one order alone: response 0 first, then 1
    first. `agreement` reads an inconsistent case as a tie and leaves undecided ones out, as the
    MT-Bench paper does (arXiv 2306.05685), with each pair's models in the order of their names.
    Counts are of cases, `statuses` of trials.
    """

    cases: int
    questions: int
    right: int
    inconsistent: int
    undecided: int
    ties: int
    accuracy: Rate
    accuracy_ab: Rate
    accuracy_ba: Rate
    agreement: Agreement
    position: Positions
    statuses: Mapping[str, int]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def accuracy(graded: Sequence[Graded]) -> Accuracy:
    """All figures of one judge on one set, or on a part of it."""
    outcomes = [g.outcome for g in graded]
    n = counts(outcomes)
    merged = right(graded, lambda g: g.outcome)
    both = [g for g in graded if g.orders is not None]
    return Accuracy(
        cases=n.cases,
        questions=len(merged),
        right=sum(won for _, won in merged.values()),
        inconsistent=n.inconsistent,
        undecided=n.no_verdict,
        ties=n.ties,
        accuracy=share(merged),
        accuracy_ab=share(right(both, lambda g: g.orders[0] if g.orders else g.outcome)),
        accuracy_ba=share(right(both, lambda g: g.orders[1] if g.orders else g.outcome)),
        agreement=agreement(labels(graded)),
        position=positions(outcomes),
        statuses=statuses(outcomes),
    )


def compare_accuracy(ours: Sequence[Graded], theirs: Sequence[Graded]) -> PairedTest:
    """Whether one judge is right more often than another, on the questions that both judged."""
    x, y = (right(graded, lambda g: g.outcome) for graded in (ours, theirs))
    rows = ((x[q][0], float(x[q][1]), float(y[q][1])) for q in x if q in y)
    return paired_test(rows, shares=True)


def right(
    graded: Iterable[Graded], outcome: Callable[[Graded], Outcome]
) -> dict[str, tuple[str, bool]]:
    """Per question its cluster, and whether the judge is right in all its cases."""
    found: dict[str, tuple[str, bool]] = {}
    for g in graded:
        cluster, so_far = found.get(g.group, (g.outcome.cluster, True))
        found[g.group] = cluster, so_far and outcome(g).winner == g.label
    return found


def share(questions: Mapping[str, tuple[str, bool]]) -> Rate:
    return clustered_rate((cluster, won, 1) for cluster, won in questions.values())


def labels(graded: Iterable[Graded]) -> Iterable[tuple[str, MaybeLabel, MaybeLabel]]:
    """(cluster, the judge's label, the set's), with the models in the order of their names."""
    for g in graded:
        pair = label(g.outcome), g.label
        ours, theirs = map(mirror_label, pair) if g.reversed_names else pair
        yield g.outcome.cluster, ours, theirs
