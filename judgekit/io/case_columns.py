"""Further columns of cases: the values that a judge needs beside prompts and answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from judgekit.errors import InputError
from judgekit.io.given import Input
from judgekit.io.jsonl import json_text
from judgekit.io.names import MISSING, at, plain_name
from judgekit.io.row import Row, RowError, is_blank, shown
from judgekit.types import Column

__all__ = [
    "Columns",
    "column_names",
    "find_needed",
    "join_columns",
    "lacking",
    "row_columns",
    "single",
]

Columns = tuple[tuple[str, Column], ...]
"""Values by the names under which a judge needs them, sorted (`Case.columns`)."""


def find_needed(
    rows: Sequence[Row], path: Input, needs: Iterable[str], given: Mapping[str, str]
) -> dict[str, str]:
    """The file's column for each needed name that it has.

    A column bears the needed name itself, or spells it in another case or spacing. Not every file
    has to have it: another one, or the file of prompts, may hold the value.

    Args:
        rows: Rows of the file.
        path: The file, for messages.
        needs: The names that a judge needs.
        given: Columns by name (``--columns``).

    Raises:
        InputError: Two columns spell one name.
    """
    seen = column_names(rows)
    columns = {}
    for name in needs:
        column = given.get(name, name)
        if any(at(row.data, column) is not MISSING for row in rows):
            columns[name] = column
            continue
        spelled = [one for one in seen if plain_name(one) == plain_name(column)]
        if spelled:
            columns[name] = single(spelled, name, path)
    return columns


def single(columns: Sequence[str], name: str, path: Input) -> str:
    """The column that a file has for a name. Raises `InputError` where several could be meant."""
    if len(columns) > 1:
        choice = " or ".join(map(repr, columns))
        way = f"say which with --columns {name}={columns[0]}"
        raise InputError(f"{path}: the {name} could be the column {choice}; {way}")
    return columns[0]


def column_names(rows: Sequence[Row]) -> tuple[str, ...]:
    """The names of all columns, in the order in which they first appear."""
    seen: dict[str, None] = {}
    for row in rows:
        seen.update(dict.fromkeys(row.data))
    return tuple(seen)


def lacking(where: str, name: str, who: str, columns: Iterable[str], others: int = 0) -> InputError:
    """The error for a case that lacks a value.

    Args:
        where: The place of its row.
        name: The needed column.
        who: Who needs it.
        columns: The names of the columns that there are.
        others: How many more cases lack it.
    """
    more = f" (and in {others} more)" if others else ""
    there = ", ".join(map(repr, columns)) or "none"
    return InputError(
        f"{where}: no value in the column {name!r}{more}, which {who} needs; the columns are "
        f"{there}; name one with --columns {name}=NAME"
    )


def row_columns(row: Row, columns: Mapping[str, str]) -> Columns:
    """The needed values of a row; `columns` has the file's column by the needed name.

    Raises `RowError` for a value that is none of JSON.
    """
    values = {name: read_column(at(row.data, column), name) for name, column in columns.items()}
    return tuple(sorted((name, value) for name, value in values.items() if value is not None))


def read_column(value: object, name: str) -> Column | None:
    """A value as text, or as a tuple of texts where it is a list; None for a blank or missing one.

    What is no text is its JSON text. A list without items is a value: nothing was retrieved.
    """
    if value is MISSING or is_blank(value):
        return None
    if isinstance(value, list):
        return tuple(_text(item, name) for item in value)
    return _text(value, name)


def _text(value: object, name: str) -> str:
    if isinstance(value, str):
        return value
    try:
        return json_text(value)
    except TypeError:
        raise RowError(f"the {name} holds {shown(value)}, neither text nor JSON") from None


def join_columns(held: Sequence[tuple[Columns, str]]) -> Columns:
    """The columns of one case from all rows that hold any of them.

    Args:
        held: The columns of each row, with the row's place.

    Raises:
        InputError: Two rows have different values of one column; names both places.
    """
    first: dict[str, tuple[Column, str]] = {}
    for columns, where in held:
        for name, value in columns:
            before, there = first.setdefault(name, (value, where))
            if before != value:
                raise InputError(
                    f"{where}: another value in the column {name!r} than in {there}; a case has "
                    f"one, so correct one of them, or leave the column out of one file"
                )
    return tuple(sorted((name, value) for name, (value, _) in first.items()))
