"""JSON objects in a reply: alone, in a code block or in prose."""

from __future__ import annotations

import json
import re
from typing import Any

from judgekit.judging.parsing.marks import Finding

__all__ = ["Members", "find_members", "find_objects"]

_OBJECT = re.compile(r'\{\s{0,40}"')
_MAX_BRACES = 64  # each attempt may take time in proportion to the text's length


class Members(list[tuple[str, Any]]):
    """An object's members in order, duplicates included (`dict` would keep only the last)."""


def find_members(text: str, key: str) -> list[tuple[Any, int]] | Finding:
    """The values under `key` in the outermost objects of a text, each with its object's end.

    If there are none, the finding that says why.
    """
    found = find_objects(text)
    if found is None:
        return Finding.none("too many braces to look for a JSON object")
    values = [(value, stop) for members, _, stop in found for name, value in members if name == key]
    return values or Finding.none(f'no JSON object with "{key}"')


def find_objects(text: str) -> list[tuple[Members, int, int]] | None:
    """The outermost JSON objects of a text, where they begin and where they end.

    None if the text has too many braces.
    """
    decoder = json.JSONDecoder(object_pairs_hook=Members)
    found: list[tuple[Members, int, int]] = []
    position = 0
    for _ in range(_MAX_BRACES):
        brace = _OBJECT.search(text, position)
        if brace is None:
            return found
        try:
            members, position = decoder.raw_decode(text, brace.start())
        except (ValueError, RecursionError):  # not JSON, or nested too deeply
            position = brace.start() + 1
        else:
            found.append((members, brace.start(), position))
    return None
