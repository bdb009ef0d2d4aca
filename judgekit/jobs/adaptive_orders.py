"""The second order only where the first is not sure: a run that learns which verdicts to doubt.

The first prompts are shown in both orders. They tell which kinds of first verdict the second order
hardly ever changes (`judgekit.stats.order_confidence`), and cases with such a verdict are shown
once from then on. What is learned, and so what is asked, depends on the plan's order alone, not on
which reply came first: cases are taken a stretch at a time, first all in the order drawn for each,
then those in doubt the other way round.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from judgekit.harness.plan import Plan
from judgekit.harness.trials import OnCase
from judgekit.jobs.judge_runner import RunTrials
from judgekit.stats.intervals import Rate
from judgekit.stats.order_confidence import CALIBRATION, OrderConfidence, Row, learn, rounds
from judgekit.stats.outcomes.values import Inconsistent
from judgekit.stats.summaries.adaptive import AdaptiveMetrics
from judgekit.types import Case, Judgement, StopReason, Verdict

__all__ = ["AdaptiveOrders", "in_plan_order", "run_adaptively"]


@dataclass
class AdaptiveOrders:
    """What an adaptive run has learned and left out.

    `calibration` counts its first cases, all shown in both orders: figures of position rest on
    these alone, since of the others only the doubtful were shown twice.
    """

    merge: Literal["agree", "mean"]
    inconsistent: Inconsistent
    cases: int = 0
    calibration: int = 0
    once: list[Verdict] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    sureness: OrderConfidence = field(init=False)

    def __post_init__(self) -> None:
        self.sureness = OrderConfidence((), self.merge, self.inconsistent)

    def learn(self) -> None:
        """Takes all cases shown in both orders so far into account."""
        self.sureness = learn(self.rows, merge=self.merge, inconsistent=self.inconsistent)

    def add(self, case: Case, judgements: Sequence[Judgement]) -> None:
        """Takes one case: shown once, or in both orders, the drawn one first."""
        self.cases += 1
        if len(judgements) == 1:
            self.once.append(judgements[0].verdict)
        elif judgements:
            first, second = judgements
            cluster = case.cluster or case.id
            self.rows.append((cluster, first.trial.order[0], first.verdict, second.verdict))

    def metrics(self) -> AdaptiveMetrics:
        """What the summary says of what was not asked."""
        return AdaptiveMetrics(
            shown_once=len(self.once),
            calibration=self.calibration,
            shift_a=self.shift,
            kinds=self.sureness.kinds,
        )

    @property
    def shift(self) -> Rate:
        """How far a's win rate may be off for what was not asked: see `OrderConfidence.shift`."""
        return self.sureness.shift(self.once, self.cases)


async def run_adaptively(
    plan: Plan, ask: RunTrials, on_case: OnCase, found: AdaptiveOrders, *, stretch: int
) -> StopReason | None:
    """Judges a plan of pairs; `on_case` gets each case with its judgements, in order.

    The cases of one prompt stand side by side. `stretch` is how many cases are taken at a time.
    Returns why the run ended before its plan, None at the end; fills `found`.
    """
    for cases, learns in stretches(plan.cases, stretch):
        told: dict[str, list[Judgement]] = {case.id: [] for case in cases}

        def collect(
            case: Case,
            judgements: Sequence[Judgement],
            told: dict[str, list[Judgement]] = told,
        ) -> None:
            told[case.id] += judgements

        stopped = await ask(replace(plan, cases=cases, orders="one"), collect)
        doubted = [
            case
            for case in cases
            if told[case.id]
            and (not found.sureness.kinds or not found.sureness.sure(told[case.id][0].verdict))
        ]
        if not stopped:
            stopped = await ask(replace(plan, cases=doubted, orders="other"), collect)
        if stopped:
            return stopped
        for case in cases:
            found.add(case, told[case.id])
            found.calibration += not found.sureness.kinds
            if reason := on_case(case, in_plan_order(told[case.id])):
                return reason
        if learns:
            found.learn()
    return None


def in_plan_order(judgements: Sequence[Judgement]) -> list[Judgement]:
    """As a run of both orders has them."""
    return sorted(judgements, key=lambda judgement: judgement.trial.order)


def stretches(cases: Sequence[Case], most: int) -> Iterator[tuple[Sequence[Case], bool]]:
    """The cases in stretches, each with whether there is something to learn after it."""
    prompts = len({case.cluster or case.id for case in cases})
    learning = set(rounds(prompts, CALIBRATION))
    seen: set[str] = set()
    start = 0
    for end, case in enumerate(cases, 1):
        seen.add(case.cluster or case.id)
        last = end == len(cases) or (cases[end].cluster or cases[end].id) not in seen
        learns = last and len(seen) in learning
        if learns or end == len(cases) or end - start >= most:
            yield cases[start:end], learns
            start = end
