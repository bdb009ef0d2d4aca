"""Tables that stay readable in a narrow terminal: no cell is cut, and no number is broken."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from rich.table import Table
from rich.text import Text

from judgekit.cli.render.console import safe

__all__ = ["GAP", "Column", "Heading", "grid", "table_of"]

T = TypeVar("T")
GAP = 2  # cells between two columns
NARROWEST = 12  # cells into which a column of texts may be folded


@dataclass(frozen=True, slots=True)
class Heading:
    """A column's name, and whether it holds numbers: these stand to the right, and never fold."""

    name: str
    numeric: bool = True


@dataclass(frozen=True, slots=True)
class Column(Generic[T]):
    """A column: its heading, an object's cell in it, and whether that is a number."""

    name: str
    text: Callable[[T], str]
    numeric: bool = True


def table_of(columns: Sequence[Column[T]], rows: Iterable[T], width: int) -> Table:
    """The objects as a table, a row each, by `grid`."""
    headings = [Heading(column.name, column.numeric) for column in columns]
    return grid(headings, [[Text(safe(c.text(row))) for c in columns] for row in rows], width)


def grid(headings: Sequence[Heading], rows: Sequence[Sequence[Text | str]], width: int) -> Table:
    """Rows under their headings.

    Where they do not fit, the headings take several lines, and texts are folded. Where that is not
    enough, each row becomes a record: a line per column.

    Args:
        headings: The columns.
        rows: The cells of each row; a string is printed as it is.
        width: The cells that a line has.

    Returns:
        The table.
    """
    cells = [[Text(cell) if isinstance(cell, str) else cell for cell in row] for row in rows]
    widths = [max((row[i].cell_len for row in cells), default=0) for i in range(len(headings))]
    gaps = GAP * (len(headings) - 1)
    unfolded = [Text(heading.name) for heading in headings]
    folded = [fold(heading.name, most) for heading, most in zip(headings, widths, strict=True)]
    for names in (unfolded, folded):
        least = sum(map(needed, headings, names, widths))
        if least + gaps <= width:
            return ruled(headings, names, cells)
    return records(headings, cells)


def needed(heading: Heading, name: Text, widest: int) -> int:
    """The cells that a column needs at least."""
    head = max((line.cell_len for line in name.split(allow_blank=True)), default=0)
    return max(head, widest if heading.numeric else min(widest, NARROWEST))


def fold(name: str, room: int) -> Text:
    """A heading on as many lines as it takes not to be wider than its cells, or its words."""
    room = max([room, *map(len, name.split())])
    lines = [""]
    for word in name.split():
        joined = f"{lines[-1]} {word}".strip()
        lines[-1:] = [joined] if len(joined) <= room else [lines[-1], word]
    return Text("\n".join(lines))


def ruled(
    headings: Sequence[Heading], names: Sequence[Text], rows: Sequence[Sequence[Text]]
) -> Table:
    """A table with a line of headings."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading, name in zip(headings, names, strict=True):
        if heading.numeric:
            table.add_column(name, justify="right", no_wrap=True)
        else:
            table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


def records(headings: Sequence[Heading], rows: Sequence[Sequence[Text]]) -> Table:
    """A line for each cell, after its column's name, and an empty line between two rows."""
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for number, row in enumerate(rows):
        if number:
            table.add_row()
        for heading, cell in zip(headings, row, strict=True):
            table.add_row(heading.name, cell)
    return table
