"""A judge's accuracy on cases with labels."""

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

__all__ = ["Accuracy", "LabelledOutcome", "accuracy", "compare_accuracy"]

Known = int | Literal["tie"]


@dataclass(frozen=True, slots=True)
class LabelledOutcome:
    """The outcome of a labelled case.

    `label` is the index of the better response, or ``"tie"``. `group`: the cases of a group form
    one question, which is right only if all of them are. `orders`: the outcomes of each order
    alone, first that with response 0 shown first; None if the judge was not shown both orders.
    `reversed_names`: the name of model 1 sorts before that of model 0.
    """

    outcome: Outcome
    label: Known
    group: str
    orders: tuple[Outcome, Outcome] | None = None
    reversed_names: bool = False
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Accuracy:
    """A judge's accuracy, agreement and position figures on labelled cases.

    `accuracy` is the share of `questions` (cases, or groups of them) that are right. Right means
    that the winner equals the label: an inconsistent case or one without a verdict is never right,
    and a tie only where the label is a tie. `accuracy_ab` and `accuracy_ba` use one order alone:
    response 0 first, and response 1 first. `agreement` counts an inconsistent case as a tie and
    leaves out cases without a verdict, as the MT-Bench paper does (Zheng et al. 2023,
    arXiv:2306.05685), with each pair's models in the order of their names. `statuses` counts
    trials, everything else cases.
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


def accuracy(graded: Sequence[LabelledOutcome]) -> Accuracy:
    """Computes all metrics of one judge on a labelled set, or on a part of it.

    Args:
        graded: The labelled cases with their outcomes.
    """
    outcomes = [g.outcome for g in graded]
    n = counts(outcomes)
    merged = question_results(graded, lambda g: g.outcome)
    both = [g for g in graded if g.orders is not None]
    return Accuracy(
        cases=n.cases,
        questions=len(merged),
        right=sum(won for _, won in merged.values()),
        inconsistent=n.inconsistent,
        undecided=n.no_verdict,
        ties=n.ties,
        accuracy=result_share(merged),
        accuracy_ab=result_share(
            question_results(both, lambda g: g.orders[0] if g.orders else g.outcome)
        ),
        accuracy_ba=result_share(
            question_results(both, lambda g: g.orders[1] if g.orders else g.outcome)
        ),
        agreement=agreement(label_pairs(graded)),
        position=positions(outcomes),
        statuses=statuses(outcomes),
    )


def compare_accuracy(
    ours: Sequence[LabelledOutcome], theirs: Sequence[LabelledOutcome]
) -> PairedTest:
    """Tests whether two judges' accuracies differ, on the questions that both judged.

    Args:
        ours: The outcomes of one judge.
        theirs: The outcomes of the other judge.

    Returns:
        The paired test; its difference is ours minus theirs.
    """
    x, y = (question_results(graded, lambda g: g.outcome) for graded in (ours, theirs))
    rows = ((x[q][0], float(x[q][1]), float(y[q][1])) for q in x if q in y)
    return paired_test(rows, shares=True)


def question_results(
    graded: Iterable[LabelledOutcome], outcome: Callable[[LabelledOutcome], Outcome]
) -> dict[str, tuple[str, bool]]:
    """Cluster and correctness of each question, by its group."""
    results: dict[str, tuple[str, bool]] = {}
    for g in graded:
        cluster, so_far = results.get(g.group, (g.outcome.cluster, True))
        results[g.group] = cluster, so_far and outcome(g).winner == g.label
    return results


def result_share(questions: Mapping[str, tuple[str, bool]]) -> Rate:
    """The share of right questions, clustered by prompt."""
    return clustered_rate((cluster, won, 1) for cluster, won in questions.values())


def label_pairs(
    graded: Iterable[LabelledOutcome],
) -> Iterable[tuple[str, MaybeLabel, MaybeLabel]]:
    """Triples (cluster, judge's label, true label), with models in the order of their names."""
    for g in graded:
        pair = label(g.outcome), g.label
        ours, theirs = map(mirror_label, pair) if g.reversed_names else pair
        yield g.outcome.cluster, ours, theirs
