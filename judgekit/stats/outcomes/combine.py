"""How the outcomes of several judges become one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from math import fsum
from typing import Literal

from judgekit.stats.outcomes.classes import leading_class
from judgekit.stats.outcomes.lean import lean, margin_of
from judgekit.stats.outcomes.values import MaybeLabel, label, value
from judgekit.types import Case, Outcome, Position

__all__ = ["Rule", "combine", "majority"]

Rule = Literal["vote", "mean"]


def majority(votes: Sequence[MaybeLabel]) -> MaybeLabel:
    """The label with most votes, a tie where two labels share them; None where nobody votes."""
    ranked = Counter(vote for vote in votes if vote is not None).most_common(2)
    if not ranked:
        return None
    return "tie" if len(ranked) > 1 and ranked[0][1] == ranked[1][1] else ranked[0][0]


def combine(case: Case, outcomes: Sequence[Outcome], rule: Rule) -> Outcome:
    """The jury's outcome of a case.

    A comparison has a verdict where more than half of the jurors have one; a score, the mean of
    the jurors' scores, where all have one, since jurors differ in level; a class, the one that most
    jurors say, where more than half have one and no two classes share the lead. A jury is never
    inconsistent. Choices by position are each juror's own, and not counted here.

    Args:
        case: The case.
        outcomes: One per juror.
        rule: ``vote``: the `majority`. ``mean``: the mean of the jurors' values (the probability
            or share that is `Outcome.mean`; of judges of single answers their vote) against one
            half.

    Returns:
        `mean` is that of the votes, or of the values, and `margin` how far it speaks for the
        winner. `position`: consistent where most of the jurors on the winner's side had it in
        both orders, or saw no order; None of ties and where a juror saw one order only.
    """
    statuses: Counter[str] = Counter()
    for outcome in outcomes:
        statuses.update(outcome.statuses)
    if len(case.responses) == 1:
        return _scored(case, outcomes, statuses)
    if outcomes[0].identical:
        return outcomes[0]
    with_verdict = [o for o in outcomes if o.decided]
    values = [_value(o, rule) for o in with_verdict]
    decided = 2 * len(with_verdict) > len(outcomes)
    mean = fsum(values) / len(values) if values else None
    winner: MaybeLabel = None
    if decided and mean is not None:
        winner = majority([label(o) for o in with_verdict]) if rule == "vote" else lean(mean)
    return Outcome(
        case=case.id,
        cluster=case.cluster or case.id,
        winner=winner,
        decided=decided,
        position=_position(winner, with_verdict, values),
        mean=mean,
        margin=None if mean is None or winner is None else margin_of(winner, mean),
        scores=(),
        statuses=statuses,
        category=case.category,
    )


def _scored(case: Case, outcomes: Sequence[Outcome], statuses: Mapping[str, int]) -> Outcome:
    if any(o.labels for o in outcomes):
        return _classified(case, outcomes, statuses)
    scores = [o.scores[0] for o in outcomes]
    numbers = [s for s in scores if s is not None]
    decided = len(numbers) == len(scores)
    return Outcome(
        case=case.id,
        cluster=case.cluster or case.id,
        winner=None,
        decided=decided,
        position=None,
        mean=None,
        margin=None,
        scores=(fsum(numbers) / len(numbers) if decided else None,),
        statuses=statuses,
        category=case.category,
    )


def _classified(case: Case, outcomes: Sequence[Outcome], statuses: Mapping[str, int]) -> Outcome:
    votes = [o.labels[0] for o in outcomes if o.labels and o.labels[0] is not None]
    leading = leading_class(votes, len(outcomes))
    agreeing = (o for o in outcomes if leading is not None and o.labels[:1] == (leading,))
    return Outcome(
        case=case.id,
        cluster=case.cluster or case.id,
        winner=None,
        decided=leading is not None,
        position=None,
        mean=None,
        margin=None,
        scores=(next((o.scores[0] for o in agreeing), None),),
        statuses=statuses,
        category=case.category,
        labels=(leading,),
    )


def _value(outcome: Outcome, rule: Rule) -> float:
    """Response 0's value to a juror that has a verdict."""
    if rule == "mean" and not outcome.scores and outcome.mean is not None:
        return outcome.mean
    number = value(outcome)
    if number is None:
        raise ValueError(f"the case {outcome.case!r} has no verdict, so it has no value")
    return number


def _position(
    winner: MaybeLabel, with_verdict: Sequence[Outcome], values: Sequence[float]
) -> Position | None:
    """Whether the winner is one in both orders, by the jurors that lean to it."""
    if not isinstance(winner, int):
        return None
    behind = [o for o, v in zip(with_verdict, values, strict=True) if lean(v) == winner]
    if any(o.position is None and not o.scores for o in behind):
        return None
    wavering = [o.position for o in behind if o.position not in (None, Position.CONSISTENT)]
    return wavering[0] if 2 * len(wavering) >= len(behind) else Position.CONSISTENT
