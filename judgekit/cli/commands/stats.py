"""`judgekit stats`: what else finished runs can tell; nothing is judged again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from judgekit.errors import InputError

if TYPE_CHECKING:
    from rich.table import Table

    from judgekit.runs.analysis import Analysis, Labelled
    from judgekit.stats import Rate
    from judgekit.stats.bradley_terry import Ratings

__all__ = ["stats"]


def stats(
    runs: Annotated[list[Path] | None, typer.Argument(help="The runs' folders.")] = None,
    labels: Annotated[
        Path | None,
        typer.Option(help="People's labels of some cases: rows of id and label (A, B or tie)."),
    ] = None,
    prior: Annotated[
        float,
        typer.Option(help="Of ratings: made-up games between every two models, split evenly."),
    ] = 0.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Say more of a run: its win rate at equal length, corrected by labels, the prompts needed.

    Of several runs, or a ranking: Bradley-Terry ratings of all their models.
    """
    from judgekit.runs import reader
    from judgekit.runs.analysis import analyse, rate_models

    folders = runs or [Path("runs/latest")]
    if prior < 0:
        raise InputError(f"--prior must be at least 0, not {prior!r}")
    if len(folders) == 1 and not reader.holds_rankings(reader.resolve(folders[0])):
        found = analyse(folders[0], labels)
        print_object(found.as_dict()) if as_json else print_analysis(found)
        return
    if labels is not None:
        raise InputError("--labels belong to one comparison; name its run alone")
    rated = rate_models(folders, prior=prior)
    if as_json:
        from dataclasses import asdict

        print_object(asdict(rated))
    else:
        print_ratings(rated)


def print_object(figures: object) -> None:
    from judgekit.cli.render.console import json_text

    print(json_text(figures))


def share(rate: Rate) -> str:
    from judgekit.cli.render.tables import rate_text

    return rate_text(rate.as_dict())


def number(rate: Rate) -> str:
    from judgekit.cli.render.tables import score_text

    return score_text(rate.as_dict())


def new_table() -> Table:
    from rich.table import Table

    return Table(box=None, show_header=False, pad_edge=False)


def print_analysis(found: Analysis) -> None:
    """A comparison's further figures, a line each; where there is none, why."""
    from rich.text import Text

    from judgekit.cli.render.console import safe, stdout_console

    console = stdout_console()
    console.print(Text(safe(f"{found.a} against {found.b}"), style="bold"))
    table = new_table()

    def line(name: str, value: str, remark: str = "") -> None:
        table.add_row(Text(name, style="dim"), Text(safe(value)), Text(safe(remark), style="dim"))

    length = found.length
    line("win rate at equal length", share(length.rate), length.reason)
    if length.unequal:
        remark = f"of {length.unequal} cases of unequal length; ties half"
        line("the longer answer wins", share(length.longer_wins), remark)
    if length.mean_difference is not None:
        line("mean difference in length", f"{length.mean_difference:+.0f} characters")
    if length.effect.value is not None:
        line("effect of length", number(length.effect), "log-odds per standard deviation")
    if found.prompts_needed:
        for difference, prompts in found.prompts_needed.items():
            what = f"to tell {100 * (0.5 + difference):.0f} % from one half"
            line(what, f"{prompts} prompts", f"here: {found.prompts}")
    if found.labelled is not None:
        for row in label_rows(found.labelled):
            line(*row)
    console.print(table)


def label_rows(labelled: Labelled) -> list[tuple[str, str, str]]:
    """What people's labels say of the judge and of its win rate."""
    agree, fixed = labelled.agreement, labelled.corrected
    rows = [
        ("agrees with labels", share(agree.equal), f"{agree.cases} cases"),
        ("… without ties", share(agree.without_ties), f"{agree.decisive} cases"),
        ("Cohen's kappa", number(agree.kappa), ""),
        ("win rate by labels alone", share(fixed.by_labels), f"{fixed.labelled} cases"),
        ("win rate corrected", share(fixed.rate), fixed.reason or narrower(fixed.narrower)),
    ]
    if agree.undecided:
        rows.append(("labelled, but undecided", str(agree.undecided), "cases"))
    if labelled.unknown:
        rows.append(("labels of other cases", str(labelled.unknown), ""))
    return rows


def narrower(by: float | None) -> str:
    return "" if by is None else f"interval {100 * by:.0f} % narrower than the labels' own"


def print_ratings(found: Ratings) -> None:
    """Models by rating, best first."""
    from dataclasses import asdict

    from rich.text import Text

    from judgekit.cli.render.console import safe, stdout_console
    from judgekit.cli.render.ratings import SCALE, ratings_table

    console = stdout_console()
    if found.reason:
        console.print(Text(safe(f"no ratings: {found.reason}"), style="bold"))
    console.print(ratings_table(asdict(found)["models"]))
    if found.models:
        console.print(Text(f"{found.prompts} prompts; {SCALE}", style="dim"))
