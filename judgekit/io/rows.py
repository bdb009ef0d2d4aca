"""Rows of a file in any of the formats read: JSON Lines, a JSON array, CSV, Parquet; also gzipped.

The first bytes of a file show its format; only CSV is recognised by its name.
"""

from __future__ import annotations

import codecs
import gzip
import hashlib
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from judgekit.errors import InputError
from judgekit.io.jsonl import array, lines
from judgekit.io.row import BadRow, Row, is_blank, place
from judgekit.io.tables import csv_rows, parquet_rows

__all__ = ["input_digest", "read_rows", "scan"]

_GZIP = b"\x1f\x8b"
_PARQUET = b"PAR1"


def read_rows(path: Path) -> list[Row]:
    """All rows of a file; those without any value are passed over.

    Args:
        path: JSON Lines, a JSON array, CSV or Parquet; also gzipped.

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


def scan(path: Path) -> Iterator[Row | BadRow]:
    """The rows of a file one by one; those that cannot be read or are empty, with the reason.

    Raises:
        InputError: The file cannot be read.
    """
    with _opened(path) as stream:
        for row in _parsed(stream, path):
            if isinstance(row, Row) and all(map(is_blank, row.data.values())):
                yield BadRow(row.line, row.unit, "no value in any column", empty=True)
            else:
                yield row


def _parsed(stream: io.BufferedReader, path: Path) -> Iterator[Row | BadRow]:
    """The rows in the format that the first bytes, or the file's name, show."""
    head = stream.peek(1)
    if head.startswith(_PARQUET):
        yield from parquet_rows(stream, path)
    elif path.name.lower().removesuffix(".gz").endswith(".csv"):
        yield from csv_rows(stream, path)
    elif head.lstrip().startswith(b"["):
        yield from array(stream.read(), path)
    else:
        yield from lines(stream)


def input_digest(path: Path) -> str:
    """The hex digest (16 bytes, BLAKE2b) of a file's bytes.

    Raises:
        InputError: The file cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}; check the path") from error


@contextmanager
def _opened(path: Path) -> Iterator[io.BufferedReader]:
    """The file's bytes: decompressed, in UTF-8, without a byte order mark."""
    try:
        with path.open("rb") as raw:
            stream = raw
            if raw.peek(2).startswith(_GZIP):
                stream = io.BufferedReader(gzip.GzipFile(fileobj=raw))
            head = stream.peek(3)
            if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                stream = io.BufferedReader(io.BytesIO(_from_utf16(stream.read(), path)))
            elif head.startswith(codecs.BOM_UTF8):
                stream.read(len(codecs.BOM_UTF8))
            yield stream
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
