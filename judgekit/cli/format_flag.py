"""The flag `--format`: in which form a command prints its tables."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Annotated, Literal

import typer

from judgekit.errors import InputError

__all__ = ["Format", "FormatFlag", "choose_format", "output_format", "own_format"]

Format = Literal["table", "csv", "markdown"]
FormatFlag = Annotated[
    Format,
    typer.Option("--format", help="Print tables for a terminal, as CSV (all digits) or Markdown."),
]

chosen: ContextVar[Format] = ContextVar("format", default="table")


def choose_format(wanted: Format, *, as_json: bool) -> None:
    """Sets the form of what this command prints.

    Args:
        wanted: The value of `--format`.
        as_json: Whether `--json` is given.

    Raises:
        InputError: Both are given.
    """
    if as_json and wanted != "table":
        raise InputError(f"--json and --format {wanted} are two forms; leave one out")
    chosen.set(wanted)


@contextmanager
def own_format() -> Iterator[None]:
    """What a command chooses ends with it."""
    before = chosen.set("table")
    try:
        yield
    finally:
        chosen.reset(before)


def output_format() -> Format:
    """The form of what is printed."""
    return chosen.get()
