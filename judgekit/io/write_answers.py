"""Generated answers as a file of JSON Lines, written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from judgekit.errors import InputError
from judgekit.io.files import make_parents, write_file
from judgekit.io.jsonl import json_line, json_text, json_value
from judgekit.io.row import RowError

__all__ = ["check_answers_file", "write_answers"]

Row = Mapping[str, Any]
REPLY_COLUMNS = ("response", "finish")  # not known before the model has answered


def check_answers_file(path: Path, rows: Sequence[Row], *, force: bool = False) -> None:
    """Checks, before anything is asked, that `write_answers` will be able to write.

    Args:
        path: The file to write.
        rows: The rows to be written, without the model's replies.
        force: Whether other answers in the file may be replaced.

    Raises:
        InputError: The file cannot be written, or holds other answers.
    """
    if path.suffix != ".jsonl":
        raise InputError(f"answers are JSON Lines: name the file NAME.jsonl, not {str(path)!r}")
    if path.is_dir():
        raise InputError(f"{str(path)!r} is a folder; name a file in it with --out")
    above = next((folder for folder in path.parents if folder.exists()), path.parent)
    if not above.is_dir() or not os.access(above, os.W_OK | os.X_OK):
        raise InputError(
            f"cannot write {str(path)!r}: {str(above)!r} is not a folder that can be written to"
        )
    if not path.exists() or force:
        return
    known = {key(row) for row in rows}
    for line in lines(path):
        try:
            held = json_value(line)
        except RowError:
            held = None
        if not isinstance(held, dict) or key(held) not in known:
            raise other_answers(path)


def key(row: Row) -> str:
    """A row without the model's reply."""
    return json_text({k: v for k, v in row.items() if k not in REPLY_COLUMNS})


def write_answers(path: Path, rows: Sequence[Row], *, force: bool = False) -> None:
    """Writes rows as JSON Lines; the same rows give the same bytes.

    An existing file is replaced without `force` only if nothing is lost: each of its lines is one
    of the new rows, in their order, as in an earlier state of the same answers.

    Args:
        path: The file; the folders above it are made.
        rows: The answers.
        force: Replace other answers.

    Raises:
        InputError: The file holds other answers, or cannot be written.
    """
    written = [json_line(row) for row in rows]
    if path.exists() and not force:
        new = iter(written)
        if not all(line in new for line in lines(path)):  # each is looked for after the last
            raise other_answers(path)
    make_parents(path)
    write_file(path, written)


def lines(path: Path) -> Iterator[bytes]:
    """A file's lines, with their line ends."""
    try:
        with path.open("rb") as file:
            yield from file
    except OSError as error:
        raise InputError(f"cannot read {str(path)!r}: {error.strerror}") from error


def other_answers(path: Path) -> InputError:
    return InputError(
        f"{str(path)!r} holds other answers; name another file with --out, or replace "
        f"it with --force (force=True in Python)"
    )
