"""Whether the place of an answer decides, and whether it is the place or the name shown there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from judgekit import stats
from judgekit.judging import PromptJudge
from judgekit.stats.share_differences import share_difference
from judgekit.trust.audit.figure import Figure, points, share
from judgekit.trust.audit.given import Given
from judgekit.trust.audit.probe import PLAIN, Judged, Showing, Unidentified
from judgekit.types import Outcome, Position, Status, Trial

__all__ = ["NameProbe", "PositionProbe"]

ALONE = "the judge sees one answer at a time, so none stands first"


class PositionProbe:
    """Shares of the cases whose two orders agree, or whose place decided."""

    name = "position"
    about = "does the place of an answer decide?"

    def showings(self, given: Given) -> Sequence[Showing]:
        if given.job.plan.arity == 1:
            raise Unidentified(ALONE)
        return [given.plain()]

    def figures(self, given: Given, judged: Mapping[str, Judged]) -> Sequence[Figure]:  # noqa: ARG002 (all it needs was judged)
        outcomes = [o for o in judged[PLAIN].outcomes if o.position is not None]
        found = stats.positions(outcomes)
        n = len(outcomes)
        choices = sum(bool(o.first + o.second) for o in outcomes)
        lean = share_difference(
            (o.cluster, side(o), 1) for o in outcomes if o.position != Position.ERROR
        )
        return [
            share("consistent", found.consistent, n, "both orders say the same"),
            share("biased to first", found.first, n, "what was shown first won in both orders"),
            share("biased to second", found.second, n, "what was shown second won in both orders"),
            share("half-ties", found.half_tie, n, "a tie in one order, a winner in the other"),
            share("no verdict", found.error, n, "an order without a valid verdict"),
            share(
                "first share",
                found.first_share,
                choices,
                "of all choices, those of what was shown first; 50 % without a bias",
            ),
            points(
                "net lean",
                lean,
                n - sum(o.position is Position.ERROR for o in outcomes),
                (
                    "the judge leans to what it is shown first, half-ties counted",
                    "the judge leans to what it is shown second, half-ties counted",
                    "no lean to either place is seen, half-ties counted",
                ),
            ),
        ]


def side(outcome: Outcome) -> float:
    """Where an outcome leans by its place: 1 first, -1 second, 0 where its orders agree."""
    if outcome.position is Position.CONSISTENT:
        return 0.0
    return float((outcome.first > outcome.second) - (outcome.first < outcome.second))


class NameProbe:
    """Two orders crossed with two ways of naming (the rename of Zheng et al. 2023, 2306.05685).

    The answers are judged in both orders as usual, and again with the two names changed over. The
    effect of the place is P(first chosen) - P(second chosen) over all four, that of the name the
    same for the name that usually stands first. Each response stands in each cell, so its quality
    has no part in either.
    """

    name = "names"
    about = "is it the place, or the name shown there?"

    def showings(self, given: Given) -> Sequence[Showing]:
        names = given.job.plan.names
        if given.job.plan.arity == 1:
            raise Unidentified(ALONE)
        if not shows_names(given):
            raise Unidentified(
                f"the judge's prompt does not show the names {' and '.join(names)}, "
                f"so they cannot decide"
            )
        other = tuple(reversed(names))
        cases = given.renamed("names")
        return [given.plain(), Showing("names", cases, given.models, names=other)]

    def figures(self, given: Given, judged: Mapping[str, Judged]) -> Sequence[Figure]:
        usual = given.job.plan.names[0]
        rows = [
            (straight.cluster, lean(straight), lean(crossed))
            for straight, crossed in zip(
                judged[PLAIN].outcomes, judged["names"].outcomes, strict=False
            )
            if complete(straight) and complete(crossed)
        ]
        place = share_difference((cluster, (x + y) / 2, 1) for cluster, x, y in rows)
        name = share_difference((cluster, (x - y) / 2, 1) for cluster, x, y in rows)
        return [
            points(
                "effect of the place",
                place,
                len(rows),
                (
                    "the first place wins verdicts, whatever it is called",
                    "the second place wins verdicts, whatever it is called",
                    "the place by itself decides nothing that is seen here",
                ),
            ),
            points(
                f"effect of the name {usual}",
                name,
                len(rows),
                (
                    f"being called {usual} wins verdicts, wherever it stands",
                    f"being called {usual} loses verdicts, wherever it stands",
                    "the name by itself decides nothing that is seen here",
                ),
            ),
        ]


def shows_names(given: Given) -> bool:
    """Whether the calls about a trial differ by its names; taken for granted where none are made
    from a prompt."""
    job = given.job
    if not isinstance(job.judge, PromptJudge):
        return True
    trials = (trial for case in job.plan.cases for trial in job.plan.trials(case))
    trial = next(trials, None)
    if trial is None:
        return True
    renamed = Trial(trial.case, trial.order, trial.names[::-1])
    return job.judge.call(trial).digest != job.judge.call(renamed).digest


def complete(outcome: Outcome) -> bool:
    """Whether all of a case's trials are valid, so that each order weighs the same."""
    return bool(outcome.statuses) and set(outcome.statuses) == {Status.VALID.value}


def lean(outcome: Outcome) -> float:
    """P(first chosen) - P(second chosen) over a case's trials."""
    return (outcome.first - outcome.second) / sum(outcome.statuses.values())
