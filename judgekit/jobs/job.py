"""A job: one input judged by one judge, from its cases to its run's folder.

`judgekit.jobs.prepare` makes it, and refuses what cannot work; `Job.run` judges.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from judgekit import runs
from judgekit.config.prices import Price
from judgekit.config.settings import Settings
from judgekit.extension.engine import Engine, settled_parameters
from judgekit.harness.limits import Budget
from judgekit.harness.plan import Plan
from judgekit.harness.reply_store import ReplyStore
from judgekit.harness.tally import Tally
from judgekit.harness.trials import OnProgress
from judgekit.io.locks import sole_writer
from judgekit.jobs.bindings import BoundEngine
from judgekit.jobs.estimate import Estimate, estimate, half_width
from judgekit.jobs.identity import RULES, deciding_settings, options_identity, run_identity
from judgekit.jobs.inputs import JudgeInput
from judgekit.jobs.judge_runner import judge_runner
from judgekit.jobs.learned_prompts import learned_prompts
from judgekit.jobs.metadata import run_counts, run_metadata
from judgekit.jobs.schedules import Schedule, make_schedule
from judgekit.jobs.tasks import (
    CompareTask,
    RankTask,
    ScheduleReport,
    ScoreTask,
    make_task,
    with_context,
)
from judgekit.judging import Judge, PromptJudge
from judgekit.stats.summaries.document import AnySummary
from judgekit.types import Case, Judgement, StopReason

__all__ = ["Job"]


@dataclass(frozen=True)
class Job:
    """Everything decided and checked; nothing asked yet.

    `judge_code` is the state of the code behind the judge (`Registry.code_of`). `budget` is shared
    with other runs of the same command; None gives each run the limits of the settings. `part_of`
    names what the run is a part of, a jury or an audit: its calls are booked under both names.
    """

    settings: Settings
    judge_name: str
    judge: Judge
    judge_code: str
    plan: Plan
    inputs: JudgeInput
    bound_engine: BoundEngine | None
    budget: Budget | None = None
    part_of: str = ""

    @property
    def task(self) -> CompareTask | ScoreTask | RankTask:
        """What the run makes of its cases."""
        return make_task(
            self.inputs, self.plan, self.judge.merge, self.settings, self.judge.classes
        )

    def schedule(self) -> Schedule[Any]:
        """In which parts the plan is judged; made anew for each run."""
        return make_schedule(self.plan, self.task, self.settings)

    @property
    def price(self) -> Price | None:
        """The price of the engine's tokens; None without an engine, or where it is not known."""
        return self.bound_engine.price if self.bound_engine else None

    @property
    def trials(self) -> int:
        """The most trials that the run may take."""
        return self.schedule().most_trials()

    def with_budget(self, budget: Budget) -> Job:
        """The job within a budget that it shares with other runs."""
        return replace(self, budget=budget)

    def estimate(self) -> Estimate:
        """What the run would ask and cost, and the interval to expect."""
        # The width that ratings of chosen games will have is not known beforehand.
        chosen = self.settings.games is not None
        width = None if chosen else half_width(self.inputs.kind, self.plan.cases)
        return estimate(self.plan, self.judge, self.price, trials=self.trials, half_width=width)

    def decides(self, fingerprint: str) -> dict[str, Any]:
        """All that decides what the run says, as JSON.

        Args:
            fingerprint: What answers the calls (`Engine.fingerprint`), empty without an engine.
        """
        template = self.judge.template if isinstance(self.judge, PromptJudge) else None
        return {
            **deciding_settings(self.settings),
            **self.task.identity,
            "rules": RULES,
            "judge": self.judge_name,
            "judge_code": self.judge_code,
            "judge_identity": list(self.judge.identity),
            "engine": fingerprint,
            "prompt_digest": template.digest if template else "",
            "options": options_identity(self.judge.options),
            "sampling": self.judge.asks_with.identity,
            "arity": self.plan.arity,
            "repeats": self.plan.repeats,
            "merge": self.judge.merge,
            "models": list(self.inputs.models),
            "inputs": list(self.inputs.digests),
        }

    def identity(self, fingerprint: str) -> str:
        """Names the run: equal where everything in `decides` is."""
        return run_identity(self.decides(fingerprint))

    def folder(self, identity: str) -> Path:
        """The folder of the run with this identity."""
        if self.settings.out is not None:
            return self.settings.out
        return Path("runs") / runs.folder_name(self.inputs.models, self.judge_name, identity)

    async def fingerprint(self) -> str:
        """What answers the calls; empty without an engine."""
        return "" if self.bound_engine is None else await self.bound_engine.fingerprint()

    async def check_folder(self) -> None:
        """Refuses (`InputError`) a folder that the run could not write."""
        identity = self.identity(await self.fingerprint())
        runs.check_folder(self.folder(identity), identity, RULES, self.inputs.paths)

    async def run(self, tally: Tally, on_progress: OnProgress | None = None) -> Path:
        """Judges, folds, summarises and writes.

        Args:
            tally: Counts what is done.
            on_progress: Called after each trial, or after each batch.

        Returns:
            The run's folder.

        Raises:
            InputError: The folder holds something else, or cannot be written.
            EngineError: No call can be answered.
            StoreError: The reply store cannot be used.
        """
        engine = self.bound_engine.engine() if self.bound_engine else None
        try:
            return await self._run(engine, tally, on_progress)
        finally:
            if engine is not None:
                await engine.aclose()

    async def _run(
        self, engine: Engine | None, tally: Tally, on_progress: OnProgress | None
    ) -> Path:
        s = self.settings
        decides = self.decides(engine.fingerprint if engine else "")
        identity = run_identity(decides)
        folder = self.folder(identity)
        runs.check_folder(folder, identity, RULES, self.inputs.paths)
        started = datetime.datetime.now(datetime.UTC)
        schedule = self.schedule()
        tally.trials = schedule.most_trials()
        budget = self.budget or Budget(s.max_calls, s.max_cost)
        outcomes: list[Any] = []
        with (
            ReplyStore(s.store) as store,  # a store that is refused leaves no folder
            sole_writer(folder),
            runs.RunWriter(folder, identity) as writer,
        ):

            def on_outcome(case: Case, judgements: Sequence[Judgement], outcome: Any) -> None:
                outcomes.append(outcome)
                writer.add(case, judgements, outcome)

            payer = f"{self.part_of}/{identity}" if self.part_of else identity
            ask = judge_runner(
                self.judge, self.bound_engine, engine, store, budget, tally, on_progress, payer
            )
            stop = await schedule.run(ask, on_outcome)
            booked = store.totals(payer) if engine is not None and engine.stored else None
            metadata = run_metadata(
                self.inputs.files,
                s,
                started,
                run_counts(tally, booked, self.price),
                stop,
                kind=self.inputs.kind,
                decides=decides,
                settled=settled_parameters(engine) if engine else {},
                learned=learned_prompts(self.judge),
            )
            writer.finish(self.summary(outcomes, stop, schedule.report()), metadata)
        if s.out is None:
            runs.write_latest(folder)
        return folder

    def empty_summary(self) -> AnySummary:
        """The summary of no cases: it has the names of all metrics."""
        return self.summary([], None, self.schedule().report())

    def summary(
        self, outcomes: Sequence[Any], stop: StopReason | None, report: ScheduleReport
    ) -> AnySummary:
        """What the run says: a pure function of its outcomes.

        Args:
            outcomes: Those of all judged cases, in the order of the plan.
            stop: Why there are fewer than planned, None where there are not.
            report: What the schedule adds.
        """
        return with_context(
            self.task.summarise(outcomes, self.judge_name, self.settings.model, report),
            self.inputs,
            heading=self.judge.heading,
            planned=len(self.plan.cases),
            stop=stop,
        )
