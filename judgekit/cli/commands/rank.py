"""`judgekit rank`: n answers to each prompt, best first."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from judgekit.cli.format_flag import FormatFlag, choose_format
from judgekit.cli.gate_flags import FailIf, Gate, Junit

__all__ = ["rank"]


def rank(
    context: typer.Context,
    files: Annotated[
        list[Path],
        typer.Argument(
            help="A file of answers per model, or one file with several answers per prompt."
        ),
    ],
    settings: Mapping[str, Any],
    fail_if: FailIf = None,
    junit: Junit = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Call no model; print calls, tokens and cost.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    form: FormatFlag = "table",
) -> None:
    """Rank the answers to each prompt: each pair compared, or each answer scored."""
    from judgekit.cli import run_jobs
    from judgekit.jobs.prepare_panel import prepare_runs

    choose_format(form, as_json=as_json)
    gate = Gate.of(fail_if, junit)
    registry = context.obj
    chosen = run_jobs.chosen_settings(settings, registry)
    jobs = prepare_runs([files], chosen, registry, kind="rank")
    run_jobs.perform(jobs, dry_run=dry_run, as_json=as_json, gate=gate)
