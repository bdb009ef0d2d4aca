"""The cases that two runs share: of the same id and prompt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from judgekit.runs.reader import StoredRun
from judgekit.stats.outcomes.values import mirror
from judgekit.types import Case, Outcome

__all__ = ["Matches", "as_in", "cases_with_outcomes", "match_runs"]


@dataclass(slots=True)
class Matches:
    """The cases of two runs side by side.

    `pairs`: the outcomes, before and after, of the cases of both, as the earlier run has their
    responses. `crosswise`: of each of these with two different answers, whether the later run has
    them the other way round. `before` and `after` count each run's cases, `other_prompts` the ids
    in both that stand for other prompts, `other_answers` the cases of both whose answers differ,
    such as those of a later model.
    """

    pairs: list[tuple[Outcome, Outcome]] = field(default_factory=list)
    crosswise: list[bool] = field(default_factory=list)
    before: int = 0
    after: int = 0
    other_prompts: int = 0
    other_answers: int = 0


def match_runs(before: StoredRun, after: StoredRun) -> Matches:
    """The cases of two runs by their ids and prompts.

    Args:
        before: The earlier run, a comparison or a scoring.
        after: The later run, of the same kind.

    Raises:
        InputError: A folder is damaged.
    """
    earlier = {case.id: (case, outcome) for case, outcome in cases_with_outcomes(before)}
    matches = Matches(before=len(earlier))
    for case, outcome in cases_with_outcomes(after):
        matches.after += 1
        if case.id not in earlier:
            continue
        old_case, old_outcome = earlier[case.id]
        same_size = len(old_case.responses) == len(case.responses)
        if old_case.prompt != case.prompt or not same_size:
            matches.other_prompts += 1
            continue
        matching = as_in(old_case, case, outcome)
        if matching is None:
            matches.other_answers += 1
            names, old_names = model_names(case), model_names(old_case)
            crossed = names == old_names[::-1] != old_names
            matches.pairs.append((old_outcome, mirror(outcome) if crossed else outcome))
            continue
        matches.pairs.append((old_outcome, matching))
        if not old_case.identical:
            matches.crosswise.append(matching is not outcome)
    return matches


def cases_with_outcomes(run: StoredRun) -> Iterator[tuple[Case, Outcome]]:
    """The cases of a comparison or a scoring with their outcomes."""
    for case, outcome in run.case_outcomes():
        if isinstance(outcome, Outcome):
            yield case, outcome


def as_in(case: Case, other: Case, outcome: Outcome) -> Outcome | None:
    """Another case's outcome in the response indices of this one.

    Args:
        case: The case whose response indices are wanted.
        other: The case of `outcome`.
        outcome: Of a comparison or a scored answer.

    Returns:
        None where the two are not of the same prompt and the same answers, in either order.
    """
    texts = [[(r.text, r.earlier) for r in side.responses] for side in (case, other)]
    if case.prompt != other.prompt:
        return None
    if texts[0] == texts[1]:
        return outcome
    return mirror(outcome) if texts[0] == texts[1][::-1] else None


def model_names(case: Case) -> list[str]:
    """The names of a case's models."""
    return [response.model for response in case.responses]
