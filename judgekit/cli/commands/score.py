"""`judgekit score`: each answer of a file on its own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from judgekit.cli.format_flag import FormatFlag, choose_format
from judgekit.cli.gate_flags import FailIf, Gate, Junit

__all__ = ["score"]


def score(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(help="Files of answers.")],
    settings: Mapping[str, Any],
    fail_if: FailIf = None,
    junit: Junit = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Call no model; print calls, tokens and cost.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    form: FormatFlag = "table",
) -> None:
    """Score each answer of a file on its own."""
    from judgekit.cli import run_jobs
    from judgekit.jobs.prepare_panel import prepare_runs

    choose_format(form, as_json=as_json)
    gate = Gate.of(fail_if, junit)
    registry = context.obj
    chosen = run_jobs.chosen_settings(settings, registry)
    jobs = prepare_runs([[file] for file in files], chosen, registry, kind="score")
    run_jobs.perform(jobs, dry_run=dry_run, as_json=as_json, gate=gate)
