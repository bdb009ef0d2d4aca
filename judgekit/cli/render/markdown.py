"""What people see, as Markdown: tables as its tables, texts as paragraphs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

__all__ = ["WIDE", "MarkdownConsole", "markdown_lines"]

WIDE = 100_000  # cells of a line that nothing has to fit into
MARKUP = re.compile(r"([\\`*_\[\]|])")


class MarkdownConsole(Console):
    """Prints tables as Markdown's, and texts as paragraphs."""

    def print(self, *objects: Any, **_: Any) -> None:
        """Prints each object in lines of its own."""
        for printed in objects:
            inner = printed.renderable if isinstance(printed, Padding) else printed
            if isinstance(inner, Table):
                lines = [*markdown_lines(inner), ""]
            else:
                lines = [escaped(line) for line in str(inner).splitlines() if line.strip()]
                lines = [part for line in lines for part in (line, "")]
            for line in lines:
                super().print(Text(line), soft_wrap=True)


def markdown_lines(table: Table) -> Iterator[str]:
    """A table's lines in Markdown; one without headings has empty ones, which Markdown needs."""
    columns = table.columns
    headings = [escaped(str(c.header)) if table.show_header else "" for c in columns]
    yield line_of(headings)
    yield line_of(["---:" if c.justify == "right" else "---" for c in columns])
    for row in zip(*(list(c.cells) for c in columns), strict=True):
        yield line_of([escaped(str(one)) for one in row])


def line_of(cells: Iterable[str]) -> str:
    """Cells as a line of a table."""
    return f"| {' | '.join(cells)} |"


def escaped(text: str) -> str:
    """A text that Markdown shows as it is, on one line."""
    plain = MARKUP.sub(r"\\\1", text.strip().replace("<", "&lt;"))
    return "<br>".join(plain.splitlines())
