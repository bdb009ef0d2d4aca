"""Rows that a script or a notebook gives itself, where a file could stand: a frame, or mappings."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, Union

from judgekit.errors import InputError
from judgekit.io.jsonl import TOO_DEEP, without_surrogates
from judgekit.io.row import BadRow, Row, RowError, shown
from judgekit.types import digest

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["GivenRows", "Input", "Rows", "as_input", "is_given", "paths_of"]

ARGUMENT = "argument "


@dataclass(frozen=True, eq=False)
class GivenRows:
    """Rows in place of a file's, as they were when they were given: later changes do not matter.

    `name` is that of the function's argument. Messages and ``run.json`` name them by it.
    """

    name: str
    rows: tuple[Row | BadRow, ...]

    def __str__(self) -> str:
        return ARGUMENT + self.name

    @cached_property
    def digest(self) -> str:
        """The digest of their content. What JSON has no form for, no column's reader takes."""
        return digest(
            *(
                json.dumps(row.data, default=lambda value: type(value).__name__)
                if isinstance(row, Row)
                else row.reason
                for row in self.rows
            )
        )


Rows: TypeAlias = Union[str, "os.PathLike[str]", "pd.DataFrame", Iterable[Mapping[str, Any]]]
"""What a function takes as input: a path, a pandas frame, or mappings from column to value."""

Input: TypeAlias = Path | GivenRows
"""What is read: a file, or rows that were given."""


def as_input(given: Rows, name: str) -> Input:
    """The file of a path, or the rows of a frame or of mappings.

    Args:
        given: The argument. A frame's index is a column if it has a name.
        name: The argument's name.

    Raises:
        InputError: It is none of these, or two columns of a frame have one name.
    """
    if isinstance(given, str | os.PathLike):
        return Path(given)
    pandas = sys.modules.get("pandas")  # who has a frame has imported it
    if pandas is not None and isinstance(given, pandas.DataFrame):
        given = _records(given, name)
    elif isinstance(given, Mapping) or not isinstance(given, Iterable):
        raise InputError(
            f"argument {name} is {shown(given)}; give a path, a pandas frame or a list of dicts"
        )
    return GivenRows(name, tuple(_row(row, number) for number, row in enumerate(given, 1)))


def paths_of(inputs: Iterable[Input]) -> list[Path]:
    """The files among inputs."""
    return [one for one in inputs if isinstance(one, Path)]


def is_given(named: str) -> bool:
    """Whether a name among a run's ``files`` is that of an argument."""
    return named.startswith(ARGUMENT)


def _records(frame: pd.DataFrame, name: str) -> list[dict[Any, Any]]:
    """The rows of a frame; a missing value (NaN, NaT, NA) is None."""
    if any(level is not None for level in frame.index.names):
        frame = frame.reset_index()
    if not frame.columns.is_unique:
        twice = next(iter(frame.columns[frame.columns.duplicated()]))
        raise InputError(f"argument {name}: two columns are named {twice!r}; rename one")
    objects = frame.astype(object)
    records: list[dict[Any, Any]] = objects.where(frame.notna(), None).to_dict("records")
    return records


def _row(given: object, number: int) -> Row | BadRow:
    """A row of plain values, without lone surrogates, or why it is none."""
    if not isinstance(given, Mapping):
        reason = f"{shown(given)} is not a mapping of columns and values"
        return BadRow(number, "row", reason)
    try:
        data: dict[str, Any] = _plain(given)
        mended = without_surrogates(data)
    except (RecursionError, RowError):
        return BadRow(number, "row", TOO_DEEP)
    return Row(number, mended, "row", repaired=mended != data)


def _plain(value: Any) -> Any:
    """A value as a JSON file would hold it; one that no JSON file holds stays as it is."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if value is None or type(value) in (str, bool, int):
        return value
    if isinstance(value, str):  # numpy's texts as well
        return str(value)
    if isinstance(value, float):
        return None if value != value else float(value)
    if hasattr(value, "tolist"):  # arrays and single values of numpy
        plain = value.tolist()
        return _plain(plain) if isinstance(plain, list | str | int | float) else plain
    return value
