"""What changed between two runs, for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich.text import Text

from judgekit.cli.render.columns import Column, table_of
from judgekit.cli.render.console import safe, stdout_console
from judgekit.cli.render.figures import NONE, number
from judgekit.runs.diff import Change, Difference
from judgekit.runs.rereadings import Rereading

__all__ = ["print_difference", "print_rereadings"]

METRICS = 12  # changed metrics that are shown; --json has all


def print_difference(difference: Difference) -> None:
    """The settings, metrics and outcomes that differ, and the paired test."""
    console = stdout_console()
    if not difference.settings:
        console.print(Text("the same judge, settings and files"))
    print_changes("setting", difference.settings)
    print_changes("metric", difference.metrics[:METRICS])
    if len(difference.metrics) > METRICS:
        left = number(len(difference.metrics) - METRICS, "metric")
        console.print(Text(f"{left} more: --json", style="dim"))
    for line in case_lines(difference):
        console.print(Text(safe(line)))
    if conclusion := test_sentence(difference) or difference.why_untested:
        console.print(Text(conclusion, style="bold"))


def print_rereadings(rereadings: Sequence[Rereading], difference: Difference) -> None:
    """Each reply that is read otherwise, and by how much the win rate, or the score, moved."""
    console = stdout_console()
    for one in rereadings:
        shown = "".join("ab"[i] if i < 2 else str(i + 1) for i in one.order)
        repeat = f", repeat {one.repeat + 1}" if one.repeat else ""
        rule = f": {one.rule}" if one.rule else ""
        line = f"{one.case} (shown {shown}{repeat}): {one.before} is now {one.after}{rule}"
        console.print(Text(safe(line)), soft_wrap=True)
    same = f"{number(len(rereadings), 'verdict')} read otherwise in the same reply"
    moved = [
        f"{c.name} moved by {c.after - c.before:+.4g}"
        for c in difference.metrics
        if c.name in ("win_rate_a", "mean_score") and None not in (c.before, c.after)
    ]
    console.print(Text("; ".join([same, *moved]), style="bold"))


def print_changes(what: str, changes: Sequence[Change]) -> None:
    """A table of what differs."""
    if not changes:
        return
    columns: Sequence[Column[Change]] = (
        Column(what, lambda change: change.name, numeric=False),
        Column("before", lambda change: brief(change.before), numeric=False),
        Column("after", lambda change: brief(change.after), numeric=False),
    )
    console = stdout_console()
    console.print(table_of(columns, changes, console.width))


def case_lines(difference: Difference) -> Iterator[str]:
    """Which cases both runs have, and how their outcomes moved."""
    if difference.mirrored:
        yield "the second run has the answers the other way round, and is mirrored"
    alone = [(difference.only_before, "only before"), (difference.only_after, "only after")]
    more = "".join(f", {n} {where}" for n, where in alone if n)
    cases = number(difference.cases, "case")
    yield f"{cases} in both{more}; {difference.same} with the same outcome"
    if difference.other_prompts:
        one = difference.other_prompts == 1
        ids = "1 id in both stands" if one else f"{difference.other_prompts} ids in both stand"
        yield f"{ids} for other prompts in the second run: these are other cases"
    if difference.other_answers:
        yield f"{difference.other_answers} of them with other answers in the second run"
    if difference.kind == "scoring":
        yield f"  {difference.higher:5}  higher\n  {difference.lower:5}  lower"
    for move in difference.moves:
        before, after = (name.replace("_", " ") for name in (move.before, move.after))
        yield f"  {move.cases:5}  {before} → {after}"


def brief(value: Any) -> str:
    """A setting's or a metric's value in few characters."""
    if value is None:
        return NONE
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def test_sentence(difference: Difference) -> str:
    """The paired test in words; empty where there is none."""
    test = difference.test
    if test is None or test.difference.value is None or test.p_value is None:
        return ""
    d = test.difference
    interval = "" if d.low is None or d.high is None else f" (95 % {d.low:+.3f} to {d.high:+.3f})"
    verdict = "differ" if test.told_apart else "do not differ significantly"
    return f"on the same cases {d.value:+.3f}{interval}, p = {test.p_value:.3g}: the runs {verdict}"
