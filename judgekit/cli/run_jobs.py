"""What commands that judge share: they choose settings, run jobs and print results."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

import typer

from judgekit.cli.format_flag import output_format
from judgekit.cli.gate_flags import FAILED, Gate, as_rows
from judgekit.cli.render.console import json_text, safe
from judgekit.config.settings import Settings
from judgekit.runs.failures import why_no_verdict

if TYPE_CHECKING:
    from judgekit.api import AnyRun
    from judgekit.extension.registry import Registry
    from judgekit.jobs.runnable import Runnable
    from judgekit.trust.junit import Suite

__all__ = [
    "NO_VERDICT",
    "announce",
    "chosen_settings",
    "estimates",
    "perform",
    "run_with_progress",
    "why_silent",
    "without_verdict",
]

NO_VERDICT = 3  # the exit code of a run in which nothing was judged with success

COUNTS = (
    "calls", "calls_now", "calls_from_store", "reused", "tokens_in", "tokens_out",
    "tokens_cached", "cost_usd"
)  # fmt: skip


def chosen_settings(flags: Mapping[str, Any], registry: Registry) -> Settings:
    """The settings of the command line, over those of the project file and the defaults."""
    from judgekit.config.files import load_project

    chosen = load_project(Path()).under(flags)
    if "judge" in flags and asks_nothing(Settings.of(flags), registry):
        # The project's model and limits belong to the project's judge.
        for name in ("model", "max_calls", "max_cost"):
            if name not in flags:
                chosen.pop(name, None)
    return Settings.of(chosen)


def asks_nothing(settings: Settings, registry: Registry) -> bool:
    """Whether none of the named judges needs a model."""
    from judgekit.jobs.judge_settings import judge_specs

    return all(registry.judge(spec.judge).model == "none" for spec in judge_specs(settings))


def announce(text: str) -> None:
    """Prints a line for people, to stderr."""
    print(safe(text), file=sys.stderr)


def perform(jobs: Sequence[Runnable], *, dry_run: bool, as_json: bool, gate: Gate) -> None:
    """Runs the jobs one after the other and prints the results, or prints estimates.

    Args:
        jobs: The prepared jobs.
        dry_run: Whether to estimate only.
        as_json: Whether to print one JSON object instead of tables.
        gate: The conditions under which the command fails.

    Raises:
        InputError: A condition names an unknown metric, or a job cannot write its folder.
        typer.Exit: With the exit code 1 if the gate fails, 3 if a run has no verdict.
    """
    for job in jobs:
        s = job.settings
        files = (file for file in (s.store, s.prompts, s.references) if file is not None)
        gate.check_inputs([*job.inputs.paths, *files])
        gate.check_known(job.empty_summary().to_dict())
    if dry_run:
        estimates(jobs, as_json=as_json)
        return
    from judgekit.jobs.runnable import check_jobs

    for remark in dict.fromkeys(remark for job in jobs for remark in job.inputs.remarks):
        announce(remark)
    if len(jobs) > 1:
        check_jobs(jobs)
    runs = []
    known = {file.parent for file in Path("runs").glob("*/run.json")}
    for job in jobs:
        if len(jobs) > 1:
            announce(" against ".join(job.inputs.models))
        runs.append(run_with_progress(job))
    suites = [gate.suite(run) for run in runs]
    if as_json:
        print_objects(runs, suites if gate.conditions else [])
    else:
        print_tables(runs)
    silent = [run for run in runs if without_verdict(run)]
    announce_ends(runs, silent)
    announce_rereadings([run for run in runs if run.folder not in known])
    gate.write(suites)
    for suite in suites:
        for result in suite.results:
            announce(f"{suite.name}: {result.message}" if len(suites) > 1 else result.message)
    if silent:
        raise typer.Exit(NO_VERDICT)
    if any(suite.failures for suite in suites):
        raise typer.Exit(FAILED)


def print_objects(runs: Sequence[AnyRun], suites: Sequence[Suite]) -> None:
    """Prints the runs as one JSON object, each with the results of its gate if there is one."""
    objects = [as_object(run) for run in runs]
    if suites:
        objects = [o | {"gate": as_rows(s)} for o, s in zip(objects, suites, strict=True)]
    print(json_text(objects[0] if len(objects) == 1 else {"comparisons": objects}))


def print_tables(runs: Sequence[AnyRun]) -> None:
    """Prints the runs of one command as tables, or as CSV."""
    if output_format() == "csv":
        from judgekit.cli.render.export import print_csv
        from judgekit.cli.render.ranking import exported_models

        print_csv(row for run in runs for row in exported_models(run.summary) or [as_object(run)])
        return
    from judgekit.cli.render.run import print_run, print_runs

    if len(runs) > 1:
        print_runs(runs)
    else:
        print_run(runs[0])


def without_verdict(run: AnyRun) -> bool:
    """Whether no case has a verdict, though there are some whose answers differ."""
    return bool(why_no_verdict(run.stored))


def why_silent(run: AnyRun) -> str:
    """Why a run has no verdict, in one line, with the command that shows its cases."""
    why = why_no_verdict(run.stored)
    if not run.summary.cases:  # and none to look at
        return why
    return f"{why}; `judgekit show {quote(str(run.folder))}` has the cases"


def announce_ends(runs: Sequence[AnyRun], silent: Sequence[AnyRun]) -> None:
    """Prints why runs have no verdict, and which of several runs a limit ended."""
    from judgekit.cli.render.figures import number

    for run in runs:
        summary = run.summary
        named = f"{' against '.join(run.metadata.models)}: " if len(runs) > 1 else ""
        if run in silent:
            announce(named + why_silent(run))
        elif named and summary.stop is not None and summary.stop.cut_short:
            cases = f"{summary.cases} of {number(summary.cases_planned or 0, 'case')}"
            announce(f"{named}stopped after {cases}, since {summary.stop.text}")


def announce_rereadings(runs: Sequence[AnyRun]) -> None:
    """Says of new runs that an older version of the parsers read the same replies otherwise."""
    from judgekit.runs.rereadings import older_reading

    for run in runs:
        older = older_reading(run.stored)
        if older is not None:
            why = f"judgekit runs diff {quote(str(older))} {quote(str(run.folder))} --why"
            announce(f"verdicts may be read otherwise than in the run of an older version: `{why}`")


def as_object(run: AnyRun) -> dict[str, Any]:
    """`summary.json`, what the run asked and paid, and the run's folder."""
    counts = {name: getattr(run.metadata.counts, name) for name in COUNTS}
    summary = {"sentence": run.sentence} | run.summary.to_dict()
    return summary | counts | {"run": str(run.folder)}


def run_with_progress(job: Runnable) -> AnyRun:
    """Runs a job with a progress bar; after Ctrl-C it says how to continue."""
    from judgekit.api import run_job
    from judgekit.cli.render.figures import number
    from judgekit.cli.render.progress import progress_bar
    from judgekit.harness.tally import Tally

    tally = Tally()
    try:
        with progress_bar(job.price) as move:
            return run_job(job, tally, move)
    except KeyboardInterrupt:
        announce(
            f"stopped after {tally.judged} of {number(tally.trials, 'trial')}; every reply is kept "
            f"in {job.settings.store}: run the same command again to go on"
        )
        raise typer.Exit(130) from None


def estimates(jobs: Sequence[Runnable], *, as_json: bool) -> None:
    """Prints what the jobs would ask and cost (``--dry-run``)."""
    from judgekit.cli.render import tables

    estimated = [(job, job.estimate()) for job in jobs]
    if as_json:
        objects = [{"models": job.inputs.models} | e.as_dict() for job, e in estimated]
        print(json_text(objects[0] if len(objects) == 1 else {"comparisons": objects}))
        return
    if output_format() == "csv":
        from judgekit.cli.render.export import print_csv

        print_csv({"models": " against ".join(j.inputs.models)} | e.as_dict() for j, e in estimated)
        return
    tables.print_estimates(estimated)
