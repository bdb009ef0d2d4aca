"""The lists in an answer, and how one is repeated in front of itself."""

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

    `items` are the items' texts without their markers, with everything nested below them. `first`
    is the first number, None in a bulleted list. `marker` is the bullet, or what follows the
    number. `gap`: empty lines separate the items.
    """

    start: int
    end: int
    items: tuple[str, ...]
    indent: str
    marker: str
    first: int | None
    gap: bool

    def rendered(self, items: Sequence[str]) -> str:
        """Other items in the form of this list, numbered from its first number."""
        between = "\n\n" if self.gap else "\n"
        return between.join(
            f"{self.indent}{self.marker} {item}"
            if self.first is None
            else f"{self.indent}{self.first + place}{self.marker} {item}"
            for place, item in enumerate(items)
        )


def find_list(text: str) -> Listing | None:
    """The list with most items in a text, the first of several; not in code, not a nested one."""
    lines = text.split("\n")
    listings: list[Listing] = []
    place, fenced = 0, False
    while place < len(lines):
        if _FENCE.match(lines[place]):
            fenced = not fenced
        opening = None if fenced else _ITEM.match(lines[place])
        if opening is None:
            place += 1
            continue
        listing = _list_at(lines, place, opening)
        listings.append(listing)
        place = listing.end
    best = max(listings, key=lambda listing: len(listing.items), default=None)
    return best if best is not None and len(best.items) >= FEWEST else None


def _list_at(lines: Sequence[str], start: int, opening: re.Match[str]) -> Listing:
    """The list that opens in line `start`, up to the first line that does not belong to it."""
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
        tuple("\n".join(item) for item in items),
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
    """The text with `again`, the items in some wording, in front of its list's items."""
    lines = text.split("\n")
    block = listing.rendered((*again, *listing.items))
    return "\n".join([*lines[: listing.start], block, *lines[listing.end :]])
