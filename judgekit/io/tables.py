"""Rows from tables: CSV and Parquet."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from judgekit.errors import InputError
from judgekit.installing import install_hint
from judgekit.io.row import BadRow, Row, place, shown

__all__ = ["csv_rows", "parquet_rows"]

_LARGEST_FIELD = 2**31 - 1  # what a C long holds on every platform; the default is 128 KiB


def csv_rows(stream: Iterable[bytes], path: Path) -> Iterator[Row | BadRow]:
    """CSV with a header line; every value is text. A row's line is the one it begins on."""
    before = csv.field_size_limit(_LARGEST_FIELD)
    reader = csv.reader(_decoded(stream, path), strict=True)
    start = 1
    try:
        header = _without_margin(next((fields for fields in reader if any(fields)), []))
        _check_header(header, path)
        start = reader.line_num + 1
        for fields in reader:
            if fields:
                yield _row(fields, header, start)
            start = reader.line_num + 1
    except csv.Error as error:
        way = "check the quotes of that row"
        raise InputError(f"{place(path, 'line', start)}: not CSV ({error}); {way}") from error
    finally:
        csv.field_size_limit(before)


def _decoded(stream: Iterable[bytes], path: Path) -> Iterator[str]:
    for number, line in enumerate(stream, 1):
        try:
            yield line.decode("utf-8")
        except UnicodeDecodeError as error:
            what = f"the byte {line[error.start]:#04x} is not UTF-8; save the file as UTF-8"
            raise InputError(f"{place(path, 'line', number)}: {what}") from error


def _row(fields: list[str], header: list[str], start: int) -> Row | BadRow:
    if any(fields):
        # Spreadsheets write as many separators as their widest row needs.
        margin = fields[len(header) :]
        fields = fields if any(margin) else fields[: len(header)]
        if len(fields) != len(header):
            reason = f"the fields are {len(fields)}, but {len(header)} in the header"
            return BadRow(start, "line", reason)
    return Row(start, dict(zip(header, fields, strict=False)))


def _without_margin(header: list[str]) -> list[str]:
    """The header without the separators of empty columns at its end."""
    while header and not header[-1].strip():
        header.pop()
    return header


def _check_header(header: list[str], path: Path) -> None:
    twice = [name for name, count in Counter(header).items() if count > 1]
    if twice:
        raise InputError(f"{place(path, 'line', 1)}: two columns named {twice[0]!r}; rename one")


def parquet_rows(stream: BinaryIO, path: Path) -> Iterator[Row | BadRow]:
    """Parquet, through pyarrow (the extra `parquet`)."""
    try:
        import pyarrow
        from pyarrow.parquet import ParquetFile
    except ImportError as error:
        how = install_hint("parquet")
        raise InputError(f"{path}: reading Parquet needs pyarrow; {how}") from error
    number = 0
    try:
        for batch in ParquetFile(stream).iter_batches():
            for data in batch.to_pylist():
                number += 1
                yield Row(number, data, "row")
    except (pyarrow.ArrowException, OSError) as error:
        where = place(path, "row", number + 1)
        raise InputError(
            f"{where}: not readable as Parquet ({shown(str(error))}); write it again"
        ) from error
