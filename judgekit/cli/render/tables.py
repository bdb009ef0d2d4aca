"""Results as tables for people; everything here goes to standard output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from judgekit.cli.render.console import safe, stdout_console
from judgekit.cli.render.panel import print_parts
from judgekit.runs.failures import cut_short

if TYPE_CHECKING:
    from rich.console import Console

    from judgekit.api import Run
    from judgekit.jobs.estimate import Estimate
    from judgekit.jobs.runnable import Runnable

__all__ = [
    "number",
    "percent",
    "print_estimates",
    "print_run",
    "print_runs",
    "print_summary",
    "rate_text",
    "score_text",
]

NONE = "–"
FEW = 4  # models by name in one cell


def number(n: int, what: str) -> str:
    """``1 case``, ``2 cases``."""
    return f"{n} {what}{'s' * (n != 1)}"


def percent(value: float | None) -> str:
    return NONE if value is None else f"{100 * value:.1f} %"


def rate_text(rate: Mapping[str, float | None]) -> str:
    """A share with its 95 % interval."""
    if rate["value"] is None:
        return NONE
    if rate["low"] is None or rate["high"] is None:
        return percent(rate["value"])
    return f"{percent(rate['value'])}  ({100 * rate['low']:.1f} to {100 * rate['high']:.1f})"


def score_text(rate: Mapping[str, float | None]) -> str:
    """A mean score with its 95 % interval, on the judge's scale."""
    if rate["value"] is None:
        return NONE
    if rate["low"] is None or rate["high"] is None:
        return f"{rate['value']:.2f}"
    return f"{rate['value']:.2f}  ({rate['low']:.2f} to {rate['high']:.2f})"


def print_run(run: Run) -> None:
    """One run: its table, the sentence, what it cost, and last its folder."""
    console = stdout_console()
    summary = run.summary
    print_summary(console, summary)
    print_parts(console, summary)
    console.print(Text(safe(summary["sentence"]), style="bold"))
    console.print(Text(safe(footer(run)), style="dim"))
    console.print(Text(safe(str(run.folder))), soft_wrap=True)


def print_runs(runs: Sequence[Run]) -> None:
    """Several comparisons in one table, then their folders."""
    console = stdout_console()
    table = Table(box=None, pad_edge=False, header_style="dim")
    columns: Sequence[str]
    if "win_rate_a" in runs[0].summary:
        columns = (
            "model",
            "against",
            "win rate (95 %)",
            "wins",
            "losses",
            "ties",
            "inconsistent",
            "undecided",
            "consistent",
        )
        rows = [comparison_row(run.summary) for run in runs]
    else:
        columns = ("model", "mean score (95 %)", "answers", "without a score")
        rows = [scores_row(run.summary) for run in runs]
    for place, name in enumerate(columns):
        table.add_column(name, justify="left" if place < 2 else "right")
    for row in rows:
        table.add_row(*(Text(safe(cell)) for cell in row))
    heading = runs[0].summary.get("heading")
    if heading:
        console.print(Text(safe(heading), style="italic"))
    console.print(table)
    for run in runs:
        console.print(Text(safe(run.summary["sentence"])))
    for run in runs:
        console.print(Text(safe(str(run.folder)), style="dim"), soft_wrap=True)


def comparison_row(s: Mapping[str, Any]) -> list[str]:
    return [
        safe(s["a"]),
        safe(s["b"]),
        rate_text(s.get("watched_a") or s["win_rate_a"]),  # as the sentence below the table
        str(s["wins_a"]),
        str(s["wins_b"]),
        str(s["ties"]),
        str(s["inconsistent"]),
        str(s["undecided"]),
        percent(s["position"]["consistent"]),
    ]


def scores_row(s: Mapping[str, Any]) -> list[str]:
    return [safe(s["a"]), score_text(s["mean_score"]), str(s["scored"]), str(s["undecided"])]


def print_summary(console: Console, summary: Mapping[str, Any]) -> None:
    """A run's summary, a line a figure, under a title that names who judged whom."""
    title = Text()
    if summary["heading"]:
        title.append(safe(summary["heading"]) + "\n", style="italic")
    names = summary["a"] + (f" against {summary['b']}" if "b" in summary else "")
    title.append(safe(names), style="bold")
    by = summary["judge"] + (f" · {summary['model']}" if summary["model"] else "")
    title.append(f"  judged by {safe(by)}")
    console.print(title)
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim")
    table.add_column()
    rows = comparison_lines(summary) if "b" in summary else score_lines(summary)
    for name, value in rows + input_lines(summary):
        table.add_row(Text(safe(name)), Text(safe(value)))
    console.print(table)


def comparison_lines(s: Mapping[str, Any]) -> list[tuple[str, str]]:
    identical = f"  ({s['identical']} of them identical)" if s["identical"] else ""
    rows = [
        ("cases", str(s["cases"])),
        (f"{s['a']} wins", str(s["wins_a"])),
        (f"{s['b']} wins", str(s["wins_b"])),
        ("ties", f"{s['ties']}{identical}"),
    ]
    if s["position"]["consistent"] is not None or s["inconsistent"]:
        rows.append(("inconsistent", str(s["inconsistent"])))
    rows.append(("undecided", with_reasons(s["undecided"], s["statuses"])))
    rows.append((f"win rate of {s['a']}", rate_text(s["win_rate_a"])))
    if s.get("watched_a"):
        rows.append(("at every moment of the run", rate_text(s["watched_a"])))
    rows.append(("mean over trials", rate_text(s["win_rate_mean_a"])))
    if s["undecided"]:
        low, high = s["bounds_a"]["low"], s["bounds_a"]["high"]
        rows.append(("if all undecided went one way", f"{percent(low)} to {percent(high)}"))
    if s["mean_score_a"]:
        rows.append((f"mean score of {s['a']}", score_text(s["mean_score_a"])))
        rows.append((f"mean score of {s['b']}", score_text(s["mean_score_b"])))
    if (adaptive := s.get("adaptive")) is not None:
        shift = adaptive["shift_a"]
        off = "" if shift["value"] is None else f"; shifts the win rate by {points(shift)}"
        rows.append(("shown in one order", f"{number(adaptive['shown_once'], 'case')}{off}"))
    return rows + position_lines(s["position"], s["position_intervals"])


def points(shift: Mapping[str, float]) -> str:
    """A difference of shares with its interval, in points."""
    value, low, high = (100 * shift[name] for name in ("value", "low", "high"))
    return f"{value:+.1f} points ({low:+.1f} to {high:+.1f})"


def position_lines(
    position: Mapping[str, float | None], intervals: Mapping[str, Mapping[str, float | None]]
) -> list[tuple[str, str]]:
    if position["consistent"] is None:
        return []

    def whole(name: str) -> str:
        return rate_text({"value": position[name], **intervals[name]})

    shares = ", ".join(
        f"{name} {percent(position[key])}"
        for key, name in (
            ("first", "first twice"),
            ("second", "second twice"),
            ("half_tie", "half a tie"),
            ("error", "error"),
        )
        if position[key]
    )
    return [
        ("both orders agree", whole("consistent")),
        *([("where they do not", shares)] if shares else []),
        ("first shown is chosen", whole("first_share")),
    ]


def score_lines(s: Mapping[str, Any]) -> list[tuple[str, str]]:
    rows = [
        ("answers", str(s["cases"])),
        ("without a score", with_reasons(s["undecided"], s["statuses"])),
        ("mean score", score_text(s["mean_score"])),
    ]
    most = max((b["count"] for b in s["histogram"]), default=0)
    for b in s["histogram"]:
        bar = "█" * round(30 * b["count"] / most)
        rows.append((f"  {b['low']:g} to {b['high']:g}", f"{bar} {b['count']}"))
    return rows


def with_reasons(count: int, statuses: Mapping[str, int]) -> str:
    """A number of cases, and what became of the trials that were not valid."""
    reasons = [f"{n} {name}" for name, n in statuses.items() if n and name != "valid"]
    return f"{count}  (trials: {', '.join(reasons)})" if reasons else str(count)


def input_lines(s: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What was not judged, so that nothing is left out without a word."""
    rows = [(f"left out: {reason}", str(n)) for reason, n in s["left_out"].items() if n]
    if s["repaired"]:
        rows.append(("texts repaired (broken characters)", str(s["repaired"])))
    if s["stopped"]:
        left = f"{number(s['cases_planned'] - s['cases'], 'case')} left"
        if s.get("ratings") is not None:  # any number of games may be on one case
            left = f"{number(s['comparisons'], 'comparison')} made"
        rows.append(("stopped early", f"{s['stopped']}; {left}"))
    return rows


def footer(run: Run) -> str:
    """What the run asked and cost."""
    counts = run.facts["counts"]
    calls = counts["calls"]
    asked = number(calls, "call") if run.summary["model"] else f"{calls} judged"
    parts = [f"{asked}, {counts['calls_from_store']} from the reply store"]
    if counts["tokens_in"] or counts["tokens_out"]:
        parts.append(f"{counts['tokens_in']} + {counts['tokens_out']} tokens")
    if counts["cost_usd"] is None:
        parts.append("price unknown")
    elif counts["cost_usd"]:
        parts.append(f"${counts['cost_usd']:.4f}")
    if stopped := run.summary["stopped"]:
        left = f"{counts['trials'] - counts['judged']} of {number(counts['trials'], 'showing')}"
        parts.append(f"{left} {'not judged' if cut_short(stopped) else 'saved'}")
    retries = sum(counts["retries"].values())
    if retries:
        parts.append("1 retry" if retries == 1 else f"{retries} retries")
    parts.append(f"{run.facts['seconds']:.1f} s")
    return " · ".join(parts)


def print_estimates(found: Sequence[tuple[Runnable, Estimate]]) -> None:
    """What the jobs would ask, cost and tell."""
    console = stdout_console()
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("job", "cases", "calls at most", "tokens in", "tokens out", "cost", "interval"):
        table.add_column(name, justify="left" if name == "job" else "right")
    for job, e in found:
        table.add_row(
            Text(safe(who(job.inputs.models))),
            str(e.cases),
            str(e.calls),
            NONE if e.tokens_in is None else f"~{e.tokens_in}",
            NONE if e.tokens_out is None else f"~{e.tokens_out}",
            "unknown" if e.cost_usd is None else f"~${e.cost_usd:.4f}",
            NONE if e.half_width is None else f"± {100 * e.half_width:.1f} points",
        )
    console.print(table)
    console.print(Text("replies that the store holds are not asked again", style="dim"))


def who(models: Sequence[str]) -> str:
    """Two or a few models by name, of many their number."""
    return " against ".join(models) if len(models) <= FEW else f"{len(models)} models"
