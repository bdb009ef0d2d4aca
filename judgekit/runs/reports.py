"""Reports that are made of several runs: how ``bench.json`` and the like are read and written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import orjson

from judgekit.errors import InputError
from judgekit.io.files import make_parents, write_file
from judgekit.runs.reader import read_json

__all__ = ["REPORTS", "check_report_folder", "read_report", "write_report"]

REPORTS = ("bench.json", "audit.json", "drift.json", "align.json")
"""The files that make a folder the report of the runs below it."""

Report = TypeVar("Report")


def read_report(
    path: Path, schema: str, from_dict: Callable[[Mapping[str, Any]], Report]
) -> Report:
    """A report from its file.

    Raises:
        InputError: The file cannot be read, or is of another form.
    """
    plain = read_json(path)
    if plain.get("schema") != schema:
        raise InputError(
            f"{str(path)!r} has the schema {plain.get('schema')!r}; this judgekit reads {schema!r}"
        )
    try:
        return from_dict(plain)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"{str(path)!r} is damaged ({error!r}); run the command again") from error


def write_report(path: Path, plain: Mapping[str, Any]) -> None:
    """Writes a report's JSON values, the file whole or not at all; makes the folders above it.

    Raises:
        InputError: It cannot be written.
    """
    make_parents(path)
    write_file(path, orjson.dumps(plain, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def check_report_folder(folder: Path, name: str) -> None:
    """Refuses a folder that holds something else than the report to be written.

    Args:
        folder: Where the report goes.
        name: The report's file: one of `REPORTS`.

    Raises:
        InputError: It is no folder, or holds a run or another report.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{str(folder)!r} is not a folder; choose another with --out")
    if (folder / "run.json").exists():
        raise InputError(f"{str(folder)!r} holds a run; choose another folder with --out")
    for other in REPORTS:
        if other != name and (folder / other).exists():
            raise InputError(
                f"{str(folder)!r} holds another report ({other}); choose another folder with --out"
            )
