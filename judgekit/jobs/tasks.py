"""What a run makes of its cases: comparisons of two models, single scores, or rankings.

A task folds the judgements of one case, and summarises all cases. `make_task` makes the one that
an input and its settings ask for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal, Protocol, TypeVar

from judgekit import stats
from judgekit.config.settings import Settings
from judgekit.harness.plan import Plan
from judgekit.jobs.inputs import JudgeInput
from judgekit.stats import RankingSummary, Rate, ScoreSummary, Summary
from judgekit.stats.outcomes.fold import fold, identical_outcome
from judgekit.stats.outcomes.rank import rank
from judgekit.stats.outcomes.values import Inconsistent
from judgekit.stats.ratings import Ratings
from judgekit.stats.summaries.adaptive import AdaptiveMetrics
from judgekit.stats.summaries.context import RunContext
from judgekit.types import Case, Judgement, Outcome, Pair, Ranking, RunKind, StopReason

__all__ = [
    "CompareTask",
    "RankTask",
    "ScheduleReport",
    "ScoreTask",
    "Task",
    "make_task",
    "with_context",
]

Folded = TypeVar("Folded")
AnyContext = TypeVar("AnyContext", bound=RunContext)


@dataclass(frozen=True)
class ScheduleReport:
    """What the schedule of a run adds to its summary; None of a schedule that does not know it.

    `anytime` is the anytime-valid win rate, `adaptive` what was learned of the orders, `ratings`
    those of chosen games.
    """

    anytime: Rate | None = None
    adaptive: AdaptiveMetrics | None = None
    ratings: Ratings | None = None


class Task(Protocol[Folded]):
    """Folds one case's judgements, and summarises the outcomes of all cases."""

    kind: ClassVar[RunKind]
    identity: ClassVar[Mapping[str, Any]]
    """What the task adds to the identity of a run."""

    def fold(self, case: Case, judgements: Sequence[Judgement]) -> Folded:
        """The outcome of one case from all its judgements."""
        ...

    def summarise(
        self, outcomes: Sequence[Folded], judge: str, model: str | None, report: ScheduleReport
    ) -> Summary | ScoreSummary | RankingSummary:
        """The metrics of all outcomes.

        Args:
            outcomes: Those of all judged cases, in the order of the plan.
            judge: The judge's name.
            model: The model that the judge asks, None without one.
            report: What the schedule adds.
        """
        ...


@dataclass(frozen=True)
class CompareTask:
    """Compares the answers of two models to each prompt.

    `merge` is the judge's: how two orders become one outcome.
    """

    kind: ClassVar[RunKind] = "compare"
    identity: ClassVar[Mapping[str, Any]] = {}

    models: tuple[str, ...]
    merge: Literal["agree", "mean"]
    tie_margin: float
    inconsistent: Inconsistent
    classes: tuple[str, ...] = ()

    def fold(self, case: Case, judgements: Sequence[Judgement]) -> Outcome:
        """The outcome of one case: what was shown tells whether both orders count."""
        if case.identical:
            return identical_outcome(case)
        orders = {j.trial.order for j in judgements if len(j.trial.order) > 1}
        return fold(
            case,
            judgements,
            merge=self.merge,
            tie_margin=self.tie_margin,
            both_orders=len(orders) > 1,
        )

    def summarise(
        self, outcomes: Sequence[Outcome], judge: str, model: str | None, report: ScheduleReport
    ) -> Summary:
        """The metrics of a comparison; see `Task.summarise`.

        Where orders are adaptive, position metrics rest on the calibration alone: of the other
        cases only the doubtful ones were shown twice.
        """
        adaptive = report.adaptive
        summary = stats.summarise(
            outcomes,
            a=self.models[0],
            b=self.models[1],
            judge=judge,
            model=model,
            inconsistent=self.inconsistent,
            anytime=report.anytime,
            placed=None if adaptive is None else adaptive.calibration,
            classes=self.classes,
        )
        return replace(summary, adaptive=adaptive)


@dataclass(frozen=True)
class ScoreTask:
    """Scores each answer of one model by itself."""

    kind: ClassVar[RunKind] = "score"
    identity: ClassVar[Mapping[str, Any]] = {}

    model: str
    classes: tuple[str, ...] = ()

    def fold(self, case: Case, judgements: Sequence[Judgement]) -> Outcome:
        """The score of one case."""
        return fold(case, judgements, both_orders=False)

    def summarise(
        self,
        outcomes: Sequence[Outcome],
        judge: str,
        model: str | None,
        report: ScheduleReport,  # noqa: ARG002 (all cases are scored, in no order)
    ) -> ScoreSummary:
        """The metrics of scores; see `Task.summarise`."""
        return stats.summarise_scores(
            outcomes, a=self.model, judge=judge, model=model, classes=self.classes
        )


@dataclass(frozen=True)
class RankTask:
    """Ranks the answers to each prompt, however many there are.

    `arity` is how many answers the judge is shown at a time: 2, or 1 where each is scored by
    itself.
    """

    kind: ClassVar[RunKind] = "rank"
    identity: ClassVar[Mapping[str, Any]] = {"task": "rank"}

    arity: int
    both_orders: bool
    merge: Literal["agree", "mean"]
    tie_margin: float
    inconsistent: Inconsistent

    def fold(
        self, case: Case, judgements: Sequence[Judgement], pairs: Sequence[Pair] | None = None
    ) -> Ranking:
        """The ranking of one case; `pairs`: those compared, where that is not every two."""
        return rank(
            case,
            judgements,
            arity=self.arity,
            merge=self.merge,
            tie_margin=self.tie_margin,
            both_orders=self.both_orders,
            games=pairs,
        )

    def summarise(
        self, outcomes: Sequence[Ranking], judge: str, model: str | None, report: ScheduleReport
    ) -> RankingSummary:
        """The metrics of rankings; see `Task.summarise`."""
        return stats.summarise_rankings(
            outcomes,
            judge=judge,
            model=model,
            inconsistent=self.inconsistent,
            ratings=report.ratings,
        )


def make_task(
    inputs: JudgeInput,
    plan: Plan,
    merge: Literal["agree", "mean"],
    settings: Settings,
    classes: tuple[str, ...] = (),
) -> CompareTask | ScoreTask | RankTask:
    """The task of a run.

    Args:
        inputs: Its kind and models.
        plan: How many responses are shown at a time, and in which orders.
        merge: How the judge's two orders become one outcome.
        settings: The tie margin, and how inconsistent cases count.
        classes: Those that the judge may say, of a classifier.
    """
    margin, inconsistent = settings.tie_margin, settings.inconsistent
    if inputs.kind == "rank":
        return RankTask(plan.arity, plan.both_orders, merge, margin, inconsistent)
    if inputs.kind == "score":
        return ScoreTask(inputs.models[0], classes)
    return CompareTask(inputs.models, merge, margin, inconsistent, classes)


def with_context(
    summary: AnyContext,
    inputs: JudgeInput,
    *,
    heading: str,
    planned: int,
    stop: StopReason | None,
) -> AnyContext:
    """The summary with what its run adds.

    Args:
        summary: The metrics.
        inputs: The input of the run.
        heading: What stands above the judge's tables.
        planned: How many cases were to be judged.
        stop: Why fewer were judged, None where all were.
    """
    return replace(
        summary,
        heading=heading,
        cases_planned=planned,
        stop=stop,
        left_out=dict(inputs.left_out),
        repaired=inputs.repaired,
    )
