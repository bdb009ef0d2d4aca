"""Rows for other programs, as CSV."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from judgekit.cli.render.console import safe

__all__ = ["csv_text", "flat", "print_csv"]

FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


def print_csv(rows: Iterable[Mapping[str, Any]]) -> None:
    """Prints a row per mapping, as `csv_text`."""
    sys.stdout.write(csv_text(rows))


def csv_text(rows: Iterable[Mapping[str, Any]]) -> str:
    """A row per mapping, under the paths of all their values.

    Numbers have all their digits, and None is an empty cell. A text that a spreadsheet would take
    for a formula begins with an apostrophe.
    """
    plain = [dict(flat(row)) for row in rows]
    names = list(dict.fromkeys(name for row in plain for name in row))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(map(cell, names))
    writer.writerows([cell(row.get(name)) for name in names] for row in plain)
    return text.getvalue()


def flat(row: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """The values of a row by their paths: ``win_rate_a.low``. A list is one value, as JSON."""
    for name, value in row.items():
        path = f"{above}{name}"
        if isinstance(value, Mapping):
            yield from flat(value, f"{path}.")
        else:
            yield path, value


def cell(value: Any) -> str:
    """A value as a cell."""
    if value is None:
        return ""
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    text = safe(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
    return f"'{text}" if text.lstrip().startswith(FORMULA) else text
