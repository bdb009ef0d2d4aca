"""A panel: several jobs over the same cases, or over parts of them, whose runs become one."""

from __future__ import annotations

import datetime
import operator
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from functools import reduce
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar

import orjson

from judgekit import io, runs
from judgekit.config.prices import Price
from judgekit.config.settings import Settings
from judgekit.harness.dispatcher import Tally
from judgekit.harness.limits import Spent
from judgekit.harness.trials import OnProgress
from judgekit.jobs.budget_shares import share_of, shared_out
from judgekit.jobs.estimate import Estimate, estimate
from judgekit.jobs.job import Job
from judgekit.jobs.metadata import run_metadata
from judgekit.runs import PartMetadata
from judgekit.stats import RankingSummary, ScoreSummary, Summary
from judgekit.stats.outcomes.combine import Rule, combine
from judgekit.stats.outcomes.values import label
from judgekit.stats.summaries.jury import juror_metrics, jury_metrics
from judgekit.types import Case, Outcome, StopReason, digest

__all__ = ["Panel", "Part", "check_panels"]

Row = dict[str, Any]


@dataclass(frozen=True)
class Part:
    """One judge of a panel: what it is called there, and its job over the cases it judges."""

    name: str
    job: Job


@dataclass(frozen=True)
class Panel:
    """Everything decided and checked; nothing asked yet.

    With a `rule` it is a jury: every part judges all `cases`. Without one each case is some one
    part's. `name` stands for the judge in summaries, `word` in the folder's name. The parts share
    the limits out; `spent`: what is gone of them, None where nothing is.
    """

    settings: Settings
    name: str
    word: str
    rule: Rule | None
    parts: tuple[Part, ...]
    inputs: io.Joined
    cases: Sequence[Case]
    spent: Spent | None = None

    ranking: ClassVar[bool] = False
    price: ClassVar[Price | None] = None  # each part has its own

    @property
    def files(self) -> tuple[Path, ...]:
        return self.parts[0].job.files

    @property
    def comparing(self) -> bool:
        return len(self.inputs.models) > 1

    @property
    def trials(self) -> int:
        """How many trials its parts have in all."""
        return sum(part.job.plan.count() for part in self.parts)

    def within(self, spent: Spent) -> Panel:
        """The panel with one budget for it and all others within the same."""
        return replace(self, spent=spent)

    def estimate(self) -> Estimate:
        """What all parts together would ask, and the interval to expect of the whole."""
        each = [estimate(part.job) for part in self.parts]
        width = estimate(self._whole).half_width

        def total(name: str) -> Any:
            known = [getattr(e, name) for e in each]
            return None if None in known else sum(known)

        return Estimate(
            len(self.cases),
            sum(e.calls for e in each),
            total("tokens_in"),
            total("tokens_out"),
            total("cost_usd"),
            width,
        )

    @property
    def _whole(self) -> Job:
        """A job for what is said of a panel as of any run; it is never run."""
        lead = self.parts[0].job
        plan = replace(lead.plan, cases=self.cases)
        return replace(
            lead, settings=self.settings, judge_name=self.name, plan=plan, inputs=self.inputs
        )

    def decides(self, identities: Sequence[str]) -> dict[str, Any]:
        """All that decides what the run says, given the identities of its parts."""
        of_parts = zip(self.parts, identities, strict=True)
        return {
            "task": "jury" if self.rule else "route",
            "judge": self.name,
            "model": None,
            "rule": self.rule,
            "parts": [{"judge": part.name, "identity": own} for part, own in of_parts],
            "route": list(self.settings.route),
            "inconsistent": self.settings.inconsistent,
            "orders": self.settings.orders,
            "models": list(self.inputs.models),
            "inputs": list(self.parts[0].job.digests),
        }

    def identity(self, identities: Sequence[str]) -> str:
        """Names the run: equal where everything that decides it is."""
        decides = self.decides(identities)
        return digest(orjson.dumps(decides, option=orjson.OPT_SORT_KEYS).decode(), size=8)

    def folder(self, identity: str) -> Path:
        """Where the run goes."""
        if self.settings.out is not None:
            return self.settings.out
        return Path("runs") / runs.folder_name(self.inputs.models, self.word, identity)

    async def identities(self) -> list[str]:
        """The identity of each part's run."""
        found = []
        for part in self.parts:
            fingerprint = ""
            if part.job.bound_engine is not None:
                engine = part.job.bound_engine.engine()
                fingerprint = engine.fingerprint
                await engine.aclose()
            found.append(part.job.identity(fingerprint))
        return found

    async def run(self, tally: Tally, on_progress: OnProgress | None = None) -> Path:
        """Runs the parts one after the other, and composes and writes; returns the run's folder.

        Where a part is stopped by a limit, the run ends before its first case without a judgement.
        """
        identities = await self.identities()
        identity = self.identity(identities)
        folder = self.folder(identity)
        runs.check_folder(folder, identity)
        before = replace(self.spent or Spent())
        started = datetime.datetime.now(datetime.UTC)
        with runs.RunWriter(folder, identity) as writer:
            with writer.aside() as aside:
                folders = await self._run_parts(aside, tally, on_progress)
                said = [runs.StoredRun(own).metadata for own in folders]
                outcomes, of_part = self._compose(folders, writer)
            reasons = [own.stop for own in said if own.stop is not None]
            texts = [reason.text + share_of(self.settings, before) for reason in reasons]
            stop = None
            if reasons:
                stop = StopReason(reasons[0].kind, "; ".join(dict.fromkeys(texts)))
            costs = [own.counts.cost_usd for own in said]
            metadata = run_metadata(
                self.files,
                self.settings,
                started,
                tally,
                stop,
                None if None in costs else sum(cost or 0.0 for cost in costs),
                kind="compare" if self.comparing else "score",
                decides=self.decides(identities),
                parts=[
                    PartMetadata(part.name, own.decides, own.settled, own.counts)
                    for part, own in zip(self.parts, said, strict=True)
                ],
            )
            writer.finish(self.summary(outcomes, of_part, stop), metadata)
        if self.settings.out is None:
            runs.write_latest(folder)
        return folder

    async def _run_parts(
        self, aside: Path, tally: Tally, on_progress: OnProgress | None
    ) -> list[Path]:
        """Each part's run in a folder of its own; `tally` counts them all."""
        tallies = [Tally(trials=part.job.plan.count()) for part in self.parts]

        def progress(_: Tally) -> None:
            count_in(tally, tallies)
            if on_progress:
                on_progress(tally)

        count_in(tally, tallies)
        folders = []
        spent = self.spent or Spent()
        jobs = shared_out([part.job for part in self.parts], self.settings, spent)
        for number, (job, own) in enumerate(zip(jobs, tallies, strict=True)):
            settings = replace(job.settings, out=aside / str(number))
            folders.append(await replace(job, settings=settings).run(own, progress))
            if job.bound_engine is not None and job.bound_engine.spent is not None:
                spent.add(job.bound_engine.spent.calls, job.bound_engine.spent.cost)
        count_in(tally, tallies)
        return folders

    def _compose(
        self, folders: Sequence[Path], writer: runs.RunWriter
    ) -> tuple[list[Outcome], list[list[Outcome]]]:
        """Writes case by case what the parts' runs say; the outcomes, and those of each part."""
        readers = [told(folder) for folder in folders]
        judged_by: dict[str, list[int]] = {}
        for number, part in enumerate(self.parts):
            for case in part.job.plan.cases:
                judged_by.setdefault(case.id, []).append(number)
        outcomes: list[Outcome] = []
        of_part: list[list[Outcome]] = [[] for _ in self.parts]
        for case in self.cases:
            numbers = judged_by[case.id]
            of_case = [pair for n in numbers if (pair := next(readers[n], None)) is not None]
            if len(of_case) < len(numbers):
                break
            own = [outcome for outcome, _ in of_case]
            if {outcome.case for outcome in own} != {case.id}:
                raise AssertionError(f"a part's run is out of order at the case {case.id!r}")
            outcomes.append(own[0] if self.rule is None else combine(case, own, self.rule))
            rows = []
            for number, (outcome, said) in zip(numbers, of_case, strict=True):
                of_part[number].append(outcome)
                rows += [row | {"judge": self.parts[number].name} for row in said]
            row = runs.outcome_row(outcomes[-1], [row["id"] for row in rows])
            names = [self.parts[n].name for n in numbers]
            if self.comparing:
                row["votes"] = dict(zip(names, map(label, own), strict=True))
            writer.add_rows(case, rows, row)
        return outcomes, of_part

    def summary(
        self,
        outcomes: Sequence[Outcome],
        of_part: Sequence[Sequence[Outcome]],
        stop: StopReason | None = None,
    ) -> Summary | ScoreSummary:
        """What the run says: a pure function of the outcomes, the panel's and those of its parts.

        A panel has no position metrics: its cases have no two orders, or only those of some judges
        have. Each judge has its own, in the block ``jury`` or ``route``.
        """
        bare = [replace(outcome, position=None, first=0, second=0) for outcome in outcomes]
        summary = self._whole.summary(bare, stop)
        if isinstance(summary, RankingSummary):
            raise TypeError("several judges together do not rank")
        names = [part.name for part in self.parts]
        inconsistent = self.settings.inconsistent
        summary = replace(summary, model=None, heading="")
        if self.rule is not None:
            jurors = dict(zip(names, of_part, strict=True))
            return replace(summary, jury=jury_metrics(jurors, self.rule, inconsistent))
        of_name = zip(names, of_part, strict=True)
        route = tuple(juror_metrics(n, own, inconsistent) for n, own in of_name)
        if isinstance(summary, ScoreSummary):
            return replace(summary, route=route)
        # The judges' scales need not be the same.
        return replace(summary, mean_score_a=None, mean_score_b=None, route=route)

    def blank(self) -> Summary | ScoreSummary:
        """The summary as of no cases: the names of all metrics."""
        return self.summary([], [[] for _ in self.parts])


async def check_panels(panels: Sequence[Panel]) -> None:
    """Refuses the folders that one of these could not write, before the first is run."""
    for panel in panels:
        identity = panel.identity(await panel.identities())
        runs.check_folder(panel.folder(identity), identity)


def told(folder: Path) -> Iterator[tuple[Outcome, list[Row]]]:
    """A run's outcomes in order, each with its rows of ``judgements.jsonl``."""
    rows = runs.read_rows(folder / "judgements.jsonl")
    for outcome, ids in runs.read_outcomes(folder):
        yield outcome, list(islice(rows, len(ids)))


def count_in(total: Tally, tallies: Sequence[Tally]) -> None:
    """Makes one tally the sum of others."""
    for field in fields(Tally):
        setattr(
            total, field.name, reduce(operator.add, [getattr(own, field.name) for own in tallies])
        )
