"""A table with a row per object and a function per column."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from rich.table import Table
from rich.text import Text

from judgekit.cli.render.console import safe

__all__ = ["Column", "table_of"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Column(Generic[T]):
    """A column: its heading, an object's cell in it, and whether that is a number."""

    name: str
    text: Callable[[T], str]
    numeric: bool = True


def table_of(columns: Sequence[Column[T]], rows: Iterable[T]) -> Table:
    """The objects as a table, a row each; what is not a number may take several lines."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in columns:
        if column.numeric:
            table.add_column(column.name, justify="right", no_wrap=True)
        else:
            table.add_column(column.name, overflow="fold")
    for row in rows:
        table.add_row(*(Text(safe(column.text(row))) for column in columns))
    return table
