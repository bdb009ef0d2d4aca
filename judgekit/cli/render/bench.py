"""Judges on labelled sets as tables for people; everything here goes to standard output."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from rich.table import Table
from rich.text import Text

from judgekit.cli.render.columns import Heading, grid
from judgekit.cli.render.console import safe, stdout_console
from judgekit.cli.render.figures import NONE, asked_text, costs, number, price
from judgekit.runs.bench_report import BenchReport, JudgeResult, SetResult
from judgekit.stats import Rate

__all__ = ["print_bench", "print_estimates"]

Part = Literal["category", "language"]
WIDE = 4  # judges whose metrics fit side by side with all their intervals
SILENT = "no verdict"


def print_bench(report: BenchReport, by: Part | None, folder: Path) -> None:
    """The report as one table, the tests in words, the sources of the sets, and the folder."""
    console = stdout_console()
    console.print(Text("right in both orders, in % of the labels (95 % interval)", style="italic"))
    console.print(table(report.sets, by))
    for result in report.sets:
        for line in (*without_parts(result, by), *tests(result), *stops(result)):
            console.print(Text(safe(line)))
    for result in report.sets:
        console.print(Text(safe(origin(result)), style="dim"))
    console.print(Text(safe(asked_and_paid(report.sets)), style="dim"))
    console.print(Text(safe(str(folder))), soft_wrap=True)


def without_parts(result: SetResult, by: Part | None) -> Iterator[str]:
    """Says where a set has none of the parts that were asked for."""
    if by and not parts(result.judges, by):
        yield f"{result.name}: no pair has a {by}, so there are no results by {by}"


def table(sets: Sequence[SetResult], by: Part | None) -> Table:
    """A row for each set with its metrics below it, and a column for each judge."""
    drawn = Table(box=None, pad_edge=False, header_style="dim")
    drawn.add_column("", overflow="fold")
    names = short_names(sets[0])
    narrow = len(names) > WIDE
    apart = "\n" if narrow else " "
    for judge in sets[0].judges:
        style = "dim" if judge.trivial else ""
        shown = Text(safe(names[judge.judge]), style=style)
        drawn.add_column(shown, justify="right", style=style, overflow="fold")
    for result in sets:
        head = Text(f"{safe(result.name)}, {size(result)}", style="bold")
        cells = [
            SILENT if judge.without_verdict else percent(judge.accuracy.accuracy, apart)
            for judge in result.judges
        ]
        drawn.add_row(head, *(Text(cell, style="bold") for cell in cells))
        for name, cells in rows(result, narrow=narrow):
            drawn.add_row(Text(f"  {name}", style="dim"), *cells)
        for label, cells in part_rows(result, by, apart):
            drawn.add_row(Text(safe(f"  {label}")), *cells)
    return drawn


def part_rows(result: SetResult, by: Part | None, apart: str) -> Iterator[tuple[str, list[str]]]:
    """The accuracy in each category or language, with its number of questions."""
    if by is None:
        return
    for part in parts(result.judges, by):
        metrics = [judge.by(by).get(part) for judge in result.judges]
        most = max(metric.questions for metric in metrics if metric)
        cells = [
            NONE if metric is None or judge.without_verdict else percent(metric.accuracy, apart)
            for judge, metric in zip(result.judges, metrics, strict=True)
        ]
        yield f"{part}, {most}", cells


def short_names(result: SetResult) -> dict[str, str]:
    """A short name for each judge: its own name over the end of its model's, if that is unique."""
    short = {}
    for judge in result.judges:
        name, _, model = judge.judge.partition("@")
        short[judge.judge] = f"{name}\n{model.rpartition('/')[2]}" if model else name
    return short if len(set(short.values())) == len(short) else {name: name for name in short}


def size(result: SetResult) -> str:
    """``419 pairs``, and of how many questions where pairs are right only together."""
    pairs = number(result.cases, "pair")
    if result.questions == result.cases:
        return pairs
    return f"{pairs} of {number(result.questions, 'question')}"


def rows(result: SetResult, *, narrow: bool) -> Iterator[tuple[str, list[str]]]:
    """The metrics below a set's accuracy; without their intervals where there is no room."""
    judges = result.judges
    metrics = [judge.accuracy for judge in judges]
    apart = None if narrow else " "

    def shares(rates: Sequence[Rate]) -> list[str]:
        return [percent(rate, apart) for rate in rates]

    def with_verdict(rates: Sequence[Rate]) -> list[str]:
        cells = zip(shares(rates), judges, strict=True)
        return [NONE if judge.without_verdict else cell for cell, judge in cells]

    yield "a shown first", with_verdict([m.accuracy_ab for m in metrics])
    yield "b shown first", with_verdict([m.accuracy_ba for m in metrics])
    yield "position consistency", with_verdict([m.position.consistent for m in metrics])
    yield "percent agreement", shares([m.agreement.equal for m in metrics])
    yield "without ties", shares([m.agreement.without_ties for m in metrics])
    yield "kappa", [kappa(m.agreement.kappa, apart) for m in metrics]
    if any(m.undecided for m in metrics):
        yield "no verdict", [str(m.undecided) for m in metrics]
        yield "trials without a verdict", [reasons(m.statuses) for m in metrics]
    if any(j.stopped for j in judges):
        yield (
            "stopped after",
            [number(j.accuracy.cases, "pair") if j.stopped else "" for j in judges],
        )
    if any(j.unfinished for j in judges):
        yield "left out: question cut off", [number(j.unfinished, "pair") for j in judges]


def parts(judges: Sequence[JudgeResult], by: Part) -> list[str]:
    """The names of the parts that any judge has metrics of."""
    return sorted({part for judge in judges for part in judge.by(by)})


def percent(rate: Rate, apart: str | None = " ") -> str:
    """A share and its interval, `apart` between them; None: the share alone."""
    if rate.value is None or rate.low is None or rate.high is None:
        return NONE
    shown = f"{100 * rate.value:.1f}"
    return (
        shown if apart is None else f"{shown}{apart}({100 * rate.low:.0f} to {100 * rate.high:.0f})"
    )


def kappa(rate: Rate, apart: str | None = " ") -> str:
    """Kappa and its interval, likewise."""
    if rate.value is None:
        return NONE
    if apart is None or rate.low is None or rate.high is None:
        return f"{rate.value:.2f}"
    return f"{rate.value:.2f}{apart}({rate.low:.2f} to {rate.high:.2f})"


def reasons(statuses: Mapping[str, int]) -> str:
    """``3 unparsed, 1 failed``."""
    wrong = [f"{n} {name}" for name, n in statuses.items() if n and name != "valid"]
    return ", ".join(wrong) or "0"


def tests(result: SetResult) -> Iterator[str]:
    """Each judge against each other and against the best trivial one; last who has no test."""
    trivial = {j.judge: j.accuracy.accuracy.value or 0.0 for j in result.judges if j.trivial}
    names = short_names(result)
    best = max(trivial, key=lambda name: trivial[name], default=None)
    for comparison in result.tests:
        difference = comparison.test.difference
        other_trivial = comparison.against in trivial and comparison.against != best
        if other_trivial or difference.value is None:
            continue
        interval = ""
        if difference.low is not None and difference.high is not None:
            interval = f" (95 % {100 * difference.low:+.1f} to {100 * difference.high:+.1f})"
        verdict = "they differ" if comparison.test.told_apart else "no difference seen"
        one, other = (one_line(names, j) for j in (comparison.judge, comparison.against))
        yield (
            f"{result.name}: {one} against {other} {100 * difference.value:+.1f} points{interval}, "
            f"p = {comparison.test.p_value:.3g}: {verdict}"
        )
    for judge in result.judges:
        if judge.without_verdict:
            yield f"{result.name}: {one_line(names, judge.judge)}: no verdict, not compared"


def stops(result: SetResult) -> Iterator[str]:
    """The judges whose run ended before all pairs of the set, after how many, and why."""
    names = short_names(result)
    for judge in result.judges:
        if judge.stopped:
            judged = judge.accuracy.cases + judge.unfinished
            yield (
                f"{result.name}: {one_line(names, judge.judge)} stopped after {judged} of "
                f"{number(result.cases, 'pair')}: {judge.stopped}"
            )


def one_line(names: Mapping[str, str], judge: str) -> str:
    """A judge's short name, in one line."""
    return names[judge].replace("\n", " ")


def origin(result: SetResult) -> str:
    """A set's source and licence, what was left out, and its note."""
    lines = [f"{result.name}: {result.source}", f"licence {result.licence or 'not stated'}"]
    lines += [f"{n} left out: {reason}" for reason, n in result.left_out.items()]
    if result.note:
        lines.append(result.note)
    return "; ".join(lines)


def asked_and_paid(sets: Sequence[SetResult]) -> str:
    """What was asked and paid."""
    asking = [judge for result in sets for judge in result.judges if judge.model is not None]
    return ", ".join([asked_text(asking), *costs(asking)])


def print_estimates(estimates: Sequence[Mapping[str, Any]]) -> None:
    """What would be asked: a line for each set and judge, and the sum last."""
    console = stdout_console()
    names = ("pairs", "calls at most", "tokens in", "tokens out", "cost")
    rows: list[Sequence[Text | str]] = [
        (
            Text(safe(e["set"])),
            Text(safe(e["judge"])),
            NONE if e["cases"] is None else str(e["cases"]),
            NONE if e["calls"] is None else str(e["calls"]),
            *(NONE if e[n] is None else f"~{e[n]}" for n in ("tokens_in", "tokens_out")),
            price(e["cost_usd"], about="~"),
        )
        for e in estimates
    ]
    headings = [Heading("set", numeric=False), Heading("judge", numeric=False)]
    console.print(grid([*headings, *map(Heading, names)], rows, console.width))
    console.print(Text("replies in the store are not asked for again", style="dim"))
