"""`judgekit drift`: whether a judge still judges as it did in an earlier run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

__all__ = ["drift"]


def drift(
    context: typer.Context,
    frozen: Annotated[Path, typer.Argument(help="The earlier run's folder.")],
    settings: Mapping[str, Any],
    tolerance: Annotated[
        float | None,
        typer.Option(
            help="The share of outcomes that may change. Default: paired tests decide.",
            show_default=False,
            rich_help_panel="Gate",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only estimate calls, tokens and cost; ask nothing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Judge an earlier run's cases again, and exit with 1 if the judge has drifted.

    Judge, model and settings are those of the earlier run unless you give others.
    """
    from judgekit.cli import run_jobs
    from judgekit.cli.gate_flags import FAILED
    from judgekit.trust.drift import prepare_drift, read_drift

    check = prepare_drift(frozen, settings, context.obj, tolerance=tolerance)
    if dry_run:
        run_jobs.estimates([check.job], as_json=as_json)
        return
    run = run_jobs.run_with_progress(check.job)
    if run_jobs.without_verdict(run):
        run_jobs.announce(run_jobs.why_silent(run))
        raise typer.Exit(run_jobs.NO_VERDICT)
    report = read_drift(check, run.folder)
    if as_json:
        from judgekit.cli.render.console import json_text

        print(json_text(report.to_dict() | {"run": str(run.folder)}))
    else:
        from judgekit.cli.render.drift import print_drift

        print_drift(report, run.folder)
    if report.drifted:
        raise typer.Exit(FAILED)
