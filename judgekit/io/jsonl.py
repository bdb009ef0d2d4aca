"""Rows from JSON: one object per line, or one array of objects."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import orjson

from judgekit.errors import InputError
from judgekit.io.names import is_known
from judgekit.io.row import BadRow, Row, RowError, Unit, place, shown

__all__ = [
    "TOO_DEEP",
    "array",
    "json_line",
    "json_text",
    "json_value",
    "lines",
    "without_surrogates",
]

log = logging.getLogger(__name__)

_SURROGATE = re.compile("[\ud800-\udfff]")
_LARGE = 2.0**63
TOO_DEEP = "nested too deeply to be read; remove that column"


def lines(stream: Iterable[bytes], path: Path) -> Iterator[Row | BadRow]:
    """JSON Lines. Only ``\\n`` ends a line: texts may hold U+2028 and the like unescaped.

    Raises:
        InputError: The file is JSON of another layout: an object over several lines, or one that
            holds the rows.
    """
    numbered: Iterator[tuple[int, bytes]] = enumerate(_with_line_ends(stream, path), 1)
    first = next(((number, line) for number, line in numbered if not line.isspace()), None)
    if first is None:
        return
    if not _is_json(first[1]) and first[1].lstrip().startswith(b"{"):
        rest = list(numbered)
        _check_layout(b"".join([first[1], *(line for _, line in rest)]), path)
        numbered = iter(rest)
    for number, line in chain([first], numbered):
        if line.isspace():
            continue
        try:
            row = _row(*_parse(line), number, "line")
        except RowError as error:
            yield BadRow(number, "line", str(error))
            continue
        if number == first[0]:
            _check_holds_no_rows(row.data, path)
        yield row


def _with_line_ends(stream: Iterable[bytes], path: Path) -> Iterator[bytes]:
    """The lines, also where a carriage return alone ends each (old Mac), which is told."""
    lines = iter(stream)
    first = next(lines, None)
    if first is None:
        return
    head, _, rest = first.lstrip().partition(b"\r")
    if not rest.strip() or _is_json(first) or not _is_json(head):
        yield first
        yield from lines
        return
    log.warning("%s: read as lines ended by a carriage return alone (old Mac)", path)
    for line in chain([first], lines):
        yield from line.splitlines(keepends=True)  # of bytes: only at line feeds and returns


def _check_layout(data: bytes, path: Path) -> None:
    """Raises `InputError` where data is one JSON object, or several, over more than one line."""
    try:
        text = data.decode("utf-8").lstrip()
        value, end = json.JSONDecoder(strict=False).raw_decode(text)
    except (ValueError, RecursionError):  # damaged lines, which are told one by one
        return
    if "\n" not in text[:end] or not isinstance(value, dict):
        return
    if text[end:].strip():
        what, way = "JSON objects over several lines each", f"jq -c . {path}"
    else:
        _check_holds_no_rows(value, path)
        what, way = "one JSON object over several lines", f"jq -c . {path}"
    raise InputError(f"{path}: it is {what}; write one object per line: {way}")


def _check_holds_no_rows(value: dict[str, Any], path: Path) -> None:
    """Raises `InputError` where an object has no known column, and a list of objects in one."""
    if any(map(is_known, value)):
        return
    held = [k for k, v in value.items() if isinstance(v, list) and v and isinstance(v[0], dict)]
    if len(held) == 1 and (len(value) == 1 or any(map(is_known, value[held[0]][0]))):
        name = held[0]
        way = f"write them one per line: jq -c '.[{json.dumps(name)}][]' {path}"
        raise InputError(f"{path}: it is one JSON object, with its rows under {name!r}; {way}")


def array(data: bytes, path: Path) -> Iterator[Row | BadRow]:
    """One JSON array; or lines, where only the first line looks like one."""
    try:
        values, strict = _parse(data)
    except RowError as error:
        first, _, _ = data.lstrip().partition(b"\n")
        if _is_json(first):
            yield from lines(io.BytesIO(data), path)
            return
        raise InputError(f"{place(path, 'line', error.line)}: {error}; correct the file") from error
    del data  # the values are as large again
    for number, value in enumerate(values, 1):
        try:
            yield _row(value, strict, number, "element")
        except RowError as error:
            yield BadRow(number, "element", str(error))


def json_text(value: object) -> str:
    """A value as JSON, whole numbers of any size in full. Raises `TypeError` for what is none."""
    try:
        return orjson.dumps(value).decode()
    except TypeError as error:  # orjson.JSONEncodeError: whole numbers beyond 64 bits among others
        try:
            text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
            text.encode()
        except (ValueError, TypeError, RecursionError):
            raise error from None
        return text


def json_line(value: object) -> bytes:
    """A value as a line of JSON Lines, as `json_text`."""
    return f"{json_text(value)}\n".encode()


def json_value(data: bytes) -> Any:
    """The value of JSON, whole numbers of any size in full. Raises `RowError` for what is none."""
    return _parse(data)[0]


def _row(value: Any, strict: bool, number: int, unit: Unit) -> Row:
    if not isinstance(value, dict):
        raise RowError(f"{shown(value)} is not an object of columns and values")
    if strict or not _has_surrogate(value):
        return Row(number, value, unit)
    return Row(number, without_surrogates(value), unit, repaired=True)


def _is_json(data: bytes) -> bool:
    try:
        _parse(data)
    except RowError:
        return False
    return True


def _parse(data: bytes) -> tuple[Any, bool]:
    """The value of UTF-8 bytes, and whether they were strict JSON.

    The standard library has the last word: it also takes NaN in columns nobody reads, unescaped
    control characters and lone surrogates, all of which real files hold, and it keeps whole
    numbers beyond 64 bits, of which orjson makes floats.
    """
    strict = False
    try:
        value = orjson.loads(data)
        strict = True
        if not _holds_large_float(value):
            return value, True
    except orjson.JSONDecodeError:
        pass
    try:
        text = data.decode("utf-8")
        return json.loads(text, strict=False), strict
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        reason = f"the byte {data[error.start]:#04x} is not UTF-8; save the file as UTF-8"
        raise RowError(reason, line) from error
    except json.JSONDecodeError as error:
        near = shown(text[max(0, error.pos - 20) : error.pos + 20])
        reason = f"not JSON ({error.msg}, column {error.colno}, near {near})"
        raise RowError(reason, error.lineno) from error
    except RecursionError as error:
        raise RowError(TOO_DEEP) from error
    except ValueError as error:  # a whole number of thousands of digits
        raise RowError(f"not readable as JSON ({error})") from error


def _holds_large_float(value: Any) -> bool:
    """Whether a float may have been a whole number beyond 64 bits."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, float):
            if not -_LARGE < item < _LARGE:
                return True
        elif isinstance(item, dict):
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
    return False


def _has_surrogate(value: Any) -> bool:
    try:
        return bool(_SURROGATE.search(json.dumps(value, ensure_ascii=False)))
    except RecursionError as error:
        raise RowError(TOO_DEEP) from error


def without_surrogates(value: Any) -> Any:
    """`value` with U+FFFD for each lone surrogate, in keys as well."""
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    try:
        if isinstance(value, list):
            return [without_surrogates(item) for item in value]
        if isinstance(value, dict):
            return {
                without_surrogates(key): without_surrogates(item) for key, item in value.items()
            }
    except RecursionError as error:
        raise RowError(TOO_DEEP) from error
    return value
