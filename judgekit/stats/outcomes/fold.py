"""fold: judgements → outcomes. Positions become responses here and nowhere else.

A response's value in one trial is 1 where it was chosen, 0.5 at a tie and 0 where the other was;
or, where the judge gave one and it is asked for, the probability that it is the better.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import fsum, isfinite

from judgekit.stats.outcomes.classes import majority_class, mean_probabilities
from judgekit.stats.outcomes.criteria import criteria_means
from judgekit.stats.outcomes.lean import (
    TOLERANCE,
    Merge,
    lean,
    margin_of,
    merge_orders,
)
from judgekit.types import Case, Choice, Judgement, Label, Outcome, Position, Status, Verdict

__all__ = ["fold", "identical_outcome", "is_choice", "is_score", "sift", "value_of_first"]

VALUE = {Choice.FIRST: 1.0, Choice.TIE: 0.5, Choice.SECOND: 0.0}  # of the first shown


def fold(
    case: Case,
    judgements: Sequence[Judgement],
    *,
    merge: Merge = "agree",
    tie_margin: float = 0.0,
    both_orders: bool = True,
) -> Outcome:
    """One case's outcome from all its judgements: shown in pairs, or each response by itself.

    A showing (an order, or a response by itself) is valid where more than half of its repeats
    are; a case with an invalid showing has no verdict. A valid verdict without what its showing
    needs (no choice of a pair, a score that is not a number) counts as `failed`. Repeats of a
    classifier are a vote: the class that most valid ones say, and none where two share the lead;
    its value is the response's score.

    Args:
        case: Of one or two responses.
        judgements: All of the case, in any order.
        merge: How two orders become one. ``agree`` gives a winner only where both have the same,
            ``mean`` compares the mean of their values (probabilities, where given) with one half.
        tie_margin: Of single answers, the higher mean score wins by more than so many points.
        both_orders: Each case was to be shown in both orders; else the order shown decides alone.

    Returns:
        The outcome; a case of one response has a score and no winner.

    Raises:
        ValueError: No judgements, more than two responses, or showings of both kinds.
    """
    if len(case.responses) > 2:
        raise ValueError(f"case {case.id!r} has {len(case.responses)} responses; fold takes 1 or 2")
    shown = {len(j.trial.order) for j in judgements}
    if shown == {1}:
        return _singles(case, judgements, tie_margin)
    if shown == {2}:
        return _pairs(case, judgements, merge, both_orders)
    raise ValueError(f"case {case.id!r} needs trials of one kind, got trials of {sorted(shown)!r}")


def identical_outcome(case: Case) -> Outcome:
    """The outcome of a case whose responses are the same text: a tie that no judge was asked."""
    return Outcome(
        case=case.id,
        cluster=case.cluster or case.id,
        winner="tie",
        decided=True,
        position=None,
        mean=0.5,
        margin=0.0,
        scores=(),
        statuses={},
        identical=True,
        category=case.category,
    )


def _pairs(case: Case, judgements: Sequence[Judgement], merge: Merge, both_orders: bool) -> Outcome:
    statuses, valid = sift(judgements, is_choice)
    orders = [(0, 1), (1, 0)] if both_orders else sorted({j.trial.order for j in judgements})
    of_order = [
        _valid_mean(
            [_value(j, soft=merge == "mean") for j in valid if j.trial.order == order],
            out_of=sum(j.trial.order == order for j in judgements),
        )
        for order in orders
    ]
    values = [v for v in of_order if v is not None]
    decided = len(values) == len(orders)
    winner = merge_orders(values, merge) if decided else None
    mean = _mean([_value(j, soft=True) for j in valid])
    choices = [j.verdict.choice for j in valid]
    return Outcome(
        case=case.id,
        cluster=case.cluster or case.id,
        winner=winner,
        decided=decided,
        position=_position([lean(v) for v in values]) if both_orders else None,
        mean=mean,
        margin=margin_of(winner, mean) if decided and mean is not None else None,
        scores=(),
        statuses=statuses,
        first=choices.count(Choice.FIRST),
        second=choices.count(Choice.SECOND),
        category=case.category,
    )


def _singles(case: Case, judgements: Sequence[Judgement], tie_margin: float) -> Outcome:
    statuses, valid = sift(judgements, is_single)
    of_response: list[list[float]] = [[] for _ in case.responses]
    for j in valid:
        if j.verdict.score is not None:
            of_response[j.trial.order[0]].append(j.verdict.score)
    showings = [sum(j.trial.order == (i,) for j in judgements) for i in range(len(of_response))]
    scores: tuple[float | None, ...]
    labels: tuple[str | None, ...] = ()
    if any(j.verdict.label is not None for j in valid):
        votes = [[j.verdict for j in valid if j.trial.order == (i,)] for i in range(len(showings))]
        labels = tuple(map(majority_class, votes, showings))
        scores = tuple(map(_class_value, votes, labels))
        probabilities = tuple(map(mean_probabilities, votes, labels))
    else:
        scores = tuple(
            _valid_mean(points, out_of=n) for points, n in zip(of_response, showings, strict=True)
        )
        probabilities = ()
    numbers = [s for s in scores if s is not None]
    decided = len(numbers) == len(scores) if not labels else None not in labels
    winner: Label | None = None
    margin = None
    if decided and len(numbers) == 2:
        margin = abs(numbers[0] - numbers[1])
        apart = margin > tie_margin + TOLERANCE
        winner = "tie" if not apart else 0 if numbers[0] > numbers[1] else 1
    return Outcome(
        case=case.id,
        cluster=case.cluster or case.id,
        winner=winner,
        decided=decided,
        position=None,
        mean=_share_higher(*of_response) if len(of_response) == 2 else None,
        margin=margin,
        scores=scores,
        statuses=statuses,
        category=case.category,
        criteria=criteria_means(judgements, len(scores)),
        labels=labels,
        probabilities=probabilities if any(probabilities) else (),
    )


def sift(
    judgements: Sequence[Judgement], usable: Callable[[Verdict], bool]
) -> tuple[dict[str, int], list[Judgement]]:
    """Counts by status, in the order of `Status`, and the judgements that are valid."""
    valid = []
    counts = dict.fromkeys(Status, 0)
    for j in judgements:
        status = j.verdict.status
        if status is Status.VALID and not usable(j.verdict):
            status = Status.FAILED
        if status is Status.VALID:
            valid.append(j)
        counts[status] += 1
    return {status.value: n for status, n in counts.items() if n}, valid


def is_choice(verdict: Verdict) -> bool:
    """Whether a valid verdict says what a trial of a pair asks for."""
    p = verdict.probability
    return verdict.choice is not None and (p is None or 0 <= p <= 1)


def is_score(verdict: Verdict) -> bool:
    """Whether a valid verdict has a score that is a number."""
    return verdict.score is not None and isfinite(verdict.score)


def is_single(verdict: Verdict) -> bool:
    """Whether a valid verdict says what a trial of a single answer asks for."""
    return is_score(verdict) or (verdict.score is None and verdict.label is not None)


def _class_value(votes: Sequence[Verdict], label: str | None) -> float | None:
    """The value of a class, from a verdict that says it."""
    return next((v.score for v in votes if label is not None and v.label == label), None)


def _value(judgement: Judgement, *, soft: bool) -> float:
    """Response 0's value in a valid trial of a pair."""
    first = value_of_first(judgement.verdict, soft=soft)
    return first if judgement.trial.order[0] == 0 else 1 - first


def value_of_first(verdict: Verdict, *, soft: bool) -> float:
    """The value of the first shown in a valid trial; `soft`: its probability, where given."""
    if soft and verdict.probability is not None:
        return verdict.probability
    return VALUE[verdict.choice] if verdict.choice is not None else 0.5


def _mean(values: Sequence[float]) -> float | None:
    return fsum(values) / len(values) if values else None


def _valid_mean(values: Sequence[float], *, out_of: int) -> float | None:
    """The mean of a showing's valid repeats; None unless they are more than half."""
    return _mean(values) if 2 * len(values) > out_of else None


def _position(leans: Sequence[Label]) -> Position:
    """How the orders (0, 1) and (1, 0) agree; fewer than two leans: one was invalid."""
    if len(leans) < 2:
        return Position.ERROR
    if leans[0] == leans[1]:
        return Position.CONSISTENT
    if "tie" in leans:
        return Position.HALF_TIE
    return Position.FIRST if leans[0] == 0 else Position.SECOND


def _share_higher(ours: Sequence[float], theirs: Sequence[float]) -> float | None:
    """The share of pairs of scores, one of each response, where ours is higher; ties half."""
    return _mean([1.0 if x > y else 0.5 if x == y else 0.0 for x in ours for y in theirs])
