"""Reads a rubric from a TOML file: a table ``[[criteria]]`` for each criterion."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from judgekit.errors import InputError
from judgekit.judging.rubrics import (
    YES_NO,
    Criterion,
    Rubric,
    Scale,
    criterion_problem,
    levels,
    rubric_problem,
    whole_numbers,
)
from judgekit.naming import unknown

__all__ = ["read_rubric", "read_scale"]

MOST_BYTES = 1_000_000  # of a rubric's file
KEYS = ("name", "text", "weight", "scale")
SCALES = 'scale is "yes-no", whole numbers such as [1, 5], or levels such as {poor = 0, good = 2}'
EXAMPLE = '[[criteria]] with name = "correct", text = "…" and weight = 3'

_TABLE = re.compile(r"\s*\[\[\s*criteria\s*\]\]")


def read_rubric(path: Path) -> Rubric:
    """Reads a rubric.

    Args:
        path: A TOML file of tables ``[[criteria]]``, each with `name` and `text`, and with `weight`
            (1 without it) and `scale` (yes or no without it).

    Returns:
        The rubric.

    Raises:
        InputError: The file cannot be read, or holds no rubric; names file, line, key and value.
    """
    text = read_text(path)
    try:
        table = tomllib.loads(text)
    except RecursionError:
        raise InputError(f"{path}: nested too deeply for a rubric; write it flatter") from None
    except ValueError as error:  # TOML's own error, or a number of thousands of digits
        message = str(error).partition(";")[0]
        raise InputError(f"{path}: not TOML: {message}; a rubric has {EXAMPLE}") from error
    for key in table:
        if key != "criteria":
            wrong = unknown("key of a rubric is called", key, ["criteria"])
            raise InputError(f"{path}:{line_of(key, text.splitlines(), 0)}: {wrong}")
    rows = table.get("criteria")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InputError(f"{path}:1: no criteria; write {EXAMPLE}")
    lines = text.splitlines()
    starts = [place for place, line in enumerate(lines) if _TABLE.match(line)]
    criteria = []
    for place, row in enumerate(rows):
        start = starts[place] if len(starts) == len(rows) else None
        criterion, wrong_key, wrong = read_criterion(row)
        if criterion is None:
            line = line_of(wrong_key, lines, start) if start is not None else 1
            raise InputError(f"{path}:{line}: criterion {place + 1}: {wrong}")
        criteria.append(criterion)
    if wrong := rubric_problem(criteria):
        raise InputError(f"{path}: {wrong}")
    return Rubric(tuple(criteria))


def read_text(path: Path) -> str:
    """Reads a rubric's file. Raises `InputError`."""
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise InputError(f"{path}: more than {MOST_BYTES // 1000} kB, which no rubric needs")
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except OSError as error:
        raise InputError(
            f"cannot read the rubric {str(path)!r}: {error.strerror}; check the path"
        ) from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise InputError(f"{path}:{line}: not UTF-8; save the file as UTF-8") from error


def read_criterion(row: Mapping[str, Any]) -> tuple[Criterion | None, str, str]:
    """The criterion of a table, or the key that is wrong and what is wrong with it."""
    for key in row:
        if key not in KEYS:
            return None, key, unknown("key of a criterion is called", key, KEYS)
    for key in ("name", "text"):
        if key not in row:
            return None, "", f'it has no {key}; add {key} = "…"'
        if not isinstance(row[key], str):
            return None, key, f"{key} = {row[key]!r} is no text; put it in quotes"
    weight = row.get("weight", 1)
    if type(weight) not in (int, float):
        return (
            None,
            "weight",
            f"weight = {weight!r} is no number; write weight = 2, or -1 of a fault",
        )
    try:
        scale = read_scale(row.get("scale", "yes-no"))
    except ValueError as error:
        return None, "scale", f"scale = {row['scale']!r}: {error}"
    criterion = Criterion(row["name"], row["text"].strip(), float(weight), scale)
    wrong = criterion_problem(criterion)
    return (criterion, "", "") if wrong is None else (None, *wrong)


def read_scale(value: object) -> Scale:
    """A scale as a rubric writes it.

    Args:
        value: ``"yes-no"``, two whole numbers, or a number for each level.

    Returns:
        The scale.

    Raises:
        ValueError: It is none; says what it may be.
    """
    if value == "yes-no":
        return YES_NO
    numbers = isinstance(value, list) and [type(end) for end in value] == [int, int]
    try:
        if numbers and isinstance(value, list):
            return whole_numbers(value[0], value[1])
        if isinstance(value, Mapping) and all(type(n) in (int, float) for n in value.values()):
            return levels({str(name): float(number) for name, number in value.items()})
    except ValueError as error:
        raise ValueError(f"{error}; {SCALES}") from None
    raise ValueError(SCALES)


def line_of(key: str, lines: Sequence[str], start: int) -> int:
    """The number of the line that sets `key` in the table that begins at the index `start`."""
    entry = re.compile(rf"""\s*[\["']*{re.escape(key)}\b""") if key else _TABLE
    for index in range(start, len(lines)):
        if index > start and _TABLE.match(lines[index]):
            break
        if entry.match(lines[index]):
            return index + 1
    return start + 1
