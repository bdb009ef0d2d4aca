"""`judgekit report`: runs and other results as one HTML file, as tables, or as figures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["report"]


def report(
    runs: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Folders of runs, benchmarks, audits, drift checks or trained models. "
            "Default: runs/latest."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The file to write. Default: report.html.")
    ] = None,
    redact: Annotated[
        bool,
        typer.Option(
            "--redact", help="Leave out every text and digest of texts, and number the ids."
        ),
    ] = False,
    limit_cases: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Show at most N cases of each run, those worth reading first. Default: 20000.",
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace a file that is no report.")
    ] = False,
) -> None:
    """Write a report of finished runs: one HTML file with every metric and case."""
    from judgekit.io.files import keep_inputs
    from judgekit.report import Options, build_report

    folders = runs or [Path("runs/latest")]
    target = out or Path("report.html")
    for folder in folders:
        if folder.is_dir():
            keep_inputs(target, folder.iterdir())
    print(build_report(folders, Options(redact, limit_cases)).write(target, force=force))
