"""A drift check as tables for people; everything here goes to standard output."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rich.table import Table
from rich.text import Text

from judgekit.cli.render.console import safe, stdout_console
from judgekit.cli.render.figures import NONE, percent, rate_text, score_text
from judgekit.runs.drift_report import DriftReport
from judgekit.stats.paired_test import PairedTest

__all__ = ["print_drift"]


def print_drift(report: DriftReport, folder: Path) -> None:
    """Before and now, the tests, the result in words, and the new run's folder."""
    console = stdout_console()
    judge = report.judge + (f" · {report.model}" if report.model else "")
    title = f"{safe(judge)} compared with {report.cases} earlier outcomes"
    console.print(Text(title, style="bold"))
    console.print(before_and_now(report))
    plain = Table(box=None, show_header=False, pad_edge=False)
    for name, text in tests(report):
        plain.add_row(Text(name, style="dim"), Text(text))
    console.print(plain)
    console.print(Text(safe(report.sentence), style="bold"))
    console.print(Text(safe(str(folder))), soft_wrap=True)


POSITIONS = {
    "consistent": "position consistency",
    "first": "first place in both orders",
    "second": "second place in both orders",
    "half_tie": "half-ties",
    "first_share": "first share",
}


def before_and_now(report: DriftReport) -> Table:
    """The position shares and the counts of trials by status, in both runs."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("", "before", "now"):
        table.add_column(name, justify="right" if name else "left")
    old, new = report.position
    for key, name in POSITIONS.items():
        if old.get(key) is not None or new.get(key) is not None:
            table.add_row(name, percent(old[key]), percent(new[key]))
    counted, again = report.statuses
    for status in counted:
        if counted[status] or again[status]:
            name = f"trials {status.replace('_', ' ')}"
            table.add_row(name, str(counted[status]), str(again[status]))
    return table


def tests(report: DriftReport) -> Iterator[tuple[str, str]]:
    """The comparison's lines: a name and a value."""
    yield "equal outcomes", rate_text(report.equal_share)
    if report.agreement is not None:
        yield "kappa", score_text(report.agreement.kappa)
    yield "shift of the mean value", shift_text(report.shift)
    yield "shift of the share with a verdict", shift_text(report.decided_shift)
    for name, test in report.position_shifts.items():
        yield f"shift of {name.removeprefix('the ')}", shift_text(test)
    if report.instability is not None:
        yield "less stable by", shift_text(report.instability)
    if report.missing_cases:
        yield "not judged again", str(report.missing_cases)


def shift_text(test: PairedTest) -> str:
    """A difference with its interval and p-value."""
    d = test.difference
    if d.value is None or test.p_value is None:
        return NONE
    interval = "" if d.low is None or d.high is None else f"  ({d.low:+.3f} to {d.high:+.3f})"
    return f"{d.value:+.3f}{interval}  p = {test.p_value:.2g}"
