"""An audit's report and its estimates, as tables for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from judgekit.cli.format_flag import output_format
from judgekit.cli.render.columns import Heading, grid
from judgekit.cli.render.console import safe, stdout_console
from judgekit.cli.render.export import print_csv
from judgekit.cli.render.figures import NONE, asked_text, costs, price
from judgekit.jobs.text_generation import GenerationEstimate
from judgekit.runs.audit_report import AuditMetric
from judgekit.trust.audit import Audit, Estimates

__all__ = ["print_audit", "print_estimates"]

# What other tables call these metrics; ``audit.json`` keeps the names that scripts read.
NAMES = {"consistent": "position consistency", "no verdict": "error"}
# In columns of the terminal.
NAME_WIDTH = 34  # a judge's name in a metric's may be a whole path
NARROWEST = 28  # below it a sentence beside its metric would be a word a line
GAP = 2
INDENT = 2


def print_audit(audit: Audit) -> None:
    """Each probe with its metrics, one a line; last the cost and the folder. Or all as CSV."""
    if output_format() == "csv":
        export_audit(audit)
        return
    console = stdout_console()
    report = audit.report
    title = Text(f"{safe(report.judge)}", style="bold")
    if report.model:
        title.append(f" · {safe(report.model)}")
    cases = f"{report.cases} case{'s' * (report.cases != 1)}"
    title.append(f"  on {cases} of {safe(' and '.join(report.models))}")
    console.print(title)
    widths = Widths.of([f for finding in report.findings for f in finding.metrics], console.width)
    for finding in report.findings:
        heading = Text("\n" + finding.probe, style="bold")
        console.print(heading.append(f"  {finding.about}", style="italic not bold"))
        for what, why in (("not identified", finding.reason), ("stopped early", finding.stopped)):
            if why:
                remark = Text(safe(f"{what}: {why}"), style="dim")
                console.print(Padding(remark, (0, 0, 0, INDENT), expand=False))
        print_figures(console, finding.metrics, widths)
    console.print()
    console.print(Text(safe("; ".join(asked_and_paid(audit))), style="dim"))
    console.print(Text(safe(str(audit.folder))), soft_wrap=True)


def export_audit(audit: Audit) -> None:
    """Each metric of each probe as a row of CSV; a probe without any has a row with the reason."""
    print_csv(
        {"probe": finding.probe, **metric, "reason": finding.reason, "stopped": finding.stopped}
        for finding in audit.report.findings
        for metric in ([value.to_dict() for value in finding.metrics] or [{}])
    )


@dataclass(frozen=True)
class Widths:
    """The width of each part of a metric's line, in columns of the terminal.

    `sentence` is 0 where the sentence has a line of its own, and `value` is 0 where even the rest
    does not fit side by side.
    """

    name: int
    value: int
    cases: int
    sentence: int

    @classmethod
    def of(cls, metrics: Sequence[AuditMetric], room: int) -> Widths:
        """The same widths for all metrics of an audit, so that they line up."""
        name, value, cases = (
            max((cell_len(part) for part in parts), default=0)
            for parts in (list(zip(*map(cells, metrics), strict=True)) or [()] * 3)
        )
        name = min(name, NAME_WIDTH)
        longest = max((cell_len(safe(m.reason or m.sentence)) for m in metrics), default=0)
        sentence = room - INDENT - name - value - cases - 3 * GAP
        if sentence >= NARROWEST:
            sentence = max(1, min(sentence, longest))
            return cls(name, value, cases, sentence)
        fits = INDENT + name + value + cases + 2 * GAP <= room
        return cls(name, value, cases, 0) if fits else cls(0, 0, 0, 0)


def print_figures(console: Console, metrics: Sequence[AuditMetric], widths: Widths) -> None:
    """A metric a line, with its sentence beside it or below it: nothing is cut."""
    for metric in metrics:
        sentence = Text(safe(metric.reason or metric.sentence), style="dim")
        name, value, cases = cells(metric)
        row = [Text(name), Text(value), Text(cases)]
        if not widths.value:
            both = f"{name}\n{value}  {cases}"
            console.print(Padding(Text(both.rstrip()), (0, 0, 0, INDENT), expand=False))
        else:
            table = Table(box=None, show_header=False, pad_edge=False, padding=(0, GAP, 0, 0))
            table.add_column(width=widths.name, overflow="fold")
            table.add_column(width=widths.value, no_wrap=True, justify="right")
            table.add_column(width=widths.cases, no_wrap=True, justify="right")
            if widths.sentence:
                table.add_column(width=widths.sentence, overflow="fold")
                row.append(sentence)
            table.add_row(*row)
            console.print(Padding(table, (0, 0, 0, INDENT), expand=False))
        if not widths.sentence:
            console.print(Padding(sentence, (0, 0, 0, 2 * INDENT), expand=False))


def cells(metric: AuditMetric) -> tuple[str, str, str]:
    """A metric's name, value and number of cases, as they are printed."""
    return safe(NAMES.get(metric.name, metric.name)), value_text(metric), str(metric.cases or "")


def asked_and_paid(audit: Audit) -> list[str]:
    """What the audit asked and paid."""
    return [asked_text([audit], asks=bool(audit.report.model)), *costs([audit])]


def value_text(metric: AuditMetric) -> str:
    """A metric with its 95 % interval, in its own unit."""
    value, low, high = metric.rate.value, metric.rate.low, metric.rate.high
    if value is None:
        return "not identified"
    scale, form, unit = {
        "share": (100, "z.1f", " %"),
        "points": (100, "+z.1f", " points"),
        "number": (1, "z.2f", ""),  # z: no -0.00
    }[metric.kind]
    text = f"{scale * value:{form}}{unit}"
    if low is None or high is None:
        return text
    return f"{text}  ({scale * low:{form}} to {scale * high:{form}})"


def print_estimates(expected: Estimates) -> None:
    """What each run would ask and cost, and which probes could measure nothing."""
    console = stdout_console()
    names = ("cases", "calls at most", "tokens in", "tokens out", "cost")
    rows = [
        (
            Text(name),
            Text(", ".join(expected.needed_by[name])),
            str(e.prompts if isinstance(e, GenerationEstimate) else e.cases),
            str(e.calls),
            NONE if e.tokens_in is None else f"~{e.tokens_in}",
            NONE if e.tokens_out is None else f"~{e.tokens_out}",
            price(e.cost_usd, about="~"),
        )
        for name, e in expected.runs.items()
    ]
    headings = [Heading("run", numeric=False), Heading("for", numeric=False)]
    console.print(grid([*headings, *map(Heading, names)], rows, console.width))
    for probe, reason in expected.reasons.items():
        console.print(Text(safe(f"{probe}: not identified: {reason}"), style="dim"))
    console.print(Text("replies in the store are not asked for again", style="dim"))
