"""One measured figure, with its interval and what it means, or why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from judgekit.stats import Rate

__all__ = ["Figure", "Kind", "leaning", "points", "share", "unknown"]

Kind = Literal["share", "points", "number"]
"""In 0 to 1; a difference of two shares, in -1 to 1; or on a scale of its own."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure over `cases` cases. `reason` is why it has no value; empty where it has one."""

    name: str
    rate: Rate
    kind: Kind
    cases: int
    sentence: str
    reason: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The same for JSON, the interval beside the value."""
        plain = asdict(self)
        return {"name": plain.pop("name"), **plain.pop("rate"), **plain}


def unknown(name: str, reason: str, *, cases: int = 0) -> Figure:
    """A figure that the data cannot give."""
    return Figure(name, Rate(), "share", cases, "", reason)


def share(name: str, rate: Rate, cases: int, sentence: str) -> Figure:
    """A share of something; without a value where nothing was counted."""
    if rate.value is None:
        return unknown(name, "nothing was left to count", cases=cases)
    return Figure(name, rate, "share", cases, sentence)


def points(name: str, rate: Rate, cases: int, sentences: Sequence[str]) -> Figure:
    """A difference of shares, with the sentence of `sentences` (as `leaning`) that fits."""
    if rate.value is None:
        return unknown(name, "nothing was left to count", cases=cases)
    return Figure(name, rate, "points", cases, leaning(rate, *sentences))


def leaning(rate: Rate, more: str, less: str, level: str) -> str:
    """`more` where the interval lies above 0, `less` below it, else `level`."""
    if rate.low is not None and rate.low > 0:
        return more
    if rate.high is not None and rate.high < 0:
        return less
    return level
