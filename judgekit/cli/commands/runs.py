"""`judgekit runs`: what was run and what it cost; and what changed between two runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from judgekit.runs.diff import Change, Difference
    from judgekit.runs.index import Listing, RunInfo

__all__ = ["app"]

app = typer.Typer(help="What was run, what it cost, and what changed between two runs.")

JSON = typer.Option("--json", help="Print one JSON object.")
WIDEST = 48  # characters of a judge: a jury names all its seats
STOPPED = "*"  # after the number of cases
FIGURES = 12  # changed figures that are shown; --json has all


@app.command("list")
def listing(
    folder: Annotated[Path, typer.Argument(help="Where the runs are.")] = Path("runs"),
    parts: Annotated[
        bool, typer.Option("--all", help="Also the runs that others, or benchmarks, are made of.")
    ] = False,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """List the runs in a folder, newest first."""
    from judgekit.runs.index import list_runs

    found = list_runs(folder, parts=parts)
    if as_json:
        from judgekit.cli.render.console import json_text

        print(json_text(found.as_dict()))
    else:
        print_listing(found)


def print_listing(found: Listing) -> None:
    """A row a run, then what they cost and what is not among them."""
    from rich.text import Text

    from judgekit.cli.render.console import safe, stdout_console

    console = stdout_console()
    console.print(table(found))
    for line in notes(found):
        console.print(Text(safe(line), style="dim"))


def table(found: Listing) -> Table:
    """A row a run; in 80 columns nothing of it is cut."""
    from rich.table import Table
    from rich.text import Text

    from judgekit.cli.render.console import safe

    drawn = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("started", "judge", "cases", "result (95 %)", "calls", "cost"):
        justify: Literal["left", "right"] = "left" if name in ("started", "judge") else "right"
        folds = name in ("started", "judge")
        drawn.add_column(name, justify=justify, no_wrap=not folds, overflow="fold")
    drawn.add_column("run", overflow="fold")  # it is to be copied
    for run in found.runs:
        drawn.add_row(*(Text(safe(cell)) for cell in cells(run)))
    return drawn


def notes(found: Listing) -> Iterator[str]:
    """What stands below the listing."""
    from judgekit.cli.render.tables import number

    paid = [run.cost_usd for run in found.runs if run.cost_usd is not None]
    unknown = len(found.runs) - len(paid)
    more = f", and {unknown} of unknown price" if unknown else ""
    yield f"{number(len(found.runs), 'run')}, ${sum(paid):.2f}{more}"
    if any(run.stopped for run in found.runs):
        yield f"{STOPPED} stopped before its last case"
    if found.parts:
        yield f"{number(found.parts, 'run')} of benchmarks, audits and the like: --all"
    if found.unreadable:
        names = ", ".join(folder.name for folder in found.unreadable)
        yield f"{number(len(found.unreadable), 'folder')} could not be read: {names}"


def cells(run: RunInfo) -> list[str]:
    """A run's row."""
    from judgekit.cli.render.tables import rate_text, score_text

    shown = rate_text if run.scale == "share" else score_text
    judge = run.judge + (f" · {run.model}" if run.model else "")
    return [
        run.started[:16].replace("T", " "),
        judge if len(judge) <= WIDEST else judge[: WIDEST - 1] + "…",
        f"{run.cases}{STOPPED if run.stopped else ''}",
        "–" if run.figure is None else shown(run.figure),
        str(run.calls),
        "?" if run.cost_usd is None else f"${run.cost_usd:.2f}",
        run.folder.name,
    ]


@app.command("diff")
def diff(
    before: Annotated[Path, typer.Argument(help="The earlier run's folder.")],
    after: Annotated[Path, typer.Argument(help="The later run's folder.")] = Path("runs/latest"),
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Say what changed from one run to another: settings, figures, outcomes."""
    from judgekit.runs.diff import diff_runs

    found = diff_runs(before, after)
    if as_json:
        from judgekit.cli.render.console import json_text

        print(json_text(found.as_dict()))
        return
    print_difference(found)


def print_difference(found: Difference) -> None:
    from rich.text import Text

    from judgekit.cli.render.console import safe, stdout_console
    from judgekit.cli.render.tables import number

    console = stdout_console()
    if not found.settings:
        console.print(Text("the same judge, settings and files"))
    print_changes("setting", found.settings)
    print_changes("figure", found.figures[:FIGURES])
    if len(found.figures) > FIGURES:
        left = number(len(found.figures) - FIGURES, "figure")
        console.print(Text(f"{left} more: --json", style="dim"))
    alone = [(found.only_before, "only before"), (found.only_after, "only after")]
    more = "".join(f", {n} {where}" for n, where in alone if n)
    if found.turned:
        console.print(Text("the second run has the answers the other way round, and is turned"))
    cases = number(found.cases, "case")
    console.print(Text(f"{cases} in both{more}; {found.same} with the same outcome"))
    if found.other_prompts:
        one = found.other_prompts == 1
        ids = "1 id in both stands" if one else f"{found.other_prompts} ids in both stand"
        console.print(Text(f"{ids} for other prompts in the second run: these are other cases"))
    if found.other_answers:
        console.print(Text(f"{found.other_answers} of them with other answers in the second run"))
    if found.kind == "scoring":
        console.print(Text(f"  {found.higher:5}  higher\n  {found.lower:5}  lower"))
    for (x, y), n in found.moves.items():
        console.print(Text(safe(f"  {n:5}  {x} → {y}")))
    if found.test is not None and found.test.p_value is not None:
        console.print(Text(test_sentence(found), style="bold"))
    elif found.untested:
        console.print(Text(found.untested, style="bold"))


def print_changes(what: str, changes: tuple[Change, ...]) -> None:
    """A table of what differs."""
    from rich.table import Table
    from rich.text import Text

    from judgekit.cli.render.console import safe, stdout_console

    if not changes:
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in (what, "before", "after"):
        table.add_column(name, overflow="fold")
    for change in changes:
        values = (brief(change.before), brief(change.after))
        table.add_row(Text(safe(change.name)), *(Text(safe(v)) for v in values))
    stdout_console().print(table)


def brief(value: Any) -> str:
    return "–" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)


def test_sentence(found: Difference) -> str:
    """The paired test in words."""
    test = found.test
    if test is None or test.difference.value is None or test.p_value is None:
        return ""
    d = test.difference
    inside = "" if d.low is None or d.high is None else f" (95 % {d.low:+.3f} to {d.high:+.3f})"
    told = "differ" if test.told_apart else "are not told apart"
    return f"on the same cases {d.value:+.3f}{inside}, p = {test.p_value:.3g}: the runs {told}"
