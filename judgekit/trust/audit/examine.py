"""An audit: each probe in turn, each planned run judged once, and the findings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from judgekit.errors import InputError
from judgekit.harness.limits import Budget
from judgekit.harness.tally import Tally
from judgekit.jobs import generation
from judgekit.jobs.event_loop import in_loop
from judgekit.jobs.job import Job
from judgekit.jobs.runnable import run_job
from judgekit.jobs.text_generation import GeneratedTexts, TextGeneration
from judgekit.runs.audit_report import FILE, AuditReport, Finding
from judgekit.runs.failures import commonest_failure
from judgekit.runs.metadata import RunCounts
from judgekit.runs.reader import StoredRun
from judgekit.runs.reports import check_report_folder, write_report
from judgekit.trust.audit.audit_input import AuditInput
from judgekit.trust.audit.probe import PlannedGeneration, Probe
from judgekit.trust.audit.probe_runs import FinishedRun, PlannedRun, Unidentified
from judgekit.types import Status, digest

__all__ = ["Audit", "Generate", "RunJob", "examine", "job_of"]

RunJob = Callable[[Job], Path]
"""Runs a job to its end, and returns its run's folder."""

Generate = Callable[[TextGeneration, Tally], GeneratedTexts]
"""Runs a generation to its end, and counts what it asks."""


def generate_texts(texts: TextGeneration, tally: Tally) -> GeneratedTexts:
    """A `Generate` without progress."""
    return in_loop(lambda: texts.run(tally))


@dataclass(frozen=True)
class Audit:
    """A finished audit: its report, as ``audit.json`` in `folder` holds it, and what it cost.

    What was asked and paid is the sum over its runs and generations, counted as in `RunCounts`.
    `cost_usd` is None where a price is unknown.
    """

    report: AuditReport
    folder: Path
    calls: int
    calls_from_store: int
    cost_usd: float | None
    calls_now: int | None = None
    reused: int | None = None
    without_usage: int = 0
    unpriced: int = 0

    def to_dict(self) -> dict[str, Any]:
        """The report with the cost and the folder."""
        return {
            **self.report.to_dict(),
            "calls": self.calls,
            "calls_now": self.calls_now,
            "calls_from_store": self.calls_from_store,
            "reused": self.reused,
            "cost_usd": self.cost_usd,
            "without_usage": self.without_usage,
            "unpriced": self.unpriced,
            "folder": str(self.folder),
        }


class AuditRuns:
    """Judges each planned run once, in a folder of its own, all within one budget."""

    def __init__(
        self, audit: AuditInput, folder: Path, run_job: RunJob, generate: Generate
    ) -> None:
        self.audit = audit
        self.folder = folder
        self._name = f"audit-{audit.job.identity('')}"
        self._counts: list[RunCounts] = []
        self._run_job = run_job
        self._generate = generate
        settings = audit.job.settings
        self._budget = Budget(settings.max_calls, settings.max_cost)
        self._runs: dict[str, StoredRun] = {}
        self._texts: dict[str, Mapping[str, str]] = {}

    def run(self, planned: PlannedRun) -> StoredRun:
        """The finished run. Raises `Unidentified` where none of its trials has a valid verdict."""
        if planned.name not in self._runs:
            self._runs[planned.name] = self._judge(planned)
        run = self._runs[planned.name]
        if not run.summary.statuses.get(Status.VALID):
            raise Unidentified(why_silent(planned, run))
        return run

    def texts(self, planned: PlannedGeneration) -> Mapping[str, str]:
        """The complete texts by their prompts' ids. Raises `Unidentified` where there is none."""
        if planned.name not in self._texts:
            generation = replace(planned.generation, budget=self._budget, part_of=self._name)
            texts = self._generate(generation, Tally())
            self._counts.append(texts.counts)
            complete = {
                t.case: t.texts[-1] for t in texts.candidates if t.texts and t.finish != "length"
            }
            if not complete:
                raise Unidentified(f"no text was generated for {planned.name!r}: {why_none(texts)}")
            self._texts[planned.name] = complete
        return self._texts[planned.name]

    def _judge(self, planned: PlannedRun) -> StoredRun:
        job = job_of(self.audit, planned, self.folder)
        job = replace(job, budget=self._budget, part_of=self._name)
        run = StoredRun.open(self._run_job(job))
        self._counts.append(run.metadata.counts)
        return run

    @property
    def counts(self) -> RunCounts:
        """What all runs and generations asked and used."""
        return RunCounts.total(self._counts)


def examine(
    audit: AuditInput,
    probes: Sequence[Probe],
    folder: Path,
    run_job: RunJob = run_job,
    generate: Generate = generate_texts,
) -> Audit:
    """Runs an audit, and writes ``audit.json``.

    A probe that the data tell nothing, or none of whose trials has a valid verdict, has a finding
    with the reason.

    Args:
        audit: The judge and the cases, from `prepare_audit`.
        probes: What to measure, from `chosen_probes`.
        folder: Where the report goes, and below it a folder for each run.
        run_job: How the runs are made; the command line shows their progress.
        generate: How texts are generated, likewise.

    Returns:
        The report, with the folder and what the audit cost.

    Raises:
        InputError: The folder holds something else.
        EngineError, StoreError: A run cannot go on.
    """
    check_report_folder(folder, FILE)
    runs = AuditRuns(audit, folder, run_job, generate)
    findings = tuple(finding_of(probe, runs) for probe in probes)
    report = AuditReport(
        audit.job.judge_name,
        audit.job.settings.model,
        audit.models,
        len(audit.cases),
        len({case.cluster for case in audit.cases}),
        findings,
        dict(audit.job.inputs.left_out),
    )
    write_report(folder / FILE, report.to_dict())
    return with_costs(report, folder, runs.counts)


def with_costs(report: AuditReport, folder: Path, counts: RunCounts) -> Audit:
    """A report with what its runs asked and paid."""
    return Audit(
        report,
        folder,
        counts.calls,
        counts.calls_from_store,
        counts.cost_usd,
        counts.calls_now,
        counts.reused,
        counts.without_usage,
        counts.unpriced,
    )


def finding_of(probe: Probe, runs: AuditRuns) -> Finding:
    """One probe's finding."""
    audit = runs.audit
    try:
        texts = probe.generation(audit)
        if texts is not None:
            audit = replace(audit, generated=runs.texts(texts))
        finished, silent = run_all(probe.runs(audit), runs)
        read = {name: FinishedRun(run) for name, run in finished.items()}
        metrics = tuple(probe.metrics(replace(audit, silent=silent), read))
    except Unidentified as reason:
        return Finding(probe.name, probe.about, reason=str(reason))
    stopped = next((s for run in finished.values() if (s := run.metadata.stopped)), "")
    return Finding(probe.name, probe.about, metrics, tuple(finished), stopped)


def run_all(
    planned: Sequence[PlannedRun], runs: AuditRuns
) -> tuple[dict[str, StoredRun], dict[str, str]]:
    """The finished runs by name, and by their names why raters gave no verdict.

    Raises `Unidentified` where a run that the probe cannot do without has no verdict.
    """
    finished: dict[str, StoredRun] = {}
    silent: dict[str, str] = {}
    for run in planned:
        try:
            finished[run.name] = runs.run(run)
        except Unidentified as reason:
            if not run.rater:
                raise
            silent[run.rater] = str(reason)
    return finished, silent


def job_of(audit: AuditInput, planned: PlannedRun, folder: Path) -> Job:
    """The job of a planned run: a prepared job with other cases, names or repeats.

    Raises `Unidentified` where the judge cannot judge the cases.
    """
    job = planned.job or audit.job
    settings = replace(job.settings, out=folder / planned.name)
    names, repeats = planned.names or job.plan.names, planned.repeats or job.plan.repeats
    plan = replace(job.plan, cases=planned.cases, names=names, repeats=repeats)
    if plan == job.plan:
        return replace(job, settings=settings)
    try:
        job.judge.check(planned.cases)
    except InputError as error:
        raise Unidentified(str(error)) from error
    # The cases are no longer those of the files, so they are part of the run's identity.
    content = digest(repr((names, repeats)), *map(repr, planned.cases))
    inputs = job.inputs.derived(planned.cases, planned.models, content)
    return replace(job, settings=settings, plan=plan, inputs=inputs)


def why_none(texts: GeneratedTexts) -> str:
    """Why a generation has no complete text."""
    if texts.stop is not None:
        return texts.stop.text
    return generation.commonest_failure(texts.candidates) or "all texts were cut at the token limit"


def why_silent(planned: PlannedRun, run: StoredRun) -> str:
    """Why a run has no verdict at all: the commonest failure of its trials."""
    failure = commonest_failure(run)
    if failure is None:
        why = run.metadata.stopped or "all answers are the same text"
        subject = f"by {planned.rater}" if planned.rater else f"of {planned.name!r}"
        return f"nothing was judged {subject}: {why}"
    if planned.rater:
        return f"{planned.rater} gave no verdict: {failure}"
    return f"no verdict came out of {planned.name!r}: {failure}"
