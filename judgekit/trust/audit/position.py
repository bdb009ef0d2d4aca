"""Whether the position of an answer decides, and whether it is its position or its name."""

from __future__ import annotations

from collections.abc import Sequence

from judgekit import stats
from judgekit.judging import PromptJudge
from judgekit.stats.share_differences import share_difference
from judgekit.trust.audit.audit_input import AuditInput
from judgekit.trust.audit.metric import AuditMetric, points, share
from judgekit.trust.audit.probe import Probe
from judgekit.trust.audit.probe_runs import (
    PLAIN,
    FinishedRuns,
    PlannedRun,
    Unidentified,
)
from judgekit.types import Outcome, Position, Status, Trial

__all__ = ["NameProbe", "PositionProbe", "leans", "side"]

ALONE = "the judge sees one answer at a time, so none stands first"


class PositionProbe(Probe):
    """Shares of the cases whose two orders agree, or whose position decided."""

    name = "position"
    about = "does the place of an answer decide?"

    def runs(self, audit: AuditInput) -> Sequence[PlannedRun]:
        if audit.job.plan.arity == 1:
            raise Unidentified(ALONE)
        return [audit.plain_run()]

    def metrics(self, audit: AuditInput, finished: FinishedRuns) -> Sequence[AuditMetric]:  # noqa: ARG002 (the run has all it needs)
        outcomes = finished[PLAIN].outcomes
        shares = stats.positions(outcomes)
        n = sum(o.position is not None for o in outcomes)
        choices = sum(bool(o.first + o.second) for o in outcomes)
        leaning = [(o.cluster, side(o), 1.0) for o in outcomes if leans(o)]
        return [
            share("consistent", shares.consistent, n, "both orders say the same"),
            share("biased to first", shares.first, n, "what was shown first won in both orders"),
            share("biased to second", shares.second, n, "what was shown second won in both orders"),
            share("half-ties", shares.half_tie, n, "a tie in one order, a winner in the other"),
            share("no verdict", shares.error, n, "an order without a valid verdict"),
            share(
                "first share",
                shares.first_share,
                choices,
                "of all choices, those of what was shown first; 50 % without a bias",
            ),
            points(
                "net lean",
                share_difference(leaning),
                len(leaning),
                (
                    "the judge leans to what it is shown first, half-ties counted",
                    "the judge leans to what it is shown second, half-ties counted",
                    "no lean to either place is seen, half-ties counted",
                ),
            ),
        ]


def leans(outcome: Outcome) -> bool:
    """Whether the net lean counts a case: it was shown in both orders, and both are valid."""
    return outcome.position not in (None, Position.ERROR)


def side(outcome: Outcome) -> float:
    """Which position an outcome leans to: 1 first, -1 second, 0 where its orders agree."""
    if outcome.position is Position.CONSISTENT:
        return 0.0
    return float((outcome.first > outcome.second) - (outcome.first < outcome.second))


class NameProbe(Probe):
    """Two orders crossed with two ways of naming (the rename of Zheng et al. 2023, 2306.05685).

    The answers are judged in both orders as usual, and again with the two names exchanged. The
    effect of the position is P(first chosen) - P(second chosen) over all four cells; the effect of
    the name is the same for the name that usually comes first. Each response is in every cell, so
    its quality cancels out.
    """

    name = "names"
    about = "is it the place, or the name shown there?"

    def runs(self, audit: AuditInput) -> Sequence[PlannedRun]:
        names = audit.job.plan.names
        if audit.job.plan.arity == 1:
            raise Unidentified(ALONE)
        if not shows_names(audit):
            raise Unidentified(
                f"the judge's prompt does not show the names {' and '.join(names)}, "
                f"so they cannot decide"
            )
        other = tuple(reversed(names))
        cases = audit.case_variants("names")
        return [audit.plain_run(), PlannedRun(self.name, cases, audit.models, names=other)]

    def metrics(self, audit: AuditInput, finished: FinishedRuns) -> Sequence[AuditMetric]:
        usual = audit.job.plan.names[0]
        rows = [
            (straight.cluster, lean(straight), lean(crossed))
            for straight, crossed in zip(
                finished[PLAIN].outcomes, finished[self.name].outcomes, strict=False
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


def shows_names(audit: AuditInput) -> bool:
    """Whether the calls about a trial differ by its names; assumed of judges without a prompt."""
    job = audit.job
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
