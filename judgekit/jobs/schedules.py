"""Schedules: in which parts a plan is judged, and when it ends.

A schedule puts its plan to the judge, folds each case with the run's task, and hands the outcomes
on in the order of the plan. To add one, write a class with the members of `Schedule`, and name it
in `make_schedule`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Protocol, TypeVar

from judgekit.config.settings import Settings
from judgekit.harness.plan import Plan
from judgekit.jobs.adaptive_orders import AdaptiveOrders
from judgekit.jobs.judge_runner import RunTrials
from judgekit.jobs.tasks import CompareTask, RankTask, ScheduleReport, ScoreTask, Task
from judgekit.stats.stopping import FEWEST, Stopping
from judgekit.types import Case, Judgement, Outcome, StopReason

__all__ = ["AllCases", "OnOutcome", "Schedule", "UntilPrecise", "make_schedule"]

Folded = TypeVar("Folded")
Folded_co = TypeVar("Folded_co", covariant=True)
OnOutcome = Callable[[Case, Sequence[Judgement], Folded], StopReason | None]
"""Takes a case with its judgements and outcome; returns why the run may end, None to go on."""


class Schedule(Protocol[Folded_co]):
    """Judges a plan in parts of its own choice. It holds what one run has learned: make it anew
    for each run."""

    def most_trials(self) -> int:
        """The most trials that the run may take."""
        ...

    async def run(self, ask: RunTrials, on_outcome: OnOutcome[Folded_co]) -> StopReason | None:
        """Judges, and hands each case on with its outcome, in the order of the plan.

        Returns:
            Why the run ended before its plan, None at the end.
        """
        ...

    def report(self) -> ScheduleReport:
        """What the run's summary says of the schedule, after `run` or before it."""
        ...


class AllCases:
    """Every trial of the plan, in its order."""

    def __init__(self, plan: Plan, task: Task[Any]) -> None:
        self._plan = plan
        self._task = task

    def most_trials(self) -> int:
        """The number of trials of the plan."""
        return self._plan.count()

    async def run(self, ask: RunTrials, on_outcome: OnOutcome[Any]) -> StopReason | None:
        """Judges the plan, as `Schedule.run` says."""

        def fold(case: Case, judgements: Sequence[Judgement]) -> StopReason | None:
            return on_outcome(case, judgements, self._task.fold(case, judgements))

        return await ask(self._plan, fold)

    def report(self) -> ScheduleReport:
        """Nothing."""
        return ScheduleReport()


class UntilPrecise:
    """Another schedule, ended as soon as the win rate is known precisely enough."""

    def __init__(self, schedule: Schedule[Outcome], stopping: Stopping) -> None:
        self._schedule = schedule
        self._stopping = stopping

    def most_trials(self) -> int:
        """The most trials of the schedule inside."""
        return self._schedule.most_trials()

    async def run(self, ask: RunTrials, on_outcome: OnOutcome[Outcome]) -> StopReason | None:
        """Judges as the schedule inside does, as `Schedule.run` says."""

        def watch(
            case: Case, judgements: Sequence[Judgement], outcome: Outcome
        ) -> StopReason | None:
            stop = on_outcome(case, judgements, outcome)
            return self._stopping.add(outcome) or stop

        return await self._schedule.run(ask, watch)

    def report(self) -> ScheduleReport:
        """The anytime-valid win rate, and what the schedule inside reports."""
        return replace(self._schedule.report(), anytime=self._stopping.interval)


def make_schedule(
    plan: Plan, task: CompareTask | ScoreTask | RankTask, settings: Settings
) -> Schedule[Any]:
    """The schedule that the settings ask for.

    Args:
        plan: Every trial that may be needed.
        task: What folds the judgements of a case.
        settings: `games`, `until` and `orders` choose the schedule.
    """
    if settings.games is not None and isinstance(task, RankTask):
        from judgekit.jobs.active_ranking import ActiveRanking  # imports numpy: few runs need it

        return ActiveRanking(plan, task, settings.games)
    if not isinstance(task, CompareTask):
        return AllCases(plan, task)
    until = settings.until
    schedule: Schedule[Outcome] = AllCases(plan, task)
    if settings.orders == "adaptive" and plan.arity > 1:  # single answers are shown in no order
        # Where a run may stop early, it takes no more cases at once than it may need.
        most = None if until is None else FEWEST
        schedule = AdaptiveOrders(plan, task, concurrency=settings.concurrency, most=most)
    if until is None:
        return schedule
    clusters = [case.cluster or case.id for case in plan.cases]
    stopping = Stopping(
        clusters, until=until, inconsistent=settings.inconsistent, model=task.models[0]
    )
    return UntilPrecise(schedule, stopping)
