"""JSON objects in a reply: alone, in a code block or in prose."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from judgekit.judging.parsing.marks import Finding

__all__ = ["MemberValue", "Members", "find_members", "find_objects"]

# What begins an object, also one that is not JSON ({'a': …}, {a: …}, {{ …): a brace in prose or in
# a formula begins none.
_OPENING = re.compile(r"\{(?=\s*(?:[\"'“”‘’`{#/]|[^\W\d][\w-]{0,40}\s*:))")
_BRACKETS = r"[{}\[\]]"
_DOUBLE = r'"(?:[^"\\]|\\.)*+"?'
_TOKEN = re.compile(rf"{_DOUBLE}|{_BRACKETS}", re.DOTALL)
# The strings of an object that is not JSON may be quoted otherwise, or not at all.
_TOKENS = (
    _TOKEN,
    re.compile(rf"{_DOUBLE}|'(?:[^'\\]|\\.)*+'?|`[^`]*+`?|{_BRACKETS}", re.DOTALL),
    re.compile(_BRACKETS),
)
# What stands before a part of something: a key, an element, or the beginning of a list.
_PART = re.compile(r'(?:\[|(?:["\]}\d]|true|false|null)\s*,|"\s*:)\s*$')
_BEFORE = 400  # characters before an object that say whether it is a part
_REPAIRED = re.compile(
    r'(?P<escape>\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))|(?P<stray>\\)|'
    r'(?P<quote>")|,(?=\s*+[}\]])'
)
_DECODER = json.JSONDecoder(object_pairs_hook=lambda pairs: Members(pairs), strict=False)


class Members(list[tuple[str, Any]]):
    """An object's members in order, duplicates included (`dict` would keep only the last)."""


class MemberValue(NamedTuple):
    """The value of a key in the object at ``text[start:end]``."""

    value: Any
    start: int
    end: int


def find_members(text: str, key: str) -> list[MemberValue] | Finding:
    """The values under `key` in the outermost objects of a text.

    If there are none, the finding that says why. Line breaks within strings, stray backslashes and
    trailing commas are allowed. What stands in an object that cannot be read, from its opening
    brace to its closing one or to the end of the text, is a part of it, and never read by itself.
    """
    objects = [
        (None if _is_part(text, start) else members, start, end)
        for members, start, end in _objects(text)
    ]
    values = [
        MemberValue(value, start, end)
        for members, start, end in objects
        for name, value in members or ()
        if name == key
    ]
    if values:
        return values
    if any(members is None for members, _, _ in objects):
        return Finding.none("the JSON object cannot be read")
    return Finding.none(f'no JSON object with "{key}"')


def _is_part(text: str, start: int) -> bool:
    """Whether an object stands in what is left of a damaged one, or in a list."""
    before = text[max(0, start - _BEFORE) : start]
    return _PART.search(before) is not None or (start > _BEFORE and not before.strip())


def find_objects(text: str) -> list[tuple[Members, int, int]]:
    """The outermost objects of a text that can be read, each with its start and its end."""
    return [(members, start, end) for members, start, end in _objects(text) if members is not None]


def _objects(text: str) -> Iterator[tuple[Members | None, int, int]]:
    """The outermost objects with their places, in order; None for one that cannot be read."""
    position = 0
    while (opening := _OPENING.search(text, position)) is not None:
        start = opening.start()
        position = _end(text, start, _TOKEN)
        members = _members(text[start:position])
        if members is None:
            position = max(_end(text, start, token) for token in _TOKENS)
        yield members, start, position


def _end(text: str, start: int, token: re.Pattern[str]) -> int:
    """Where the object that begins at `start` ends: at the end of the text if it is not closed."""
    depth = 0
    for match in token.finditer(text, start):
        if match[0] in "{[":
            depth += 1
        elif match[0] in "}]":
            depth -= 1
            if depth <= 0:
                return match.end()
    return len(text)


def _members(written: str) -> Members | None:
    for spelling in (written, _repair(written)):
        try:
            read = _DECODER.decode(spelling)
        except (ValueError, RecursionError):  # not JSON, or nested too deeply
            continue
        return read if isinstance(read, Members) else None
    return None


def _repair(written: str) -> str:
    """The text with stray backslashes doubled, and without trailing commas."""
    within = False

    def mend(match: re.Match[str]) -> str:
        nonlocal within
        if match["quote"]:
            within = not within
        elif match["stray"]:
            return "\\\\"
        elif match[0] == "," and not within:
            return ""
        return match[0]

    return _REPAIRED.sub(mend, written)
