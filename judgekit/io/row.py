"""A row of an input file, read or refused, and the name of its place."""

from __future__ import annotations

import reprlib
from dataclasses import dataclass
from typing import Any, Literal

from judgekit.types import Message

__all__ = ["BadRow", "EmptyRow", "Row", "RowError", "Unit", "is_blank", "place", "shown"]

Unit = Literal["line", "element", "row"]

_short = reprlib.Repr()
_short.maxstring = _short.maxother = 60
_short.maxlevel = 2


@dataclass(frozen=True, slots=True)
class Row:
    """One row and its place, counted from 1.

    `unit` says what `line` counts: the lines of a text file, the elements of a JSON array, the
    rows of a Parquet file. `repaired`: lone surrogates in its texts were replaced by U+FFFD.
    """

    line: int
    data: dict[str, Any]
    unit: Unit = "line"
    repaired: bool = False


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be used, and why; its id and prompt as far as they could be read.

    `empty`: it holds nothing to judge or to train on, so it is passed over and counted, where
    another one is refused.
    """

    line: int
    unit: Unit
    reason: str
    id: str | None = None
    prompt: tuple[Message, ...] | None = None
    empty: bool = False


class RowError(ValueError):
    """A value cannot be read; becomes a `BadRow`. `line` counts within what was parsed."""

    def __init__(self, reason: str, line: int = 1) -> None:
        super().__init__(reason)
        self.line = line


class EmptyRow(RowError):  # noqa: N818 (counted, not an error)
    """A row holds nothing to judge or to train on; becomes a `BadRow` that is `empty`."""


def is_blank(value: object) -> bool:
    """Whether a cell is empty: null, NaN (as tables write it), white space."""
    return value is None or value != value or (isinstance(value, str) and not value.strip())


def place(file: object, unit: Unit, line: int) -> str:
    """``answers.jsonl, line 3``, or ``argument a, row 3``."""
    return f"{file}, {unit} {line}"


def shown(value: object) -> str:
    """A value for an error message: one line, shortened, however long or deep it is."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return _short.repr(value)
