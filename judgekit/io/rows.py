"""Rows of a file in any of the formats read: JSON Lines, a JSON array, CSV and other delimited
text, Parquet, Arrow; also gzipped, and folders of `save_to_disk`.

The first bytes of a file show its format; only delimited text is recognised by its name.
"""

from __future__ import annotations

import codecs
import gzip
import hashlib
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from judgekit.errors import InputError
from judgekit.io.delimited import delimited_rows, is_delimited
from judgekit.io.foreign import in_known_columns, request_id
from judgekit.io.formats import check_format
from judgekit.io.given import GivenRows, Input
from judgekit.io.jsonl import array, lines
from judgekit.io.names import with_known_names
from judgekit.io.row import BadRow, Row, RowError, is_blank, place
from judgekit.io.tables import arrow_rows, is_arrow, parquet_rows, saved_files
from judgekit.types import digest

__all__ = ["input_digest", "read_rows", "scan"]

_GZIP = b"\x1f\x8b"
_PARQUET = b"PAR1"
_HEAD = 512  # bytes that show a format


def read_rows(path: Input) -> list[Row]:
    """All rows of a file; those without any value are passed over.

    Args:
        path: A file in any of the formats above.

    Raises:
        InputError: The file cannot be read or has no rows, or a row is not an object of columns
            and values.
    """
    rows = []
    for row in scan(path):
        if isinstance(row, BadRow):
            if row.empty:
                continue
            raise InputError(f"{place(path, row.unit, row.line)}: {row.reason}; correct that row")
        rows.append(row)
    if not rows:
        raise InputError(f"{path}: no rows; write one JSON object per line")
    return rows


def scan(path: Input) -> Iterator[Row | BadRow]:
    """The rows of a file, or given ones, one by one; with the reason those not read or empty.

    Columns bear the known names that theirs spell (`Prompt`), and rows of other tools have their
    parts in the usual columns.

    Raises:
        InputError: The file cannot be read.
    """
    for row in _parsed(path):
        yield _checked(row) if isinstance(row, Row) else row


def _checked(row: Row) -> Row | BadRow:
    if all(map(is_blank, row.data.values())):
        return BadRow(row.line, row.unit, "no value in any column", empty=True)
    try:
        data = in_known_columns(with_known_names(row.data))
    except RowError as error:
        return BadRow(row.line, row.unit, str(error), request_id(row.data))
    return row if data is row.data else replace(row, data=data)


def _parsed(path: Input) -> Iterator[Row | BadRow]:
    """The rows in the format that the first bytes, or the file's name, show."""
    if isinstance(path, GivenRows):
        yield from path.rows
        return
    if path.is_dir():
        yield from _saved_rows(path)
        return
    with _opened(path) as (stream, encoding):
        head = stream.peek(_HEAD)[:_HEAD]
        if head.startswith(_PARQUET):
            yield from parquet_rows(stream, path)
            return
        if is_arrow(head):
            yield from arrow_rows(stream, path)
            return
        check_format(head, path)
        if is_delimited(path, head):
            yield from delimited_rows(stream, path, remark=encoding)
        elif head.lstrip().startswith(b"["):
            yield from array(stream.read(), path)
        else:
            yield from lines(stream, path)


def _saved_rows(folder: Path) -> Iterator[Row | BadRow]:
    """The rows of a folder of `save_to_disk`, counted over all its files."""
    count = 0
    for file in saved_files(folder):
        with _opened(file) as (stream, _):
            for row in arrow_rows(stream, file, first=count + 1):
                count = row.line
                yield row


def input_digest(path: Input) -> str:
    """The hex digest (16 bytes, BLAKE2b) of a file's bytes, or of all files of a saved data set.

    Raises:
        InputError: The file cannot be read.
    """
    if isinstance(path, GivenRows):
        return path.digest
    try:
        if path.is_dir():
            return digest(*(input_digest(file) for file in saved_files(path)))
        with path.open("rb") as file:
            return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}; check the path") from error


@contextmanager
def _opened(path: Path) -> Iterator[tuple[io.BufferedReader, str]]:
    """The file's bytes: decompressed, in UTF-8, without a byte order mark.

    Beside them stands the encoding that they were in, where that is another.
    """
    try:
        with path.open("rb") as raw:
            stream = raw
            if raw.peek(2).startswith(_GZIP):
                stream = io.BufferedReader(gzip.GzipFile(fileobj=raw))
            head, encoding = stream.peek(4), ""
            if head.startswith(codecs.BOM_UTF32_LE):
                check_format(head, path)
            if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                stream = io.BufferedReader(io.BytesIO(_from_utf16(stream.read(), path)))
                encoding = "in UTF-16"
            elif head.startswith(codecs.BOM_UTF8):
                stream.read(len(codecs.BOM_UTF8))
            yield stream, encoding
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(f"{path}: damaged gzip data ({error}); compress it again") from error
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}; check the path") from error


def _from_utf16(data: bytes, path: Path) -> bytes:
    try:
        return data.decode("utf-16").encode("utf-8")
    except UnicodeDecodeError as error:
        line = data[: error.start].decode("utf-16", "ignore").count("\n") + 1
        where = place(path, "line", line)
        raise InputError(f"{where}: not UTF-16 ({error.reason}); save the file as UTF-8") from error
