"""The second order only where the first verdict is in doubt.

The first prompts are shown in both orders. They show which kinds of first verdict the second order
hardly ever changes (`judgekit.stats.order_confidence`); from then on, cases with such a verdict are
shown once. What is learned, and so what is asked, depends only on the order of the plan, not on
which reply came first: cases are taken in stretches, first all in the order drawn for each, then
those in doubt the other way round.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from judgekit.harness.plan import Plan
from judgekit.jobs.judge_runner import RunTrials
from judgekit.jobs.tasks import CompareTask, ScheduleReport
from judgekit.stats.order_confidence import (
    CALIBRATION,
    OrderConfidence,
    Row,
    calibrate,
    calibration_rounds,
)
from judgekit.stats.summaries.adaptive import AdaptiveMetrics
from judgekit.types import Case, Judgement, Outcome, StopReason, Verdict

__all__ = ["AdaptiveOrders", "in_plan_order"]


class AdaptiveOrders:
    """A schedule that learns which first verdicts to trust.

    Args:
        plan: Every trial that may be needed; the cases of one prompt stand side by side.
        task: What folds the judgements of a case.
        concurrency: Trials under way at once.
        most: How many cases are taken at a time at most; None takes as many as keep the judge busy.
    """

    def __init__(
        self, plan: Plan, task: CompareTask, *, concurrency: int, most: int | None = None
    ) -> None:
        self._plan = plan
        self._task = task
        self._concurrency = concurrency
        self._most = most
        self._confidence = OrderConfidence((), task.merge, task.inconsistent)
        self._cases = 0
        self._calibration = 0  # cases at the beginning, all shown in both orders
        self._shown_once: list[Verdict] = []
        self._rows: list[Row] = []

    def most_trials(self) -> int:
        """Every case in both orders."""
        return self._plan.count()

    async def run(
        self,
        ask: RunTrials,
        on_outcome: Callable[[Case, Sequence[Judgement], Outcome], StopReason | None],
    ) -> StopReason | None:
        """Judges the plan, as `judgekit.jobs.schedules.Schedule.run` says."""
        most = self._most or max(4 * self._concurrency, ask.window)
        for cases, learns in stretches(self._plan.cases, most):
            judged: dict[str, list[Judgement]] = {case.id: [] for case in cases}
            stop = await self._judge(cases, ask, judged)
            if stop is not None:
                return stop
            for case in cases:
                self._add(case, judged[case.id])
                judgements = in_plan_order(judged[case.id])
                stop = on_outcome(case, judgements, self._task.fold(case, judgements))
                if stop is not None:
                    return stop
            if learns:
                self._confidence = calibrate(
                    self._rows, merge=self._task.merge, inconsistent=self._task.inconsistent
                )
        return None

    async def _judge(
        self, cases: Sequence[Case], ask: RunTrials, judged: dict[str, list[Judgement]]
    ) -> StopReason | None:
        """Judges a stretch in the drawn order, and the cases in doubt in the other one.

        `judged` gets each case's judgements, the drawn order first.
        """

        def collect(case: Case, judgements: Sequence[Judgement]) -> None:
            judged[case.id] += judgements

        stop = await ask(replace(self._plan, cases=cases, orders="one"), collect)
        if stop is not None:
            return stop
        doubted = [case for case in cases if self._in_doubt(judged[case.id])]
        return await ask(replace(self._plan, cases=doubted, orders="other"), collect)

    def _in_doubt(self, judgements: Sequence[Judgement]) -> bool:
        """Whether the second order may change a case; before calibration it always may."""
        if not judgements:  # identical answers are not shown
            return False
        return not self._confidence.kinds or not self._confidence.sure(judgements[0].verdict)

    def _add(self, case: Case, judgements: Sequence[Judgement]) -> None:
        """Takes one case: shown once, or in both orders, the drawn one first."""
        self._cases += 1
        self._calibration += not self._confidence.kinds
        if len(judgements) == 1:
            self._shown_once.append(judgements[0].verdict)
        elif judgements:
            first, second = judgements
            cluster = case.cluster or case.id
            self._rows.append((cluster, first.trial.order[0], first.verdict, second.verdict))

    def report(self) -> ScheduleReport:
        """What was saved, and what was learned of each kind of verdict."""
        return ScheduleReport(
            adaptive=AdaptiveMetrics(
                shown_once=len(self._shown_once),
                calibration=self._calibration,
                shift_a=self._confidence.shift(self._shown_once, self._cases),
                kinds=self._confidence.kinds,
            )
        )


def in_plan_order(judgements: Sequence[Judgement]) -> list[Judgement]:
    """The judgements of a case in the order in which a run of both orders has them."""
    return sorted(judgements, key=lambda judgement: judgement.trial.order)


def stretches(cases: Sequence[Case], most: int) -> Iterator[tuple[Sequence[Case], bool]]:
    """Splits the cases into stretches, each with whether the schedule learns after it."""
    prompts = len({case.cluster or case.id for case in cases})
    learning = set(calibration_rounds(prompts, CALIBRATION))
    seen: set[str] = set()
    start = 0
    for end, case in enumerate(cases, 1):
        seen.add(case.cluster or case.id)
        last = end == len(cases) or (cases[end].cluster or cases[end].id) not in seen
        learns = last and len(seen) in learning
        if learns or end == len(cases) or end - start >= most:
            yield cases[start:end], learns
            start = end
