"""What `compare` and `score` share: settings chosen, jobs run, results printed."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import typer

from judgekit.settings import Settings

if TYPE_CHECKING:
    from judgekit.api import Run
    from judgekit.job import Job

__all__ = ["announce", "chosen_settings", "into", "name_of", "perform"]

COUNTS = ("calls", "calls_from_store", "tokens_in", "tokens_out", "cost_usd")


def chosen_settings(said: Mapping[str, Any]) -> Settings:
    """The command line's word before the project file's, that before the defaults."""
    from judgekit.config import load_project

    project = load_project(Path())
    chosen = project.under(said)
    if "judge" in said and "model" not in said and asks_nothing(said):
        chosen.pop("model", None)  # the project's is for the project's judge
    return Settings.of(chosen)


def asks_nothing(said: Mapping[str, Any]) -> bool:
    """Whether the judge on the command line takes no model."""
    from judgekit.registry import Registry

    return Registry.load(files=said.get("plugins", ())).judge(said["judge"]).model == "none"


def into(settings: Settings, name: str | None) -> Settings:
    """The same settings with a folder of its own in `--out`, for one comparison of several."""
    if name is None or settings.out is None:
        return settings
    return replace(settings, out=settings.out / name)


def name_of(files: Sequence[Path]) -> str:
    return "-vs-".join(file.name.split(".")[0] for file in files)


def announce(text: str) -> None:
    """A line for people, beside the results."""
    print(text, file=sys.stderr)


def perform(jobs: Sequence[Job], *, dry_run: bool, as_json: bool) -> None:
    """Estimates the jobs, or runs them one after the other, and prints what they say."""
    if dry_run:
        estimates(jobs, as_json=as_json)
        return
    runs = []
    for remark in dict.fromkeys(remark for job in jobs for remark in job.inputs.remarks):
        announce(remark)
    for job in jobs:
        if len(jobs) > 1:
            announce(" against ".join(job.inputs.models))
        runs.append(run_with_progress(job))
    if as_json:
        objects = [as_object(run) for run in runs]
        whole = objects[0] if len(objects) == 1 else {"comparisons": objects}
        sys.stdout.write(orjson.dumps(whole, option=orjson.OPT_INDENT_2).decode() + "\n")
        return
    from judgekit.cli import tables

    if len(runs) == 1:
        tables.print_run(runs[0])
    else:
        tables.print_runs(runs)


def as_object(run: Run) -> dict[str, Any]:
    """`summary.json`, the counts of this command's calls, and the run's folder."""
    counts = run.facts["counts"]
    return run.summary | {name: counts[name] for name in COUNTS} | {"run": str(run.folder)}


def run_with_progress(job: Job) -> Run:
    """Runs a job under a progress bar; Ctrl-C ends it with a word on how to go on."""
    from judgekit.api import run_job
    from judgekit.cli.progress import progress_bar
    from judgekit.harness.ask import Tally

    tally = Tally()
    try:
        with progress_bar(job.price) as move:
            return run_job(job, tally, move)
    except KeyboardInterrupt:
        announce(
            f"stopped after {tally.judged} of {tally.trials} trials; every reply is kept in "
            f"{job.settings.store}: run the same command again to go on"
        )
        raise typer.Exit(130) from None


def estimates(jobs: Sequence[Job], *, as_json: bool) -> None:
    """`--dry-run`: what the jobs would ask and cost."""
    from judgekit.cli import tables
    from judgekit.estimate import estimate

    found = [(job, estimate(job)) for job in jobs]
    if as_json:
        objects = [{"models": job.inputs.models} | e.as_dict() for job, e in found]
        whole: Any = objects[0] if len(objects) == 1 else {"comparisons": objects}
        sys.stdout.write(orjson.dumps(whole, option=orjson.OPT_INDENT_2).decode() + "\n")
        return
    tables.print_estimates(found)
