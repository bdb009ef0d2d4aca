"""Rows from delimited text: CSV, tabs, and what spreadsheets make of them."""

from __future__ import annotations

import csv
import logging
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from judgekit.errors import InputError
from judgekit.io.names import canonical, is_known
from judgekit.io.row import BadRow, Row, place

__all__ = ["delimited_rows", "is_delimited"]

log = logging.getLogger(__name__)

_LARGEST_FIELD = 2**31 - 1  # what a C long holds on every platform; the default is 128 KiB
_SAMPLE = 40  # lines that show the delimiter
_NAMES = {",": "','", "\t": "tabs", ";": "';'", "|": "'|'"}
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_SEP_LINE = re.compile(r'"?sep=(?P<delimiter>.)"?[\r\n]*', re.IGNORECASE)  # Excel's own first line
_SUFFIXES = (".csv", ".tsv", ".tab", ".txt")
_WITH_TABS = (".tsv", ".tab")


@dataclass(frozen=True)
class _Dialect:
    """How a file separates its fields; `spaced`: a space follows each delimiter."""

    delimiter: str
    spaced: bool = False

    def records(self, lines: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
        """The records that have any field, each with the number of the line it begins on."""
        reader = csv.reader(
            lines, delimiter=self.delimiter, skipinitialspace=self.spaced, strict=True
        )
        start = 1
        try:
            for fields in reader:
                if fields:
                    yield start, fields
                start = reader.line_num + 1
        except csv.Error as error:
            raise _NotDelimited(start, str(error)) from error


class _NotDelimited(ValueError):  # noqa: N818 (told with its file)
    def __init__(self, line: int, why: str) -> None:
        super().__init__(why)
        self.line = line


def is_delimited(path: Path, head: bytes) -> bool:
    """Whether a file is a table of delimited fields: by its name, unless it begins as JSON."""
    named = path.name.lower().removesuffix(".gz").endswith(_SUFFIXES)
    return named and not head.lstrip().startswith((b"{", b"["))


def delimited_rows(
    stream: Iterable[bytes], path: Path, *, remark: str = ""
) -> Iterator[Row | BadRow]:
    """The rows below a header line; every value is text. A row's line is the one it begins on.

    The delimiter is the one that makes the most of the header, or what a line ``sep=;`` says.
    Whatever differs from what the file's name promises is told in one line.

    Args:
        stream: The file's bytes in UTF-8, line by line.
        path: The file.
        remark: What else is to be told of how the file is read.
    """
    lines = _decoded(stream, path)
    sample = list(islice(lines, _SAMPLE))
    sep_line = _SEP_LINE.fullmatch(sample[0]) if sample else None
    skipped = 1 if sep_line else 0
    tabs = path.name.lower().removesuffix(".gz").endswith(_WITH_TABS)
    dialect = _sniffed(sample[skipped:], sep_line and sep_line["delimiter"], "\t" if tabs else ",")
    _log_dialect(path, dialect, sample, "\t" if tabs else ",", remark)
    before = csv.field_size_limit(_LARGEST_FIELD)
    try:
        records = dialect.records(chain(sample[skipped:], lines))
        start, header = next(((n, f) for n, f in records if _holds(f)), (1, []))
        while header and not header[-1].strip():  # a margin of empty columns
            header.pop()
        _check_header(header, place(path, "line", start + skipped))
        for start, fields in records:
            yield _row(fields, header, start + skipped)
    except _NotDelimited as error:
        where = place(path, "line", error.line + skipped)
        raise InputError(f"{where}: not CSV ({error}); check the quotes of that row") from error
    finally:
        csv.field_size_limit(before)


def _sniffed(sample: Sequence[str], stated: str | None, usual: str) -> _Dialect:
    """The dialect of the first lines of a file."""
    if stated is not None:
        return _with_spaces(_Dialect(stated), sample)
    order = [usual, *(one for one in _NAMES if one != usual)]
    dialects = [_with_spaces(_Dialect(delimiter), sample) for delimiter in order]
    scores = [_score(dialect, sample) for dialect in dialects]
    return dialects[scores.index(max(scores))]


def _with_spaces(dialect: _Dialect, sample: Sequence[str]) -> _Dialect:
    """The dialect with a space after each delimiter, where the header has one after each."""
    later = next(iter(_records(dialect, sample)), [])[1:]
    spaced = bool(later) and all(name.startswith(" ") for name in later)
    return _Dialect(dialect.delimiter, spaced)


def _score(dialect: _Dialect, sample: Sequence[str]) -> tuple[int, bool, int]:
    """How well a dialect fits: known columns, rows as long as the header, columns."""
    header, *rows = _records(dialect, sample) or [[]]
    if len(header) < 2:
        return (0, False, 0)
    known = sum(map(is_known, header))
    return (known, all(len(row) == len(header) for row in rows), len(header))


def _records(dialect: _Dialect, sample: Sequence[str]) -> list[list[str]]:
    """The records of the sample that have a value, up to the first that cannot be parsed."""
    records: list[list[str]] = []
    with suppress(_NotDelimited):  # it may be cut in a quoted field
        records.extend(fields for _, fields in dialect.records(sample) if _holds(fields))
    return records


def _log_dialect(
    path: Path, dialect: _Dialect, sample: Sequence[str], usual: str, remark: str
) -> None:
    """Logs how the file is read, where that is not what its name promises."""
    remarks = [remark] if remark else []
    if dialect.delimiter != usual:
        name = _NAMES.get(dialect.delimiter, repr(dialect.delimiter))
        remarks.append(f"fields separated by {name}")
    if dialect.spaced:
        remarks.append("a space after each separator dropped")
    if sample and sample[0].endswith("\r"):
        remarks.append("lines ended by a carriage return alone (old Mac)")
    if remarks:
        log.warning("%s: read as a table: %s", path, ", ".join(remarks))


def _decoded(stream: Iterable[bytes], path: Path) -> Iterator[str]:
    """The lines with their ends: a line feed, a carriage return, or both."""
    number = 1
    for line in stream:
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError as error:
            number += line[: error.start].count(b"\r")
            what = f"the byte {line[error.start]:#04x} is not UTF-8; save the file as UTF-8"
            raise InputError(f"{place(path, 'line', number)}: {what}") from error
        parts = _LINE.findall(text) if "\r" in text else (text,)
        number += len(parts)
        yield from parts


def _holds(fields: Sequence[str]) -> bool:
    return any(field.strip() for field in fields)


def _row(fields: list[str], header: list[str], start: int) -> Row | BadRow:
    # Spreadsheets write as many separators as their widest row needs.
    if not _holds(fields[len(header) :]):
        fields = fields[: len(header)]
    if _holds(fields) and len(fields) != len(header):
        reason = f"the fields are {len(fields)}, but {len(header)} in the header"
        return BadRow(start, "line", reason)
    return Row(start, dict(zip(header, fields, strict=False)))


def _check_header(header: list[str], where: str) -> None:
    twice = [name for name, count in Counter(map(canonical, header)).items() if count > 1]
    if twice:
        raise InputError(f"{where}: two columns named {twice[0]!r}; rename one")
