"""Generated answers as a file of JSON Lines, whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from judgekit.errors import InputError
from judgekit.io.files import make_parents, write_file

__all__ = ["check_answers_file", "write_answers"]

Row = Mapping[str, Any]
SAID = ("response", "finish")  # the columns that are not known before the model has answered


def check_answers_file(path: Path, rows: Sequence[Row], *, force: bool = False) -> None:
    """Refuses (`InputError`), before anything is paid, what `write_answers` would in the end.

    `rows` are those to come, as far as they are known: without what the model says.
    """
    if path.suffix != ".jsonl":
        raise InputError(f"answers are JSON Lines: name the file NAME.jsonl, not {str(path)!r}")
    if path.is_dir():
        raise InputError(f"{str(path)!r} is a folder; name a file in it with --out")
    above = next((folder for folder in path.parents if folder.exists()), path.parent)
    if not above.is_dir() or not os.access(above, os.W_OK | os.X_OK):
        raise InputError(f"cannot write {str(path)!r}: {str(above)!r} is no folder to write to")
    if not path.exists() or force:
        return
    known = {key(row) for row in rows}
    for line in lines(path):
        try:
            held = orjson.loads(line)
        except orjson.JSONDecodeError:
            held = None
        if not isinstance(held, dict) or key(held) not in known:
            raise other(path)


def key(row: Row) -> bytes:
    """A row without what the model said."""
    return orjson.dumps({k: v for k, v in row.items() if k not in SAID})


def write_answers(path: Path, rows: Sequence[Row], *, force: bool = False) -> None:
    """Writes rows as JSON Lines; the same rows are the same bytes.

    A file that stands there is replaced where nothing of it is lost (each of its lines is one of
    these, in their order: an earlier state of the same answers), else only with `force`; without
    it raises `InputError`, as for a path that cannot be written.
    """
    written = [orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows]
    if path.exists() and not force:
        new = iter(written)
        if not all(line in new for line in lines(path)):  # each is looked for after the last
            raise other(path)
    make_parents(path)
    write_file(path, written)


def lines(path: Path) -> Iterator[bytes]:
    """A file's lines, each with its end."""
    try:
        with path.open("rb") as file:
            yield from file
    except OSError as error:
        raise InputError(f"cannot read {str(path)!r}: {error.strerror}") from error


def other(path: Path) -> InputError:
    return InputError(
        f"{str(path)!r} holds other answers than these; name another file with --out, or replace "
        f"it with --force (force=True in Python)"
    )
