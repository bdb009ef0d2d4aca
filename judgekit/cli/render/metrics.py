"""What the metrics of a summary mean, for people."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from judgekit.cli.render.columns import Column, table_of
from judgekit.cli.render.console import stdout_console
from judgekit.stats.summaries.reference import MetricEntry

__all__ = ["print_metric", "print_metrics"]

COLUMNS: Sequence[Column[MetricEntry]] = (
    Column("metric", lambda entry: entry.path, numeric=False),
    Column("runs", lambda entry: ", ".join(entry.kinds), numeric=False),
    Column("definition", lambda entry: entry.metric.definition, numeric=False),
)


def print_metrics(entries: Sequence[MetricEntry]) -> None:
    """Every metric with its definition, a row each."""
    console = stdout_console()
    console.print(table_of(COLUMNS, entries, console.width))


def print_metric(entry: MetricEntry) -> None:
    """One metric in full."""
    metric = entry.metric
    parts = {
        "unit": metric.unit,
        "out of": metric.denominator,
        "formula": metric.formula,
        "interval": "95 %, clustered by prompt: value, low and high" if entry.interval else "",
        "runs": ", ".join(entry.kinds),
        "formerly": entry.former,
    }
    console = stdout_console()
    console.print(Text(f"{entry.path}: {metric.definition}"), soft_wrap=True)
    for name, text in parts.items():
        if text:
            console.print(Text(f"  {name + ':':<10} {text}"), soft_wrap=True)
