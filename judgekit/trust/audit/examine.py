"""An audit: the probes in turn, each showing judged once, and what they found."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson

from judgekit import io
from judgekit.api import Run
from judgekit.errors import InputError
from judgekit.io.files import make_parents, write_file
from judgekit.jobs.estimate import Estimate, estimate
from judgekit.jobs.job import Job
from judgekit.runs.failures import commonest_failure
from judgekit.trust.audit.figure import Figure
from judgekit.trust.audit.given import Given
from judgekit.trust.audit.probe import PLAIN, Judged, Probe, Showing, Unidentified
from judgekit.trust.audit.rephrase import rephrasings
from judgekit.trust.audit.verbosity import VerbosityProbe, lists_to_rephrase
from judgekit.types import Status, digest

__all__ = ["Audit", "Estimates", "Finding", "estimates", "examine"]

SCHEMA = "judgekit.audit/1"


@dataclass(frozen=True)
class Finding:
    """What one probe found, or the `reason` why the data tell it nothing.

    `runs` are the folders its figures were read from, within the audit's; `stopped` says why one
    of them ended early.
    """

    probe: str
    about: str
    figures: tuple[Figure, ...] = ()
    runs: tuple[str, ...] = ()
    stopped: str = ""
    reason: str = ""

    def as_dict(self) -> dict[str, Any]:
        return {**vars(self), "figures": [figure.as_dict() for figure in self.figures]}


@dataclass(frozen=True)
class Audit:
    """All findings on one judge, written to ``audit.json`` in its folder.

    `calls` and `cost_usd` are what this audit asked beyond the reply store, `calls_from_store`
    what it took from there; no cost where a price is not known.
    """

    judge: str
    model: str | None
    models: tuple[str, ...]
    cases: int
    prompts: int
    calls: int
    calls_from_store: int
    cost_usd: float | None
    findings: tuple[Finding, ...]
    folder: Path

    def as_dict(self) -> dict[str, Any]:
        """What ``audit.json`` holds: the judge, the cases and the findings, not what it cost."""
        return {
            "schema": SCHEMA,
            "judge": self.judge,
            "model": self.model,
            "models": self.models,
            "cases": self.cases,
            "prompts": self.prompts,
            "findings": [finding.as_dict() for finding in self.findings],
        }

    @property
    def empty(self) -> bool:
        """Whether no probe found a figure."""
        figures = [figure for finding in self.findings for figure in finding.figures]
        return all(figure.rate.value is None for figure in figures)


class Runs:
    """Judges each showing once, in a folder of its own, within one budget for them all."""

    def __init__(self, given: Given, folder: Path, run: Callable[[Job], Run]) -> None:
        self.given = given
        self.folder = folder
        self.calls = 0
        self.calls_from_store = 0
        self.cost: float | None = 0.0
        self._run = run
        self._done: dict[str, Run] = {}

    def judged(self, showing: Showing) -> Run:
        """The showing's run. Raises `Unidentified` where no trial of it has a valid verdict."""
        if showing.name not in self._done:
            self._done[showing.name] = self._judge(showing)
        run = self._done[showing.name]
        if not run.summary["statuses"].get(Status.VALID):
            raise Unidentified(silence(showing, run))
        return run

    def _judge(self, showing: Showing) -> Run:
        run = self._run(self._within_budget(job_of(self.given, showing, self.folder)))
        counts = run.facts["counts"]
        self.calls += counts["calls"]
        self.calls_from_store += counts["calls_from_store"]
        cost = counts["cost_usd"]
        self.cost = None if cost is None or self.cost is None else self.cost + cost
        return run

    def _within_budget(self, job: Job) -> Job:
        """The job with what the runs before it left of `--max-calls` and `--max-cost`."""
        s, bound_engine = job.settings, job.bound_engine
        if bound_engine is None:
            return job
        if s.max_calls is not None:
            s = replace(s, max_calls=max(0, s.max_calls - self.calls))
        if s.max_cost is not None and self.cost is not None:
            s = replace(s, max_cost=max(0.0, s.max_cost - self.cost))
        return replace(job, settings=s, bound_engine=replace(bound_engine, settings=s))


def examine(
    given: Given, probes: Sequence[Probe], folder: Path, run: Callable[[Job], Run]
) -> Audit:
    """Has every probe's showings judged by `run` and reads the figures; writes ``audit.json``.

    A probe whose data tell nothing, or none of whose trials has a valid verdict, is found to say
    so. Raises what stops a run (`EngineError`, `StoreError`), and `InputError` where the folder
    holds something else.
    """
    check_folder(folder)
    runs = Runs(given, folder, run)
    findings = tuple(found_by(probe, runs) for probe in probes)
    audit = Audit(
        given.job.judge_name,
        given.job.settings.model,
        given.models,
        len(given.cases),
        len({case.cluster for case in given.cases}),
        runs.calls,
        runs.calls_from_store,
        runs.cost,
        findings,
        folder,
    )
    path = folder / "audit.json"
    make_parents(path)
    whole = orjson.dumps(audit.as_dict(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    write_file(path, whole)
    return audit


def check_folder(folder: Path) -> None:
    """Refuses a folder that is a run, not an audit."""
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{str(folder)!r} is not a folder; choose another with --out")
    if (folder / "run.json").exists():
        raise InputError(f"{str(folder)!r} holds a run; choose another folder with --out")


def found_by(probe: Probe, runs: Runs) -> Finding:
    """What one probe finds, or why it finds nothing."""
    try:
        given = informed(probe, runs)
        done, silent = all_judged(probe.showings(given), runs)
        judged = {name: Judged(run.folder) for name, run in done.items()}
        figures = tuple(probe.figures(replace(given, silent=silent), judged))
    except Unidentified as reason:
        return Finding(probe.name, probe.about, reason=str(reason))
    stopped = next((s for run in done.values() if (s := run.summary["stopped"])), "")
    return Finding(probe.name, probe.about, figures, tuple(done), stopped)


def all_judged(showings: Sequence[Showing], runs: Runs) -> tuple[dict[str, Run], dict[str, str]]:
    """The runs of the showings by name, and why raters without any verdict have none.

    Raises `Unidentified` for what no probe can do without.
    """
    done: dict[str, Run] = {}
    silent: dict[str, str] = {}
    for showing in showings:
        try:
            done[showing.name] = runs.judged(showing)
        except Unidentified as reason:
            if not showing.rater:
                raise
            silent[showing.rater] = str(reason)
    return done, silent


def informed(probe: Probe, runs: Runs) -> Given:
    """What the probe is given: with the lists written anew first, where it is the one for them."""
    given = runs.given
    if given.rephraser is None or not isinstance(probe, VerbosityProbe):
        return given
    probe.showings(given)  # tells where there is no list
    run = runs.judged(lists_to_rephrase(given))
    return replace(given, rephrased=rephrasings(Judged(run.folder)))


def job_of(given: Given, showing: Showing, folder: Path) -> Job:
    """The job that judges a showing: another plan for a prepared one.

    Raises `Unidentified` where the judge cannot be shown its cases.
    """
    job = showing.job or given.job
    settings = replace(job.settings, out=folder / showing.name)
    names, repeats = showing.names or job.plan.names, showing.repeats or job.plan.repeats
    plan = replace(job.plan, cases=showing.cases, names=names, repeats=repeats)
    if plan == job.plan:
        return replace(job, settings=settings)
    try:
        job.judge.check(showing.cases)
    except InputError as error:
        raise Unidentified(str(error)) from error
    # What was made of the files is no longer what they hold, and the run is known by it.
    made = digest(repr((names, repeats)), *map(repr, showing.cases))
    inputs = io.Joined(list(showing.cases), showing.models, ())
    return replace(job, settings=settings, plan=plan, inputs=inputs, digests=(*job.digests, made))


def silence(showing: Showing, run: Run) -> str:
    """Why a showing gave no verdict at all: the commonest failure of its trials."""
    failure = commonest_failure(run.folder)
    if failure is None:
        why = run.summary["stopped"] or "all answers are the same text"
        whom = f"by {showing.rater}" if showing.rater else f"of {showing.name!r}"
        return f"nothing was judged {whom}: {why}"
    who = f"{showing.rater} gave no verdict"
    what = who if showing.rater else f"no verdict came out of {showing.name!r}"
    return f"{what}: {failure}"


@dataclass(frozen=True)
class Estimates:
    """What an audit would ask: for each showing its estimate and the probes that need it, and for
    the probes that would find nothing why."""

    showings: Mapping[str, Estimate]
    needed_by: Mapping[str, Sequence[str]]
    reasons: Mapping[str, str]

    def as_dict(self) -> dict[str, Any]:
        rows = [
            {"showing": name, "probes": self.needed_by[name], **found.as_dict()}
            for name, found in self.showings.items()
        ]
        return {"showings": rows, "unidentified": dict(self.reasons)}


def estimates(given: Given, probes: Sequence[Probe]) -> Estimates:
    """The estimates of all showings; asks nothing."""
    found: dict[str, Estimate] = {}
    needed: dict[str, list[str]] = {}
    reasons: dict[str, str] = {}
    for probe in probes:
        try:
            asked = list(probe.showings(given))
            if isinstance(probe, VerbosityProbe) and given.rephraser is not None:
                asked.insert(0, lists_to_rephrase(given))
            jobs = {showing.name: job_of(given, showing, Path(PLAIN)) for showing in asked}
        except Unidentified as reason:
            reasons[probe.name] = str(reason)
            continue
        for name, job in jobs.items():
            needed.setdefault(name, []).append(probe.name)
            if name not in found:
                found[name] = estimate(job)
    return Estimates(found, needed, reasons)
