"""`judgekit runs`: what was run and what it cost; and what changed between two runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from judgekit.cli.format_flag import FormatFlag, choose_format

__all__ = ["app"]

app = typer.Typer(help="List runs and their costs, and compare two of them.")

JSON = typer.Option("--json", help="Print one JSON object.")


@app.command("list")
def list_folder(
    folder: Annotated[Path, typer.Argument(help="The folder of the runs.")] = Path("runs"),
    parts: Annotated[
        bool, typer.Option("--all", help="Include the runs that other runs or benchmarks contain.")
    ] = False,
    as_json: Annotated[bool, JSON] = False,
    form: FormatFlag = "table",
) -> None:
    """List the runs in a folder, newest first."""
    from judgekit.cli.render.console import json_text
    from judgekit.cli.render.export import print_csv
    from judgekit.cli.render.listing import print_listing
    from judgekit.runs.index import list_runs

    choose_format(form, as_json=as_json)
    listing = list_runs(folder, parts=parts)
    if as_json:
        print(json_text(listing.to_dict()))
    elif form == "csv":
        print_csv(listing.to_dict()["runs"])
    else:
        print_listing(listing)


@app.command("diff")
def diff(
    before: Annotated[Path, typer.Argument(help="The earlier run's folder.")],
    after: Annotated[Path, typer.Argument(help="The later run's folder.")] = Path("runs/latest"),
    why: Annotated[
        bool,
        typer.Option("--why", help="Name each reply that the later run reads otherwise."),
    ] = False,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Show what changed between two runs: settings, metrics, outcomes."""
    from judgekit.cli.render.console import json_text
    from judgekit.cli.render.difference import print_difference, print_rereadings
    from judgekit.runs.diff import diff_runs
    from judgekit.runs.rereadings import rereadings
    from judgekit.stats.plain import encode

    difference = diff_runs(before, after)
    reread = rereadings(before, after) if why else None
    if as_json:
        more = {} if reread is None else {"rereadings": encode(reread)}
        print(json_text(difference.to_dict() | more))
        return
    print_difference(difference)
    if reread is not None:
        print_rereadings(reread, difference)
