"""`judgekit stats`: further metrics of finished runs; nothing is judged again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from judgekit.cli.format_flag import FormatFlag, choose_format
from judgekit.errors import InputError

__all__ = ["stats"]


def stats(
    runs: Annotated[
        list[Path] | None, typer.Argument(help="The runs' folders. Default: runs/latest.")
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(help="People's labels of some cases: rows of id and label (A, B or tie)."),
    ] = None,
    prior: Annotated[
        float | None,
        typer.Option(
            help="For ratings: add so many games between every two models, split evenly. Default: "
            "none, or as many as `rank --games` did if a run is of that."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    form: FormatFlag = "table",
) -> None:
    """Compute length-controlled and prediction-powered win rates, and the prompts needed.

    For several runs, or a ranking: Bradley-Terry ratings of all their models.
    """
    from judgekit.cli.render.analysis import print_analysis, print_ratings
    from judgekit.cli.render.console import json_text
    from judgekit.cli.render.export import print_csv
    from judgekit.runs import StoredRun
    from judgekit.runs.analysis import analyse, rate_models
    from judgekit.stats.plain import encode

    choose_format(form, as_json=as_json)
    folders = runs or [Path("runs/latest")]
    if prior is not None and prior < 0:
        raise InputError(f"--prior must be at least 0, not {prior!r}")
    if len(folders) == 1 and StoredRun.open(folders[0]).kind != "rank":
        analysis = analyse(folders[0], labels)
        if form == "csv":
            print_csv([analysis.to_dict()])
            return
        print(json_text(analysis.to_dict())) if as_json else print_analysis(analysis)
        return
    if labels is not None:
        raise InputError("--labels belong to one comparison; name its run alone")
    ratings = rate_models(folders, prior=prior)
    if form == "csv":
        print_csv(encode(ratings)["models"])
        return
    print(json_text(encode(ratings))) if as_json else print_ratings(ratings)
