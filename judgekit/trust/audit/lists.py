"""The lists in an answer: found, and said over again in front of themselves."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["FEWEST", "Listing", "find_list", "with_repeated"]

FEWEST = 2  # items that make a list
_ITEM = re.compile(r"([ \t]*)(?:(\d{1,3})([.)])|([-*•+]))[ \t]+(?=\S)")
_FENCE = re.compile(r"[ \t]*(```|~~~)")


@dataclass(frozen=True, slots=True)
class Listing:
    """A list of one level: lines `start` to `end` (excluded) of its text.

    `items` are the items' texts without their markers, with all that hangs below them. `first` is
    the first number, None of a bulleted list, whose `marker` is the bullet; else what follows the
    number. `gap`: empty lines stand between items.
    """

    start: int
    end: int
    items: tuple[str, ...]
    indent: str
    marker: str
    first: int | None
    gap: bool

    def rendered(self, items: Sequence[str]) -> str:
        """Other items as this list would have them, numbered on from its first."""
        between = "\n\n" if self.gap else "\n"
        return between.join(
            f"{self.indent}{self.marker} {item}"
            if self.first is None
            else f"{self.indent}{self.first + place}{self.marker} {item}"
            for place, item in enumerate(items)
        )


def find_list(text: str) -> Listing | None:
    """The list of most items in a text (the first of several), nested ones and code left aside."""
    lines = text.split("\n")
    found: list[Listing] = []
    place, fenced = 0, False
    while place < len(lines):
        if _FENCE.match(lines[place]):
            fenced = not fenced
        opening = None if fenced else _ITEM.match(lines[place])
        if opening is None:
            place += 1
            continue
        listing = _taken(lines, place, opening)
        found.append(listing)
        place = listing.end
    best = max(found, key=lambda listing: len(listing.items), default=None)
    return best if best is not None and len(best.items) >= FEWEST else None


def _taken(lines: Sequence[str], start: int, opening: re.Match[str]) -> Listing:
    """The list that opens in line `start`, up to the first line that is no part of it."""
    kind = _kind(opening)
    items: list[list[str]] = []
    gap, place, end = False, start, start
    while place < len(lines):
        line = lines[place]
        match = _ITEM.match(line)
        if not line.strip():
            place += 1
            continue
        if match is not None and _kind(match) == kind:
            gap = gap or (bool(items) and end < place)
            items.append([line[match.end() :]])
        elif _depth(line) > len(opening[1]):
            items[-1] += [""] * (place - end) + [line]
        else:
            break
        place += 1
        end = place
    return Listing(
        start,
        end,
        tuple("\n".join(own) for own in items),
        opening[1],
        opening[3] or opening[4],
        None if opening[2] is None else int(opening[2]),
        gap,
    )


def _kind(item: re.Match[str]) -> tuple[str, str]:
    return item[1], item[3] or item[4]


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip(" \t"))


def with_repeated(text: str, listing: Listing, again: Sequence[str]) -> str:
    """The text with `again`, its list's items in some words, in front of the items."""
    lines = text.split("\n")
    whole = listing.rendered((*again, *listing.items))
    return "\n".join([*lines[: listing.start], whole, *lines[listing.end :]])
