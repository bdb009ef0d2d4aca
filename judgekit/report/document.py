"""What a report says, before it has a form: parts of sections, each a table and how it is drawn.

HTML, Markdown, CSV, LaTeX and the figures are all made of this, so none of them can say another
number than the others; and a picture is drawn from the very table that stands beside it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from judgekit.stats.intervals import Rate

__all__ = ["Cell", "Chart", "Column", "Part", "Section", "Unit", "cell_text"]

Cell = str | int | float | Rate | None
Unit = Literal["text", "count", "share", "points", "number", "dollars"]
"""How a column's cells are written: shares in percent, points and numbers with decimals."""

Chart = Literal["none", "intervals", "stack", "bars", "heat", "lines"]
"""How a table is drawn: its rates with their intervals, its counts as one bar or as bars, its
rates as a matrix, or its last column over its first as lines."""

NONE = "–"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table."""

    name: str
    unit: Unit = "text"


@dataclass(frozen=True, slots=True)
class Section:
    """A table, its picture, and what to know of it.

    `name` is unique within a report, and safe as a file's name. `middle` is where a line marks
    that nothing is favoured, such as one half of a win rate. `extent` holds the ends of the axis;
    None takes them from the data.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    chart: Chart = "none"
    note: str = ""
    middle: float | None = None
    extent: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """What a report says of one run, or of one other result."""

    title: str
    sentence: str
    note: str
    sections: tuple[Section, ...]

    def numbered(self, number: int) -> Part:
        """The part as one of several: the names of its sections bear its number."""
        sections = (replace(s, name=f"{number}-{s.name}") for s in self.sections)
        return replace(self, sections=tuple(sections))


def cell_text(cell: Cell, unit: Unit) -> str:
    """A cell as people read it; of a rate the value with its interval in brackets."""
    if cell is None:
        return NONE
    if isinstance(cell, str):
        return cell
    if isinstance(cell, Rate):
        if cell.value is None:
            return NONE
        if cell.low is None or cell.high is None:
            return number_text(cell.value, unit)
        low, high = (number_text(end, unit, bare=True) for end in (cell.low, cell.high))
        return f"{number_text(cell.value, unit)} ({low} to {high})"
    return number_text(cell, unit)


def number_text(value: float, unit: Unit, *, bare: bool = False) -> str:
    """A number in a column's unit; `bare` leaves the unit's sign out."""
    if unit == "share":
        return f"{100 * value:.1f}" + ("" if bare else " %")
    if unit == "dollars":
        return f"${value:.4f}"
    if isinstance(value, int):
        return str(value)
    if unit == "points":
        return f"{value:.2f}" if abs(value) < 100 else f"{value:.1f}"
    return f"{value:.3f}"
