"""A panel: several judges over the same cases, or over parts of them, whose runs become one."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from judgekit import runs
from judgekit.config.prices import Price
from judgekit.config.settings import Settings
from judgekit.harness.limits import Budget
from judgekit.harness.tally import Tally
from judgekit.harness.trials import OnProgress
from judgekit.io.locks import sole_writer
from judgekit.jobs.estimate import Estimate, half_width
from judgekit.jobs.identity import RULES, run_identity
from judgekit.jobs.inputs import JudgeInput
from judgekit.jobs.job import Job
from judgekit.jobs.metadata import run_metadata
from judgekit.jobs.tasks import CompareTask, RankTask, ScheduleReport, ScoreTask, with_context
from judgekit.runs import PartMetadata, RunCounts, RunMetadata
from judgekit.stats import ScoreSummary, Summary
from judgekit.stats.outcomes.combine import Rule, combine
from judgekit.stats.outcomes.values import Inconsistent, label
from judgekit.stats.summaries.jury import JurorMetrics, juror_metrics, jury_metrics
from judgekit.types import Outcome, StopReason

__all__ = ["Panel", "Part", "panel_summary"]


@dataclass(frozen=True)
class Part:
    """One judge of a panel: its name there, and its job over the cases that it judges."""

    name: str
    job: Job


@dataclass(frozen=True)
class Panel:
    """Everything decided and checked; nothing asked yet.

    With a `rule` it is a jury: every part judges all cases, and the rule makes one outcome of
    theirs. Without one it is a route: each case belongs to one part. `name` stands for the judge in
    summaries, `word` in the folder's name. The parts divide the budget.
    """

    settings: Settings
    name: str
    word: str
    rule: Rule | None
    parts: tuple[Part, ...]
    inputs: JudgeInput
    budget: Budget | None = None

    price: ClassVar[Price | None] = None  # each part has its own

    @property
    def task(self) -> CompareTask | ScoreTask:
        """What the run makes of its cases, as each part does."""
        task = self.parts[0].job.task
        if isinstance(task, RankTask):
            raise TypeError("several judges together do not rank")
        return task

    @property
    def trials(self) -> int:
        """How many trials all parts have."""
        return sum(part.job.trials for part in self.parts)

    def with_budget(self, budget: Budget) -> Panel:
        """The panel within a budget that it shares with other runs."""
        return replace(self, budget=budget)

    def estimate(self) -> Estimate:
        """What all parts together would ask and cost, and the interval to expect."""
        each = [part.job.estimate() for part in self.parts]

        def total(name: str) -> Any:
            known = [getattr(e, name) for e in each]
            return None if None in known else sum(known)

        return Estimate(
            len(self.inputs.cases),
            sum(e.calls for e in each),
            total("tokens_in"),
            total("tokens_out"),
            total("cost_usd"),
            half_width(self.inputs.kind, self.inputs.cases),
        )

    def decides(self, identities: Sequence[str]) -> dict[str, Any]:
        """All that decides what the run says, as JSON.

        Args:
            identities: The identity of each part's run.
        """
        of_parts = zip(self.parts, identities, strict=True)
        return {
            "rules": RULES,
            "task": "jury" if self.rule else "route",
            "judge": self.name,
            "model": None,
            "rule": self.rule,
            "parts": [{"judge": part.name, "identity": identity} for part, identity in of_parts],
            "route": list(self.settings.route),
            "inconsistent": self.settings.inconsistent,
            "orders": self.settings.orders,
            "models": list(self.inputs.models),
            "inputs": list(self.inputs.digests),
        }

    def identity(self, identities: Sequence[str]) -> str:
        """Names the run: equal where everything in `decides` is."""
        return run_identity(self.decides(identities))

    def folder(self, identity: str) -> Path:
        """The folder of the run with this identity."""
        if self.settings.out is not None:
            return self.settings.out
        return Path("runs") / runs.folder_name(self.inputs.models, self.word, identity)

    async def identities(self) -> list[str]:
        """The identity of each part's run."""
        return [part.job.identity(await part.job.fingerprint()) for part in self.parts]

    async def check_folder(self) -> None:
        """Refuses (`InputError`) a folder that the run could not write."""
        identity = self.identity(await self.identities())
        runs.check_folder(self.folder(identity), identity, RULES, self.inputs.paths)

    async def run(self, tally: Tally, on_progress: OnProgress | None = None) -> Path:
        """Runs the parts one after the other, and writes what they make together.

        Where a limit stops a part, the run ends before its first case that lacks a judgement.

        Args:
            tally: Counts what all parts do.
            on_progress: Called after each trial, or after each batch.

        Returns:
            The run's folder.

        Raises:
            InputError: The folder holds something else, or cannot be written.
            EngineError: No call can be answered.
            StoreError: The reply store cannot be used.
        """
        identities = await self.identities()
        decides = self.decides(identities)
        identity = run_identity(decides)
        folder = self.folder(identity)
        runs.check_folder(folder, identity, RULES, self.inputs.paths)
        started = datetime.datetime.now(datetime.UTC)
        with sole_writer(folder), runs.RunWriter(folder, identity) as writer:
            with writer.aside() as aside:
                folders = await self._run_parts(aside, identity, tally, on_progress)
                parts = [runs.StoredRun(part).metadata for part in folders]
                outcomes, of_part = self._combine(folders, writer)
            stop = joined_stop(parts)
            metadata = run_metadata(
                self.inputs.files,
                self.settings,
                started,
                RunCounts.total([part.counts for part in parts]),
                stop,
                kind=self.inputs.kind,
                decides=decides,
                parts=[
                    PartMetadata(part.name, of.decides, of.settled, of.counts)
                    for part, of in zip(self.parts, parts, strict=True)
                ],
                learned={name for part in parts for name in part.learned},
            )
            writer.finish(self.summary(outcomes, of_part, stop), metadata)
        if self.settings.out is None:
            runs.write_latest(folder)
        return folder

    async def _run_parts(
        self, aside: Path, identity: str, tally: Tally, on_progress: OnProgress | None
    ) -> list[Path]:
        """Runs each part in a folder of its own, within its share of what the budget has left."""
        tallies = [Tally(trials=part.job.trials) for part in self.parts]

        def progress(_: Tally) -> None:
            tally.become(sum(tallies, Tally()))
            if on_progress:
                on_progress(tally)

        tally.become(sum(tallies, Tally()))
        budget = self.budget or Budget(self.settings.max_calls, self.settings.max_cost)
        jobs = [part.job for part in self.parts]
        shares = budget.divide([job.trials if job.bound_engine else 0 for job in jobs])
        folders = []
        for number, (job, share, counts) in enumerate(zip(jobs, shares, tallies, strict=True)):
            settings = replace(job.settings, out=aside / str(number))
            part = replace(job, settings=settings, budget=share, part_of=identity)
            folders.append(await part.run(counts, progress))
        tally.become(sum(tallies, Tally()))
        return folders

    def _combine(
        self, folders: Sequence[Path], writer: runs.RunWriter
    ) -> tuple[list[Outcome], list[list[Outcome]]]:
        """Writes case by case what the parts' runs say.

        Returns:
            The outcomes of the panel, and those of each part.
        """
        readers = [runs.StoredRun(folder).case_results() for folder in folders]
        judged_by: dict[str, list[int]] = {}
        for number, part in enumerate(self.parts):
            for case in part.job.plan.cases:
                judged_by.setdefault(case.id, []).append(number)
        outcomes: list[Outcome] = []
        of_part: list[list[Outcome]] = [[] for _ in self.parts]
        for case in self.inputs.cases:
            numbers = judged_by[case.id]
            results = [result for n in numbers if (result := next(readers[n], None)) is not None]
            if len(results) < len(numbers):
                break
            votes = [result.outcome for result in results if isinstance(result.outcome, Outcome)]
            if [result.case.id for result in results] != [case.id] * len(votes):
                raise AssertionError(f"a part's run is out of order at the case {case.id!r}")
            outcomes.append(votes[0] if self.rule is None else combine(case, votes, self.rule))
            names = [self.parts[n].name for n in numbers]
            stored = tuple(
                replace(judgement, judge=name)
                for name, result in zip(names, results, strict=True)
                for judgement in result.stored
            )
            for number, vote in zip(numbers, votes, strict=True):
                of_part[number].append(vote)
            compared = self.inputs.kind == "compare"
            labels = dict(zip(names, map(label, votes), strict=True)) if compared else {}
            writer.add_result(runs.CaseResult(case, outcomes[-1], stored, labels))
        return outcomes, of_part

    def summary(
        self,
        outcomes: Sequence[Outcome],
        of_part: Sequence[Sequence[Outcome]],
        stop: StopReason | None = None,
    ) -> Summary | ScoreSummary:
        """What the run says: a pure function of the outcomes.

        A panel has no position metrics: its cases have no two orders, or only those of some judges
        have. Each judge has its own, in the block ``jury`` or ``route``.

        Args:
            outcomes: The panel's.
            of_part: Those of each part.
            stop: Why there are fewer than planned, None where there are not.
        """
        of_name = dict(zip((part.name for part in self.parts), of_part, strict=True))
        inconsistent = self.settings.inconsistent
        return with_context(
            panel_summary(self.task, self.name, outcomes, of_name, self.rule, inconsistent),
            self.inputs,
            heading="",
            planned=len(self.inputs.cases),
            stop=stop,
        )

    def empty_summary(self) -> Summary | ScoreSummary:
        """The summary of no cases: it has the names of all metrics."""
        return self.summary([], [[] for _ in self.parts])


def panel_summary(
    task: CompareTask | ScoreTask,
    name: str,
    outcomes: Sequence[Outcome],
    of_part: Mapping[str, Sequence[Outcome]],
    rule: Rule | None,
    inconsistent: Inconsistent,
) -> Summary | ScoreSummary:
    """The metrics of a panel, without what only its run knows.

    Args:
        task: What the panel makes of its cases.
        name: What stands for the judge.
        outcomes: The panel's.
        of_part: Those of each part, by its name.
        rule: How a jury decides; None of a route.
        inconsistent: What a case counts for in which the two orders disagree.
    """
    bare = [replace(outcome, position=None, first=0, second=0) for outcome in outcomes]
    summary = task.summarise(bare, name, None, ScheduleReport())
    if rule is not None:
        return replace(summary, jury=jury_metrics(of_part, rule, inconsistent))
    route: tuple[JurorMetrics, ...] = tuple(
        juror_metrics(part, judged, inconsistent) for part, judged in of_part.items()
    )
    if isinstance(summary, ScoreSummary):
        return replace(summary, route=route)
    # The judges' scales need not be the same.
    return replace(summary, mean_score_a=None, mean_score_b=None, route=route)


def joined_stop(parts: Sequence[RunMetadata]) -> StopReason | None:
    """Why a panel ended early: the reasons of its parts in one, None where none ended early."""
    reasons = list(dict.fromkeys(part.stop for part in parts if part.stop is not None))
    if not reasons:
        return None
    return StopReason(reasons[0].kind, "; ".join(reason.text for reason in reasons))
