"""`judgekit compare`: files of answers, compared with each other."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from judgekit.cli.format_flag import FormatFlag, choose_format
from judgekit.cli.gate_flags import FailIf, Gate, Junit
from judgekit.errors import InputError

__all__ = ["compare"]


def compare(
    context: typer.Context,
    files: Annotated[
        list[Path],
        typer.Argument(help="Two files of answers, one file of pairs, or several with --baseline."),
    ],
    settings: Mapping[str, Any],
    baseline: Annotated[
        Path | None,
        typer.Option(help="Compare each file with this one, instead of each with each."),
    ] = None,
    fail_if: FailIf = None,
    junit: Junit = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Call no model; print calls, tokens and cost.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    form: FormatFlag = "table",
) -> None:
    """Compare two files of answers, prompt by prompt, in both orders."""
    from judgekit.cli import run_jobs
    from judgekit.jobs.prepare_panel import prepare_runs

    choose_format(form, as_json=as_json)
    gate = Gate.of(fail_if, junit)
    groups = comparisons(files, baseline)
    registry = context.obj
    chosen = run_jobs.chosen_settings(settings, registry)
    jobs = prepare_runs(groups, chosen, registry, kind="compare")
    if len(jobs) > 1 and baseline is None:
        run_jobs.announce(
            f"{len(files)} files, each with each: {len(jobs)} comparisons, "
            f"{sum(job.trials for job in jobs)} trials (--baseline FILE compares with one)"
        )
    run_jobs.perform(jobs, dry_run=dry_run, as_json=as_json, gate=gate)


def comparisons(files: Sequence[Path], baseline: Path | None) -> list[list[Path]]:
    """The files of each comparison."""
    if baseline is not None:
        others = [file for file in files if file != baseline]
        if not others:
            raise InputError("--baseline needs at least one other file to compare with it")
        return [[file, baseline] for file in others]
    if len(files) == 1:
        return [list(files)]
    return [list(pair) for pair in itertools.combinations(files, 2)]
