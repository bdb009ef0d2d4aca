"""How several judges' outcomes of one case become one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from math import fsum
from typing import Literal

from judgekit.stats.outcomes.values import MaybeLabel, label, value
from judgekit.types import Case, Outcome, Position

__all__ = ["Rule", "combine", "majority"]

Rule = Literal["vote", "mean"]

TOLERANCE = 1e-12  # a mean may miss one half by rounding


def majority(votes: Sequence[MaybeLabel]) -> MaybeLabel:
    """The label with most votes, a tie where two labels share them; None where nobody votes."""
    ranked = Counter(vote for vote in votes if vote is not None).most_common(2)
    if not ranked:
        return None
    return "tie" if len(ranked) > 1 and ranked[0][1] == ranked[1][1] else ranked[0][0]


def combine(case: Case, outcomes: Sequence[Outcome], rule: Rule) -> Outcome:
    """The jury's outcome of a case, from one outcome a seat.

    ``vote``: the `majority`. ``mean``: the mean of the seats' values (the probability or share that
    is `Outcome.mean`; of judges of single answers their vote) against one half. A comparison is
    decided where more than half of the seats are; a score, the mean of the seats' scores, where
    all are, since seats differ in level.

    Never inconsistent. `mean` is that of the votes, or of the values, and `margin` how far it
    speaks for the winner. `position`: consistent where most of the seats on the winner's side had
    it in both orders, or saw no order; None of ties and where a seat saw one order only. Choices
    by position are the seats' own, and not counted here.
    """
    statuses: Counter[str] = Counter()
    for outcome in outcomes:
        statuses.update(outcome.statuses)
    if len(case.responses) == 1:
        return _scored(case, outcomes, statuses)
    if outcomes[0].identical:
        return outcomes[0]
    told = [o for o in outcomes if o.decided]
    values = [_value(o, rule) for o in told]
    decided = 2 * len(told) > len(outcomes)
    mean = fsum(values) / len(values) if values else None
    winner: MaybeLabel = None
    if decided and mean is not None:
        winner = majority([label(o) for o in told]) if rule == "vote" else _lean(mean)
    return Outcome(
        case=case.id,
        cluster=case.cluster or case.id,
        winner=winner,
        decided=decided,
        position=_position(winner, told, values),
        mean=mean,
        margin=None if mean is None or winner is None else _margin(winner, mean),
        scores=(),
        statuses=statuses,
        category=case.category,
    )


def _scored(case: Case, outcomes: Sequence[Outcome], statuses: Mapping[str, int]) -> Outcome:
    scores = [o.scores[0] for o in outcomes]
    known = [s for s in scores if s is not None]
    decided = len(known) == len(scores)
    return Outcome(
        case=case.id,
        cluster=case.cluster or case.id,
        winner=None,
        decided=decided,
        position=None,
        mean=None,
        margin=None,
        scores=(fsum(known) / len(known) if decided else None,),
        statuses=statuses,
        category=case.category,
    )


def _value(outcome: Outcome, rule: Rule) -> float:
    """Response 0's value to a seat that is decided; single answers' ties count as it has them."""
    if rule == "mean" and not outcome.scores and outcome.mean is not None:
        return outcome.mean
    known = value(outcome)
    if known is None:
        raise ValueError(f"the case {outcome.case!r} is undecided, so it has no value")
    return known


def _lean(value: float) -> MaybeLabel:
    if abs(value - 0.5) <= TOLERANCE:
        return "tie"
    return 0 if value > 0.5 else 1


def _margin(winner: MaybeLabel, mean: float) -> float:
    """As a single judge's: how far the mean speaks for the winner, 0 where it speaks against."""
    lead = 2 * mean - 1
    return abs(lead) if winner == "tie" else max(0.0, lead if winner == 0 else -lead)


def _position(
    winner: MaybeLabel, told: Sequence[Outcome], values: Sequence[float]
) -> Position | None:
    """Whether the winner is one in both orders, by the seats that lean to it."""
    if not isinstance(winner, int):
        return None
    behind = [o for o, v in zip(told, values, strict=True) if _lean(v) == winner]
    if any(o.position is None and not o.scores for o in behind):
        return None
    wavering = [o.position for o in behind if o.position not in (None, Position.CONSISTENT)]
    return wavering[0] if 2 * len(wavering) >= len(behind) else Position.CONSISTENT
