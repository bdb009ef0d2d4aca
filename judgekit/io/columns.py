"""Finds the column of a file for each part of a row."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from judgekit.errors import InputError
from judgekit.io.case_columns import column_names, single
from judgekit.io.given import Input
from judgekit.io.names import CONVERSATIONS, MISSING, NAMES, at, canonical
from judgekit.io.row import Row
from judgekit.io.values import is_choices

__all__ = ["NAMES", "find_columns"]


def find_columns(
    rows: Sequence[Row],
    path: Input,
    *,
    wanted: Collection[str],
    needed: Collection[str],
    given: Mapping[str, str],
    others: Collection[str] = (),
) -> dict[str, str]:
    """The file's column for each wanted part (a key of `NAMES`) that it has.

    A column `instruction` beside `input` is Alpaca's layout: the result then has ``"input"`` too.
    A column of conversations (`messages`) without one for the answer holds the prompt and, last,
    the response: both parts then name it.

    Args:
        rows: Rows of the file.
        path: The file, for messages.
        wanted: The parts to find.
        needed: The parts that have to be there.
        given: Columns by part, or paths into columns (`judgekit.io.names.at`), which take
            precedence over the usual names.
        others: Further names that `given` may have; they are not looked for.

    Raises:
        InputError: A needed part is missing, a given column is in no row, or two columns could be
            meant.
    """
    seen = column_names(rows)
    columns = {
        part: _given(part, column, rows, (*wanted, *others), path)
        for part, column in given.items()
        if part in wanted or part not in others
    }
    free = [name for name in seen if name not in columns.values()]
    for part in wanted:
        if part in given:
            continue
        names = _candidates(part, free, rows)
        if part == "prompt" and names == ["instruction", "input"]:
            columns["input"] = names.pop()
        if names:
            columns[part] = single(names, part, path)
    if "response" in needed and columns.get("prompt") in CONVERSATIONS:
        columns.setdefault("response", columns["prompt"])
    for part in needed:
        if part not in columns:
            way = f"name it with --columns {part}=NAME (columns: {_listed(seen)})"
            raise InputError(f"{path}: no column for the {part}; {way}")
    return columns


def _given(
    part: str, column: str, rows: Sequence[Row], wanted: Collection[str], path: Input
) -> str:
    """A column that the user named, as the rows have it."""
    if part not in wanted:
        way = f"the parts here are {', '.join(wanted)}"
        raise InputError(f"{path}: no part is named {part!r} (--columns); {way}")
    for name in (column, canonical(column)):
        if any(at(row.data, name) is not MISSING for row in rows):
            return name
    seen = dict.fromkeys(name for row in rows for name in row.data)
    way = f"the columns are {_listed(seen)}"
    raise InputError(f"{path}: no row has the column {column!r} (--columns); {way}")


def _candidates(part: str, free: Collection[str], rows: Sequence[Row]) -> list[str]:
    """The usual names that the file has; of several, those with a value in some row."""
    names = [name for name in NAMES[part] if name in free]
    if "choices" in names and not any(is_choices(row.data.get("choices")) for row in rows):
        names.remove("choices")  # a multiple-choice question's, no answers
    alone = [name for name in names if name not in CONVERSATIONS[1:]]
    names = alone or names  # beside a prompt they are what it was taken from
    if len(names) > 1:
        filled = [name for name in names if any(row.data.get(name) is not None for row in rows)]
        names = filled or names[:1]
    return names


def _listed(names: Collection[str]) -> str:
    return ", ".join(repr(name) for name in names)
