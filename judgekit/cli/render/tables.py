"""Comparisons and scorings as tables for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from judgekit.cli.render.columns import Column, Heading, grid, table_of
from judgekit.cli.render.console import safe, stdout_console
from judgekit.cli.render.criteria import compared_criteria, scored_criteria
from judgekit.cli.render.figures import NONE, number, percent, points, price, rate_text, score_text
from judgekit.stats import Positions, RankingSummary, ScoreSummary, Summary
from judgekit.stats.summaries.classes import ClassShare

if TYPE_CHECKING:
    from rich.console import Console

    from judgekit.jobs.estimate import Estimate
    from judgekit.jobs.runnable import Runnable

__all__ = [
    "comparisons_table",
    "input_lines",
    "position_lines",
    "print_estimates",
    "print_summary",
    "scores_table",
    "win_rate_name",
    "with_reasons",
]

FEW = 4  # models by name in one cell
ANYTIME = "anytime-valid win rate"
CONSISTENCY = "position consistency"

Line = tuple[str, str]
"""A metric's name and its value, as a table shows them."""


SCORE_COLUMNS: Sequence[Column[ScoreSummary]] = (
    Column("model", lambda s: s.a, numeric=False),
    Column("mean score (95 %)", lambda s: score_text(s.mean_score)),
    Column("answers", lambda s: str(s.scored)),
    Column("without a score", lambda s: str(s.no_verdict)),
)


def comparisons_table(summaries: Sequence[Summary], width: int) -> Table:
    """Several comparisons, a row each."""
    return table_of(comparison_columns(summaries), summaries, width)


def comparison_columns(summaries: Sequence[Summary]) -> Sequence[Column[Summary]]:
    """The columns of comparisons by one judge, at least one; rates by the names that they have."""
    return (
        Column("model", lambda s: s.a, numeric=False),
        Column("against", lambda s: s.b, numeric=False),
        Column(f"{win_rate_name(summaries)} (95 %)", lambda s: rate_text(s.stated_win_rate_a)),
        Column("wins", lambda s: str(s.wins_a)),
        Column("losses", lambda s: str(s.wins_b)),
        Column("ties", lambda s: str(s.ties)),
        Column("inconsistent", lambda s: str(s.inconsistent)),
        Column("no verdict", lambda s: str(s.no_verdict)),
        Column(consistency_name(summaries[0]), lambda s: percent(s.position.consistent.value)),
    )


def win_rate_name(summaries: Sequence[Summary]) -> str:
    """What `Summary.stated_win_rate_a` is called where it stands in one column."""
    anytime = any(s.anytime_win_rate_a is not None for s in summaries)
    return ANYTIME if anytime else "win rate"


def consistency_name(s: Summary) -> str:
    """What `position.consistent` is called; where it rests on other cases, by another name."""
    if s.jury is not None:
        return "winners consistent to most jurors"
    return CONSISTENCY if s.adaptive is None else f"{CONSISTENCY} (calibration)"


def scores_table(summaries: Sequence[ScoreSummary], width: int) -> Table:
    """Several scorings, a row each; of a classifier with a column per class."""
    names = list(dict.fromkeys(c.name for s in summaries for c in s.classes or ()))
    if not names:
        return table_of(SCORE_COLUMNS, summaries, width)
    shares = [Column(f"{name} (95 %)", partial(share_cell, name)) for name in names]
    model, _, answers, without = SCORE_COLUMNS
    return table_of(
        [model, *shares, answers, replace(without, name="without a class")], summaries, width
    )


def share_cell(name: str, summary: ScoreSummary) -> str:
    """The share of one class."""
    return next((rate_text(c.share) for c in summary.classes or () if c.name == name), NONE)


def print_summary(console: Console, summary: Summary | ScoreSummary) -> None:
    """A run's summary, a line per metric, under a title that names who judged whom."""
    if isinstance(summary, Summary):
        names, lines = f"{summary.a} against {summary.b}", comparison_lines(summary)
    else:
        names, lines = summary.a, score_lines(summary)
    title = Text()
    if summary.heading:
        title.append(safe(summary.heading) + "\n", style="italic")
    title.append(safe(names), style="bold")
    by = summary.judge + (f" · {summary.model}" if summary.model else "")
    title.append(f"  judged by {safe(by)}")
    console.print(title)
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim")
    table.add_column()
    for name, value in lines + input_lines(summary):
        table.add_row(Text(safe(name)), Text(safe(value)))
    console.print(table)


def comparison_lines(s: Summary) -> list[Line]:
    """The metrics of a comparison."""
    rows = [*count_lines(s), (f"win rate of {s.a}", rate_text(s.win_rate_a))]
    if s.anytime_win_rate_a is not None:
        rows.append((ANYTIME, rate_text(s.anytime_win_rate_a)))
    rows.append(("mean over trials", rate_text(s.win_rate_mean_a)))
    if s.no_verdict:
        bounds = f"{percent(s.bounds_a.low)} to {percent(s.bounds_a.high)}"
        rows.append(("if all without a verdict went one way", bounds))
    if s.inconsistent_bounds_a is not None:
        low, high = s.inconsistent_bounds_a.low, s.inconsistent_bounds_a.high
        rows.append(("if all inconsistent went one way", f"{percent(low)} to {percent(high)}"))
    if s.mean_score_a is not None and s.mean_score_b is not None:
        rows.append((f"mean score of {s.a}", score_text(s.mean_score_a)))
        rows.append((f"mean score of {s.b}", score_text(s.mean_score_b)))
    rows += compared_criteria(s.rubric, s.a, s.b)
    rows += difference_lines(s)
    if s.adaptive is not None:
        shift = s.adaptive.shift_a
        off = "" if shift.value is None else f"; shifts the win rate by {points(shift)}"
        rows.append(("shown in one order", f"{number(s.adaptive.shown_once, 'case')}{off}"))
    return rows + position_lines(s.position, consistency_name(s))


def count_lines(s: Summary) -> list[Line]:
    """The cases of a comparison by their outcomes."""
    identical = f"  ({s.identical} of them identical)" if s.identical else ""
    rows = [
        ("cases", str(s.cases)),
        (f"{s.a} wins", str(s.wins_a)),
        (f"{s.b} wins", str(s.wins_b)),
        ("ties", f"{s.ties}{identical}"),
    ]
    if s.position.consistent.value is not None or s.inconsistent:
        rows.append(("inconsistent", str(s.inconsistent)))
    return [*rows, ("no verdict", with_reasons(s.no_verdict, s.statuses))]


def position_lines(position: Positions, name: str = CONSISTENCY) -> list[Line]:
    """What the position of an answer does; empty where no case was shown in both orders.

    `name`: what the first of its shares is called.
    """
    if position.consistent.value is None:
        return []
    shares = ", ".join(
        f"{outcome} {percent(rate.value)}"
        for outcome, rate in (
            ("first twice", position.first),
            ("second twice", position.second),
            ("half a tie", position.half_tie),
            ("error", position.error),
        )
        if rate.value
    )
    return [
        (name, rate_text(position.consistent)),
        *([("other cases", shares)] if shares else []),
        ("first shown is chosen", rate_text(position.first_share)),
    ]


def score_lines(s: ScoreSummary) -> list[Line]:
    """The metrics of a scoring, with a histogram."""
    if s.classes is not None:
        return class_lines(s, s.classes)
    rows = [
        ("answers", str(s.cases)),
        ("without a score", with_reasons(s.no_verdict, s.statuses)),
        ("mean score", score_text(s.mean_score)),
    ]
    most = max((b.count for b in s.histogram), default=0)
    for b in s.histogram:
        bar = "█" * round(30 * b.count / most)
        values = f"{b.low:g}" if b.low == b.high else f"{b.low:g} to {b.high:g}"
        rows.append((f"  {values}", f"{bar} {b.count}"))
    return rows + scored_criteria(s.rubric)


def class_lines(s: ScoreSummary, classes: Sequence[ClassShare]) -> list[Line]:
    """The share of each class."""
    rows = [
        ("answers", str(s.cases)),
        ("without a class", with_reasons(s.no_verdict, s.statuses)),
    ]
    for c in classes:
        share = f"{rate_text(c.share)}, {number(c.count, 'answer')}"
        if s.no_verdict:
            ends = f"{percent(c.bounds.low)} to {percent(c.bounds.high)}"
            share += f"; {ends} if all without a class went one way"
        rows.append((f"  {c.name}", share))
    if s.mean_score.value is not None:
        rows.append(("mean value", score_text(s.mean_score)))
    return rows


def difference_lines(s: Summary) -> list[Line]:
    """How often each class is said of either model's answers, from the best class to the worst."""
    rows: list[Line] = []
    for c in s.classes or ():
        shares = f"{percent(c.share_a.value)} against {percent(c.share_b.value)}"
        p = "" if c.p_adjusted is None else f", p = {c.p_adjusted:.3f}"
        decisive = ", decisive" * c.decisive
        value = "" if c.value is None else f" (value {c.value:g})"
        rows.append((f"class {c.name}{value}", f"{shares}: {points(c.difference)}{p}{decisive}"))
    return rows


def with_reasons(count: int, statuses: Mapping[str, int]) -> str:
    """A number of cases, and how the trials ended that were not valid."""
    reasons = [f"{n} {name}" for name, n in statuses.items() if n and name != "valid"]
    return f"{count}  (trials: {', '.join(reasons)})" if reasons else str(count)


def input_lines(s: Summary | ScoreSummary | RankingSummary) -> list[Line]:
    """What was not judged, so that nothing is left out without a word."""
    rows = [(f"left out: {reason}", str(n)) for reason, n in s.left_out.items() if n]
    if s.repaired:
        rows.append(("texts repaired (broken characters)", str(s.repaired)))
    if s.stop is not None:
        left = f"{number((s.cases_planned or s.cases) - s.cases, 'case')} left"
        if isinstance(s, RankingSummary) and s.ratings is not None:
            left = f"{number(s.comparisons, 'comparison')} made"  # any number may be of one case
        rows.append(("stopped early", f"{s.stop.text}; {left}"))
    return rows


def print_estimates(estimates: Sequence[tuple[Runnable, Estimate]]) -> None:
    """What the jobs would ask and cost, and the interval to expect."""
    console = stdout_console()
    names = ("cases", "calls at most", "tokens in", "tokens out", "cost", "interval")
    rows = [
        (
            Text(safe(who(job.inputs.models))),
            str(e.cases),
            str(e.calls),
            NONE if e.tokens_in is None else f"~{e.tokens_in}",
            NONE if e.tokens_out is None else f"~{e.tokens_out}",
            price(e.cost_usd, about="~"),
            NONE if e.half_width is None else f"± {100 * e.half_width:.1f} points",
        )
        for job, e in estimates
    ]
    headings = [Heading("job", numeric=False), *map(Heading, names)]
    console.print(grid(headings, rows, console.width))
    console.print(Text("replies that the store holds are not asked for again", style="dim"))


def who(models: Sequence[str]) -> str:
    """Up to four models by name, of more their number."""
    return " against ".join(models) if len(models) <= FEW else f"{len(models)} models"
