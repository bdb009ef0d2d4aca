"""An audit's figures, and what one would ask, as tables for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console, JustifyMethod
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from judgekit.cli.render.console import safe, stdout_console
from judgekit.trust.audit import Audit, Estimates, Figure

__all__ = ["print_audit", "print_estimates"]

# In columns of the terminal.
NAME_WIDTH = 34  # a judge's name in a figure's may be a whole path
NARROWEST = 28  # below it a sentence beside its figure would be a word a line
GAP = 2
INDENT = 2


def print_audit(found: Audit) -> None:
    """A figure a line under its probe; last the folder."""
    console = stdout_console()
    title = Text(f"{safe(found.judge)}", style="bold")
    if found.model:
        title.append(f" · {safe(found.model)}")
    cases = f"{found.cases} case{'s' * (found.cases != 1)}"
    title.append(f"  on {cases} of {safe(' and '.join(found.models))}")
    console.print(title)
    widths = Widths.of([f for finding in found.findings for f in finding.figures], console.width)
    for finding in found.findings:
        heading = Text("\n" + finding.probe, style="bold")
        console.print(heading.append(f"  {finding.about}", style="italic not bold"))
        for what, why in (("not identified", finding.reason), ("stopped early", finding.stopped)):
            if why:
                remark = Text(safe(f"{what}: {why}"), style="dim")
                console.print(Padding(remark, (0, 0, 0, INDENT)))
        print_figures(console, finding.figures, widths)
    console.print()
    console.print(Text(safe("; ".join(asked(found))), style="dim"))
    console.print(Text(safe(str(found.folder))), soft_wrap=True)


@dataclass(frozen=True)
class Widths:
    """Columns of the terminal that each part of a figure gets; no `said` where the sentence has a
    line of its own, no `value` where even the rest does not fit side by side."""

    name: int
    value: int
    cases: int
    said: int

    @classmethod
    def of(cls, figures: Sequence[Figure], room: int) -> Widths:
        """The same for all figures of an audit, so that they stand below each other."""
        name, value, cases = (
            max((cell_len(part) for part in parts), default=0)
            for parts in (list(zip(*map(cells, figures), strict=True)) or [()] * 3)
        )
        name = min(name, NAME_WIDTH)
        said = room - INDENT - name - value - cases - 3 * GAP
        if said >= NARROWEST:
            return cls(name, value, cases, said)
        fits = INDENT + name + value + cases + 2 * GAP <= room
        return cls(name, value, cases, 0) if fits else cls(0, 0, 0, 0)


def print_figures(console: Console, figures: Sequence[Figure], widths: Widths) -> None:
    """A figure a line, with its sentence beside it or below it: nothing is cut."""
    for figure in figures:
        said = Text(safe(figure.reason or figure.sentence), style="dim")
        name, value, cases = cells(figure)
        row = [Text(name), Text(value), Text(cases)]
        if not widths.value:
            console.print(Padding(Text(f"{name}\n{value}  {cases}".rstrip()), (0, 0, 0, INDENT)))
        else:
            table = Table(box=None, show_header=False, pad_edge=False, padding=(0, GAP, 0, 0))
            table.add_column(width=widths.name, overflow="fold")
            table.add_column(width=widths.value, no_wrap=True, justify="right")
            table.add_column(width=widths.cases, no_wrap=True, justify="right")
            if widths.said:
                table.add_column(width=widths.said, overflow="fold")
                row.append(said)
            table.add_row(*row)
            console.print(Padding(table, (0, 0, 0, INDENT)))
        if not widths.said:
            console.print(Padding(said, (0, 0, 0, 2 * INDENT)))


def cells(figure: Figure) -> tuple[str, str, str]:
    """A figure's name, value and number of cases, as they are printed."""
    return safe(figure.name), value_text(figure), str(figure.cases or "")


def asked(found: Audit) -> Iterator[str]:
    """What the audit asked."""
    what = f"call{'s' * (found.calls != 1)}" if found.model else "judged"
    yield f"{found.calls} {what}, {found.calls_from_store} from the reply store"
    if found.cost_usd is None:
        yield "price unknown"
    elif found.cost_usd:
        yield f"${found.cost_usd:.4f}"


def value_text(figure: Figure) -> str:
    """A figure with its 95 % interval, in its own unit."""
    value, low, high = figure.rate.value, figure.rate.low, figure.rate.high
    if value is None:
        return "not identified"
    scale, form, unit = {
        "share": (100, "z.1f", " %"),
        "points": (100, "+z.1f", " points"),
        "number": (1, "z.2f", ""),  # z: no -0.00
    }[figure.kind]
    said = f"{scale * value:{form}}{unit}"
    if low is None or high is None:
        return said
    return f"{said}  ({scale * low:{form}} to {scale * high:{form}})"


def print_estimates(found: Estimates) -> None:
    """What each showing would ask and cost, and which probes would find nothing."""
    console = stdout_console()
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("judged", "for", "cases", "calls at most", "tokens in", "tokens out", "cost"):
        side: JustifyMethod = "left" if name in ("judged", "for") else "right"
        table.add_column(name, justify=side, overflow="fold")
    for name, e in found.showings.items():
        table.add_row(
            Text(name),
            Text(", ".join(found.needed_by[name])),
            str(e.cases),
            str(e.calls),
            "–" if e.tokens_in is None else f"~{e.tokens_in}",
            "–" if e.tokens_out is None else f"~{e.tokens_out}",
            "unknown" if e.cost_usd is None else f"~${e.cost_usd:.4f}",
        )
    console.print(table)
    for probe, reason in found.reasons.items():
        console.print(Text(safe(f"{probe}: not identified: {reason}"), style="dim"))
    console.print(Text("replies that the store holds are not asked again", style="dim"))
