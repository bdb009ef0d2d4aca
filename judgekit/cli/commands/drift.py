"""`judgekit drift`: whether a judge still judges as it did in an earlier run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from judgekit.stats.paired_test import PairedTest
    from judgekit.trust.drift import Drift

__all__ = ["drift"]

NONE = "–"


def drift(
    context: typer.Context,
    frozen: Annotated[Path, typer.Argument(help="The earlier run's folder.")],
    settings: Mapping[str, Any],
    tolerance: Annotated[
        float | None,
        typer.Option(
            help="The share of outcomes that may change; by default tests decide.",
            rich_help_panel="Gate",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Ask nothing; print calls, tokens, cost.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Judge an earlier run's cases again, and exit with 1 where the judge has drifted.

    Judge, model and settings are the earlier run's, where nothing else is said.
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
    found = read_drift(check, run.folder)
    if as_json:
        from judgekit.cli.render.console import json_text

        print(json_text(found.as_dict() | {"run": str(run.folder)}))
    else:
        print_drift(found, run.folder)
    if found.drifted:
        raise typer.Exit(FAILED)


def print_drift(found: Drift, folder: Path) -> None:
    """Before and now, the tests, and what came of it."""
    from rich.table import Table
    from rich.text import Text

    from judgekit.cli.render.console import safe, stdout_console
    from judgekit.cli.render.tables import percent, rate_text, score_text

    console = stdout_console()
    by = found.judge + (f" · {found.model}" if found.model else "")
    console.print(Text(f"{safe(by)} held against {found.cases} earlier outcomes", style="bold"))
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("", "before", "now"):
        table.add_column(name, justify="right" if name else "left")
    old, new = found.position
    for key, name in (("consistent", "both orders agree"), ("first_share", "first shown chosen")):
        if old[key] is not None or new[key] is not None:
            table.add_row(name, percent(old[key]), percent(new[key]))
    counted, again = found.statuses
    for status in counted:
        if counted[status] or again[status]:
            name = f"trials {status.replace('_', ' ')}"
            table.add_row(name, str(counted[status]), str(again[status]))
    console.print(table)
    lines = [("outcomes as before", rate_text(found.same.as_dict()))]
    if found.agreement is not None:
        lines.append(("kappa", score_text(found.agreement.kappa.as_dict())))
    lines += [("mean value moved by", moved(found.shift))]
    lines += [("share decided moved by", moved(found.decided))]
    if found.unsteady is not None:
        lines.append(("less steady by", moved(found.unsteady)))
    if found.gone:
        lines.append(("not judged again", str(found.gone)))
    plain = Table(box=None, show_header=False, pad_edge=False)
    for name, text in lines:
        plain.add_row(Text(name, style="dim"), Text(text))
    console.print(plain)
    console.print(Text(safe(found.sentence), style="bold"))
    console.print(Text(safe(str(folder))), soft_wrap=True)


def moved(test: PairedTest) -> str:
    """A difference with its interval and p-value."""
    d = test.difference
    if d.value is None or test.p_value is None:
        return NONE
    inside = "" if d.low is None or d.high is None else f"  ({d.low:+.3f} to {d.high:+.3f})"
    return f"{d.value:+.3f}{inside}  p = {test.p_value:.2g}"
