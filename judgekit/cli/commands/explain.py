"""`judgekit explain`: what a metric of `summary.json` means."""

from __future__ import annotations

from typing import Annotated

import typer

__all__ = ["explain"]


def explain(
    metric: Annotated[
        str | None,
        typer.Argument(help="Its name, such as win_rate_a or position.first_share. Default: all."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Explain a metric of a run's summary: definition, unit, denominator and formula."""
    from judgekit.cli.render.console import json_text
    from judgekit.cli.render.metrics import print_metric, print_metrics
    from judgekit.stats.summaries import reference

    entries = reference.list_metrics() if metric is None else reference.explain(metric)
    if as_json:
        print(json_text({"metrics": [entry.to_dict() for entry in entries]}))
    elif metric is None:
        print_metrics(entries)
    else:
        for entry in entries:
            print_metric(entry)
