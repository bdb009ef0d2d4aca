"""The runs in a folder as a table for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from judgekit.cli.render.columns import GAP, Column, table_of
from judgekit.cli.render.console import PLAIN_WIDTH, safe, stdout_console
from judgekit.cli.render.figures import NONE, number, paid, rate_text, score_text
from judgekit.runs.index import Listing, RunInfo

__all__ = ["listing_notes", "listing_table", "print_listing"]

WIDEST = 48  # characters of a judge: a jury names all its jurors
STOPPED = "*"  # after the number of cases
LEAST_IMPORTANT = ("calls", "judge", "cost", "cases", "result (95 %)", "started")


def print_listing(listing: Listing) -> None:
    """A line per run, then what they cost and what is not among them."""
    console = stdout_console()
    columns = fitting(listing.runs, console.width)
    console.print(listing_table(listing, columns), soft_wrap=True)
    for line in listing_notes(listing):
        console.print(Text(safe(line), style="dim"))


def listing_table(listing: Listing, columns: Sequence[Column[RunInfo]]) -> Table:
    """A line per run, none of it cut: a run's name is there to be copied."""
    return table_of(columns, listing.runs, PLAIN_WIDTH)


def fitting(runs: Sequence[RunInfo], width: int) -> Sequence[Column[RunInfo]]:
    """The columns that fit, without the least important ones; the run's name always stays."""
    columns = list(COLUMNS)
    for name in LEAST_IMPORTANT:
        cells = [[c.name, *(c.text(run) for run in runs)] for c in columns]
        widths = [max(map(cell_len, column)) for column in cells]
        if sum(widths) + GAP * (len(columns) - 1) <= width:
            break
        columns = [column for column in columns if column.name != name]
    return columns


def listing_notes(listing: Listing) -> Iterator[str]:
    """What stands below the listing."""
    known = [run for run in listing.runs if run.cost_usd is not None]
    unknown = len(listing.runs) - len(known)
    more = f", and {unknown} of unknown price" if unknown else ""
    yield f"{number(len(listing.runs), 'run')}, {paid(known, digits=2)}{more}"
    if any(run.stop for run in listing.runs):
        yield f"{STOPPED} stopped before its last case"
    if listing.parts:
        yield f"{number(listing.parts, 'run')} of benchmarks, audits and the like: --all"
    if listing.unreadable:
        names = ", ".join(folder.name for folder in listing.unreadable)
        yield f"{number(len(listing.unreadable), 'folder')} could not be read: {names}"


def judge_text(run: RunInfo) -> str:
    """The judge and its model, cut where several are named."""
    judge = run.judge + (f" · {run.model}" if run.model else "")
    return judge if len(judge) <= WIDEST else judge[: WIDEST - 1] + "…"


def result_text(run: RunInfo) -> str:
    """The win rate or the mean score; rankings have neither."""
    if run.metric is None:
        return NONE
    return rate_text(run.metric) if run.scale == "share" else score_text(run.metric)


COLUMNS: Sequence[Column[RunInfo]] = (
    Column("run", lambda run: run.folder.name, numeric=False),
    Column("started", lambda run: run.started[:16].replace("T", " "), numeric=False),
    Column("judge", judge_text, numeric=False),
    Column("cases", lambda run: f"{run.cases}{STOPPED if run.stop else ''}"),
    Column("result (95 %)", result_text),
    Column("calls", lambda run: str(run.calls)),
    Column("cost", lambda run: paid([run], digits=2)),
)
