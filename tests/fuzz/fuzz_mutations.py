"""Damage to files: bytes, texts, values of JSON and cells of SQLite."""

from __future__ import annotations

import json
import random
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

__all__ = ["damage"]

VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2**31, 2**63, 2**64, -(2**63), 10**30, 0.5, -0.0, 1e308),
    *("", "x", "0", "\x1b[2J", "\ufeff", "a\u0000b", "../../x", "/etc/hostname", "x" * 3000),
    *([], {}, [None], [[]], {"a": 1}, {"": {}}, [1, "a", None]),
)
SNIPPETS = (
    *(b"", b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\n", b"\r", b"\r\n\r\n", b",", b";", b"\t"),
    *(b'"', b"{", b"}", b"[", b"]", b"null", b"NaN", b"1e999", b"-1", b"9" * 400, b"[" * 3000),
    *(b"\\u0000", b"\\ud800", b"\xed\xa0\x80", b"= ", b"[[x]]\n", b"'''", b"#"),
)


def damage(draw: random.Random, file: Path) -> str:
    """Damages a file in one way, and says how."""
    kinds = [flip, cut, delete, insert, double, empty]
    if file.suffix in (".json", ".jsonl"):
        kinds += [change_json] * 6
    if file.suffix == ".db":
        kinds += [change_cell] * 6
    return f"{file.name}: {draw.choice(kinds)(draw, file)}"


def flip(draw: random.Random, file: Path) -> str:
    content = bytearray(file.read_bytes())
    if not content:
        return "nothing"
    places = [draw.randrange(len(content)) for _ in range(draw.choice((1, 1, 3, 20)))]
    for place in places:
        content[place] = draw.randrange(256)
    file.write_bytes(content)
    return f"other bytes at {places}"


def cut(draw: random.Random, file: Path) -> str:
    size = draw.randrange(file.stat().st_size + 1)
    file.write_bytes(file.read_bytes()[:size])
    return f"cut to {size} bytes"


def empty(draw: random.Random, file: Path) -> str:
    del draw
    file.write_bytes(b"")
    return "emptied"


def part(draw: random.Random, content: bytes) -> tuple[int, int]:
    start = draw.randrange(len(content) + 1)
    return start, min(len(content), start + draw.choice((1, 2, 10, 100, 1000)))


def delete(draw: random.Random, file: Path) -> str:
    content = file.read_bytes()
    start, stop = part(draw, content)
    file.write_bytes(content[:start] + content[stop:])
    return f"without bytes {start} to {stop}"


def double(draw: random.Random, file: Path) -> str:
    content = file.read_bytes()
    start, stop = part(draw, content)
    file.write_bytes(content[:stop] + content[start:])
    return f"bytes {start} to {stop} twice"


def insert(draw: random.Random, file: Path) -> str:
    content, new = file.read_bytes(), draw.choice(SNIPPETS)
    place = draw.randrange(len(content) + 1)
    file.write_bytes(content[:place] + new + content[place:])
    return f"{new[:20]!r} at byte {place}"


def change_json(draw: random.Random, file: Path) -> str:
    """Another value, or none, somewhere in a JSON file or in a line of a JSON Lines file."""
    text = file.read_text(encoding="utf-8", errors="replace")
    lines = text.split("\n") if file.suffix == ".jsonl" else [text]
    number = draw.randrange(len(lines))
    with suppress(ValueError):
        lines[number], how = changed(draw, json.loads(lines[number]))
        file.write_text("\n".join(lines), encoding="utf-8", errors="replace")
        return f"line {number + 1}: {how}"
    return "nothing"


def changed(draw: random.Random, whole: Any) -> tuple[str, str]:
    spots = [(None, None), *places(whole)]
    holder, key = draw.choice(spots)
    new = draw.choice(VALUES)
    if holder is None:
        return json.dumps(new), f"all of it is {new!r:.40}"
    if isinstance(holder, dict) and draw.random() < 0.25:
        del holder[key]
        return json.dumps(whole), f"without {key!r}"
    holder[key] = new
    return json.dumps(whole), f"{key!r} is {new!r:.40}"


def places(value: Any) -> list[tuple[Any, Any]]:
    """Each value's holder and its key or index there."""
    inner = list(value.items()) if isinstance(value, dict) else []
    inner += list(enumerate(value)) if isinstance(value, list) else []
    return [spot for key, each in inner for spot in ((value, key), *places(each))]


def change_cell(draw: random.Random, file: Path) -> str:
    """Another value in a cell of a database, or a mark of its header."""
    with suppress(sqlite3.Error), closing(sqlite3.connect(file)) as store, store:
        tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        names = [name for (name,) in store.execute(tables)]
        cells = [
            (table, column, row)
            for table in names
            for _, column, *_ in store.execute(f"PRAGMA table_info({table})")
            for (row,) in store.execute(f"SELECT rowid FROM {table}")
        ]
        if not cells:
            return "nothing"
        (table, column, row), value = draw.choice(cells), draw.choice(CELLS)
        store.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (value, row))
        return f"{column} of row {row} of {table} is {value!r:.40}"
    return "nothing"


CELLS: tuple[Any, ...] = (
    *(None, 0, -1, 2**63 - 1, 1.5, "", "x", b"", b"\x00", b"null", b"[]", b"{}", b"[" * 3000),
    *(b'{"text": 5}', b'{"text": "[[A]]", "usage": []}', b"\x80\xff", b'{"tokens": -1}'),
)
