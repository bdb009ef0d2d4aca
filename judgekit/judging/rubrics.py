"""Rubrics: weighted criteria by which an answer is judged, and the scales of their verdicts."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from judgekit.types import digest

__all__ = [
    "YES_NO",
    "Criterion",
    "Rubric",
    "Scale",
    "criterion_problem",
    "key_of",
    "levels",
    "rubric_problem",
    "whole_numbers",
]

MOST_CRITERIA = 200  # of one rubric
MOST_NAME = 80  # characters of a criterion's name
MOST_TEXT = 4000  # characters of a criterion's text
MOST_STEPS = 101  # verdicts of one scale: 0 to 100
MOST_WEIGHT = 1e6

ScaleKind = Literal["yes-no", "numbers", "levels"]

_SPACING = re.compile(r"[\s_-]+")
# A name opens a line of the reply and ends at a colon, so it holds neither what ends it nor marks.
_NAME = re.compile(r"\w(?:[\w .,'’/&+()%-]*[\w.'’)%+])?")


@dataclass(frozen=True, slots=True)
class Scale:
    """What may be said of a criterion.

    Attributes:
        kind: Yes or no, whole numbers, or named levels.
        verdicts: Every verdict as it is written, with its value in 0 to 1, from the lowest.
    """

    kind: ScaleKind
    verdicts: tuple[tuple[str, float], ...]

    @property
    def words(self) -> tuple[str, ...]:
        """The verdicts as they are written."""
        return tuple(word for word, _ in self.verdicts)

    def value(self, verdict: str) -> float | None:
        """The value of a verdict; None of what is not on the scale.

        Args:
            verdict: As it stands in a reply, in any case of letters.
        """
        return {key_of(word): value for word, value in self.verdicts}.get(key_of(verdict))

    def in_words(self) -> str:
        """The scale as a prompt says it: ``yes or no``, ``a whole number from 1 to 5``."""
        if self.kind == "numbers":
            return f"a whole number from {self.words[0]} to {self.words[-1]}"
        words = self.words[::-1] if self.kind == "yes-no" else self.words
        return f"{', '.join(words[:-1])} or {words[-1]}"


YES_NO = Scale("yes-no", (("no", 0.0), ("yes", 1.0)))
"""Whether a criterion is met."""


def whole_numbers(low: int, high: int) -> Scale:
    """The scale of whole numbers from `low` (value 0) to `high` (value 1).

    Args:
        low: The lowest.
        high: The highest.

    Raises:
        ValueError: They are no range, or one of more than 101 numbers.
    """
    if not low < high:
        raise ValueError(f"{low} is not below {high}")
    if high - low >= MOST_STEPS:
        raise ValueError(f"{low} to {high} has more than {MOST_STEPS} numbers")
    span = high - low
    return Scale("numbers", tuple((str(n), (n - low) / span) for n in range(low, high + 1)))


def levels(values: Mapping[str, float]) -> Scale:
    """The scale of named levels: the lowest has the value 0, the highest 1.

    Args:
        values: The number that each level stands for, on any scale.

    Raises:
        ValueError: Fewer than two levels or different numbers, or names that cannot be told apart.
    """
    low, high = min(values.values(), default=0.0), max(values.values(), default=0.0)
    if not low < high:
        raise ValueError("levels need at least two names with different numbers")
    if len(values) > MOST_STEPS:
        raise ValueError(f"there are more than {MOST_STEPS} levels")
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ValueError("the number of a level is not finite")
    for name in values:
        if not _NAME.fullmatch(name) or len(name) > MOST_NAME:
            raise ValueError(f"the level {name!r} is no plain name of one line")
    if len({key_of(name) for name in values}) < len(values):
        raise ValueError("two levels differ only in case or spacing")
    ordered = sorted(values.items(), key=lambda item: item[1])
    return Scale("levels", tuple((n, (number - low) / (high - low)) for n, number in ordered))


@dataclass(frozen=True, slots=True)
class Criterion:
    """One criterion of a rubric.

    Attributes:
        name: What it is called in tables.
        text: What the judge is to look for.
        weight: Its weight in the score; negative where meeting it is a fault.
        scale: What may be said of it.
        key: What the judge calls it in a reply, where that is not its name.
    """

    name: str
    text: str
    weight: float = 1.0
    scale: Scale = YES_NO
    key: str = ""

    @property
    def called(self) -> str:
        """What the judge calls it in a reply."""
        return self.key or self.name


@dataclass(frozen=True)
class Rubric:
    """Weighted criteria, at least one of positive weight."""

    criteria: tuple[Criterion, ...]

    @cached_property
    def digest(self) -> str:
        """The identity of all that it says."""
        return digest(*(repr(criterion) for criterion in self.criteria))

    def __len__(self) -> int:
        return len(self.criteria)


def key_of(name: str) -> str:
    """A name or a verdict without what does not tell two apart: case, spacing, ``-`` and ``_``."""
    minus = "-" if re.fullmatch(r"\s*[-−]\s*\d+\s*", name) else ""
    return minus + _SPACING.sub(" ", name.replace("−", "-")).strip().casefold()


def criterion_problem(criterion: Criterion) -> tuple[str, str] | None:
    """What is wrong with one criterion.

    Args:
        criterion: Read from a file or a column.

    Returns:
        The key that is wrong and what is wrong with it, with what to do; None if nothing is.
    """
    if not _NAME.fullmatch(criterion.called) or len(criterion.called) > MOST_NAME:
        return "name", (
            f"name = {criterion.called!r} is no plain name: take up to {MOST_NAME} letters, digits "
            f"and spaces, such as correct or cites its source"
        )
    if not criterion.text.strip():
        return "text", "text is empty; say what the judge is to look for"
    if len(criterion.text) > MOST_TEXT:
        return "text", (f"text has {len(criterion.text):,} characters; shorten it to {MOST_TEXT:,}")
    if not abs(criterion.weight) <= MOST_WEIGHT:
        return "weight", (
            f"weight = {criterion.weight!r} is not between -{MOST_WEIGHT:,.0f} and "
            f"{MOST_WEIGHT:,.0f}"
        )
    return None


def rubric_problem(criteria: Sequence[Criterion]) -> str:
    """What is wrong with the criteria together, with what to do; empty if nothing is.

    Args:
        criteria: All of one rubric, each without a problem of its own.
    """
    if not criteria:
        return "there is no criterion; add one"
    if len(criteria) > MOST_CRITERIA:
        return f"there are {len(criteria)} criteria; keep to {MOST_CRITERIA}"
    if (twice := first_repeated(criterion.called for criterion in criteria)) is not None:
        return f"two criteria are called {twice!r} (case and spacing aside); rename one"
    if not any(criterion.weight > 0 for criterion in criteria):
        return "no criterion has a positive weight, so no answer could score; give one a weight > 0"
    return ""


def first_repeated(names: Iterable[str]) -> str | None:
    """The first name that stands for a second time."""
    seen: set[str] = set()
    for name in names:
        if key_of(name) in seen:
            return name
        seen.add(key_of(name))
    return None
