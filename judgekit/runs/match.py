"""The cases that two runs share: of the same id and prompt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from judgekit.runs import reader
from judgekit.types import Case, Outcome

__all__ = ["Matched", "as_in", "judged", "matched"]


@dataclass(slots=True)
class Matched:
    """The cases of two runs side by side.

    `pairs`: the outcomes, before and after, of the cases of both, as the earlier run has their
    responses. `crosswise`: of each of these with two different answers, whether the later run has
    them the other way round. `before` and `after` count each run's cases, `other_prompts` the ids
    in both that stand for other prompts, `other_answers` the cases of both whose answers differ,
    those of a later model, say.
    """

    pairs: list[tuple[Outcome, Outcome]] = field(default_factory=list)
    crosswise: list[bool] = field(default_factory=list)
    before: int = 0
    after: int = 0
    other_prompts: int = 0
    other_answers: int = 0


def matched(before: Path, after: Path) -> Matched:
    """The cases of two runs by their ids and prompts."""
    old = {case.id: (case, outcome) for case, outcome in judged(before)}
    found = Matched(before=len(old))
    for case, outcome in judged(after):
        found.after += 1
        if case.id not in old:
            continue
        own, earlier = old[case.id]
        if own.prompt != case.prompt or len(own.responses) != len(case.responses):
            found.other_prompts += 1
            continue
        later = as_in(own, case, outcome)
        if later is None:
            found.other_answers += 1
            crossed = models(case) == models(own)[::-1] != models(own)
            found.pairs.append((earlier, turned_outcome(outcome) if crossed else outcome))
            continue
        found.pairs.append((earlier, later))
        if not own.identical:
            found.crosswise.append(later is not outcome)
    return found


def judged(folder: Path) -> Iterator[tuple[Case, Outcome]]:
    """The cases of a comparison or scoring with their outcomes, in order."""
    outcomes = (outcome for outcome, _ in reader.read_outcomes(folder))
    # A run that was stopped has planned more cases than it has outcomes.
    yield from zip(reader.read_cases(folder), outcomes, strict=False)


def as_in(own: Case, other: Case, outcome: Outcome) -> Outcome | None:
    """Another case's outcome in the response indices of this one.

    None where the two are not of the same prompt and the same answers, in either order.
    """
    texts = [[(r.text, r.earlier) for r in case.responses] for case in (own, other)]
    if own.prompt != other.prompt:
        return None
    if texts[0] == texts[1]:
        return outcome
    return turned_outcome(outcome) if texts[0] == texts[1][::-1] else None


def models(case: Case) -> list[str]:
    return [response.model for response in case.responses]


def turned_outcome(outcome: Outcome) -> Outcome:
    """A comparison as if response 1 had been response 0."""
    winner = 1 - outcome.winner if isinstance(outcome.winner, int) else outcome.winner
    mean = None if outcome.mean is None else 1 - outcome.mean
    return replace(outcome, winner=winner, mean=mean, scores=outcome.scores[::-1])
