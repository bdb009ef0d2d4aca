"""`judgekit gate`: conditions on a finished run; nothing is judged again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from judgekit.cli.gate_flags import FAILED, FailIf, Gate, Junit, as_rows
from judgekit.errors import InputError

__all__ = ["gate"]


def gate(
    run: Annotated[Path, typer.Argument(help="The run's folder.")] = Path("runs/latest"),
    fail_if: FailIf = None,
    junit: Junit = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Exit with 1 if a finished run meets a condition."""
    from judgekit.api import load_run
    from judgekit.cli.render.console import json_text, safe
    from judgekit.cli.run_jobs import NO_VERDICT, announce, why_silent

    chosen = Gate.of(fail_if, junit)
    if not chosen.conditions:
        raise InputError("no condition: add one such as --fail-if 'win_rate_a.low < 0.5'")
    finished = load_run(run)
    finished.stored.verify()
    chosen.check_inputs(finished.folder.iterdir())
    suite = chosen.suite(finished)
    if as_json:
        print(json_text({"run": str(finished.folder), "gate": as_rows(suite)}))
    else:
        for result in suite.results:
            print(safe(result.message))
    chosen.write([suite])
    if suite.error:
        announce(why_silent(finished))
        raise typer.Exit(NO_VERDICT)
    if suite.failures:
        raise typer.Exit(FAILED)
