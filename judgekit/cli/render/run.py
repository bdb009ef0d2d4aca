"""Finished runs for people: the tables, the sentence, what they cost, and their folders."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from judgekit.cli.render import ranking, tables
from judgekit.cli.render.console import safe, stdout_console
from judgekit.cli.render.figures import asked_text, costs, number
from judgekit.cli.render.jury import print_parts
from judgekit.stats import RankingSummary, ScoreSummary, Summary

if TYPE_CHECKING:
    from rich.console import Console

    from judgekit.api import AnyRun
    from judgekit.runs import RunMetadata
    from judgekit.stats.summaries.document import AnySummary

__all__ = ["print_run", "print_runs", "print_summary"]


def print_run(run: AnyRun) -> None:
    """One run: its tables, the sentence, what it cost, and last its folder."""
    console = stdout_console()
    print_summary(console, run.summary)
    if not isinstance(run.summary, RankingSummary):
        print_parts(console, run.summary)
    console.print(Text(safe(run.sentence), style="bold"))
    console.print(Text(safe(footer(run.metadata)), style="dim"))
    console.print(Text(safe(str(run.folder))), soft_wrap=True)


def print_summary(console: Console, summary: AnySummary) -> None:
    """The tables of a run's summary."""
    if isinstance(summary, RankingSummary):
        ranking.print_summary(console, summary)
    else:
        tables.print_summary(console, summary)


def print_runs(runs: Sequence[AnyRun]) -> None:
    """Several comparisons, or several scorings, in one table, then their folders."""
    console = stdout_console()
    summaries = [run.summary for run in runs]
    if heading := summaries[0].heading:
        console.print(Text(safe(heading), style="italic"))
    if compared := [s for s in summaries if isinstance(s, Summary)]:
        console.print(tables.comparisons_table(compared, console.width))
        matrix = ranking.comparisons_matrix(compared, console.width)
        if matrix is not None:
            console.print()
            console.print(matrix)
    if scored := [s for s in summaries if isinstance(s, ScoreSummary)]:
        console.print(tables.scores_table(scored, console.width))
    for run in runs:
        console.print(Text(safe(run.sentence)))
    for run in runs:
        console.print(Text(safe(str(run.folder)), style="dim"), soft_wrap=True)


def footer(metadata: RunMetadata) -> str:
    """What the run asked and cost."""
    counts = metadata.counts
    parts = [asked_text([counts], asks=bool(metadata.model))]
    if counts.tokens_in or counts.tokens_out:
        cached = f" ({counts.tokens_cached} cached)" if counts.tokens_cached else ""
        parts.append(f"{counts.tokens_in}{cached} + {counts.tokens_out} tokens")
    parts += costs([counts])
    if metadata.stop is not None:
        left = f"{counts.trials - counts.judged} of {number(counts.trials, 'showing')}"
        parts.append(f"{left} {'not judged' if metadata.stop.cut_short else 'saved'}")
    if refused := [name for name, became in metadata.settled.items() if became == "left out"]:
        parts.append(f"the server refuses {', '.join(refused)}: left out")
    retries = sum(counts.retries.values())
    if retries:
        parts.append("1 retry" if retries == 1 else f"{retries} retries")
    parts.append(f"{metadata.seconds:.1f} s")
    return " · ".join(parts)
