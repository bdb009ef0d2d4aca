"""`judgekit rank`: n answers to each prompt, best first."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

__all__ = ["rank"]


def rank(
    context: typer.Context,
    files: Annotated[
        list[Path],
        typer.Argument(help="A file of answers per model, or one file with several a prompt."),
    ],
    settings: Mapping[str, Any],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Ask nothing; print calls, tokens, cost.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Rank the answers to each prompt: each against each, or by single scores."""
    from judgekit.cli import running
    from judgekit.job import prepare

    registry = context.obj
    job = prepare(files, running.chosen_settings(settings, registry), registry, ranking=True)
    running.perform([job], dry_run=dry_run, as_json=as_json)
