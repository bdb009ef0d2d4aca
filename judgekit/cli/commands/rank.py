"""`judgekit rank`: n answers to each prompt, best first."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from judgekit.cli.gate_flags import FailIf, Gate, Junit

__all__ = ["rank"]


def rank(
    context: typer.Context,
    files: Annotated[
        list[Path],
        typer.Argument(help="A file of answers per model, or one file with several a prompt."),
    ],
    settings: Mapping[str, Any],
    games: Annotated[
        int | None,
        typer.Option(
            help="Of many models: play so many comparisons in all, more of them where the order is "
            "open, instead of every two on every prompt; the result is ratings.",
            rich_help_panel="Judge",
        ),
    ] = None,
    fail_if: FailIf = None,
    junit: Junit = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Ask nothing; print calls, tokens, cost.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Rank the answers to each prompt: each against each, or by single scores."""
    from judgekit.cli import run_jobs
    from judgekit.jobs.prepare_panel import prepare_runs

    gate = Gate.of(fail_if, junit)
    registry = context.obj
    said = settings if games is None else {**settings, "games": games}
    chosen = run_jobs.chosen_settings(said, registry)
    jobs = prepare_runs([files], chosen, registry, kind="rank")
    run_jobs.perform(jobs, dry_run=dry_run, as_json=as_json, gate=gate)
