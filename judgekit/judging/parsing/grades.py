"""Grades: a name after a label, ``Grade: C``, that stands for a number."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from judgekit.judging.parsing.marks import Finding, verdict
from judgekit.judging.parsing.numbers import Number, ascii_text
from judgekit.judging.parsing.score_labels import ValueReader
from judgekit.judging.parsing.scores import find_labelled
from judgekit.judging.parsing.surroundings import closing_end, is_part
from judgekit.types import Verdict

__all__ = ["Grades", "find_grade", "labelled_grade"]

Grades = tuple[tuple[str, float], ...]
"""The names of the grades and their numbers."""

_LIST = r"[,/|&]|or|and|to|oder|ou|o|und|et|y|或|до|или|[-–—]"
_BESIDE = rf"[ \t*_`\"'(]{{0,4}}(?:{_LIST})[ \t*_`\"'(]{{0,4}}"


def labelled_grade(text: str, values: Mapping[str, float], label: str = "Grade") -> Verdict:
    """Reads ``Grade: C``: the name of a grade after a label.

    Args:
        text: The reply.
        values: The number that each grade stands for. Another letter case counts where no two
            names differ only in it.
        label: The word before the grade.
    """
    return verdict(text, lambda reply: find_grade(reply, tuple(values.items()), label))


def find_grade(text: str, values: Grades, label: str) -> Finding:
    return find_labelled(text, label, _reader(values))


@lru_cache(maxsize=256)
def _reader(values: Grades) -> ValueReader:
    written = {ascii_text(name): number for name, number in values}
    folded = {name.casefold(): number for name, number in written.items()}
    one_case = len(folded) == len(written)
    numbers = folded if one_case else written
    names = sorted(written, key=len, reverse=True)
    either = "|".join(re.escape(name) for name in names)
    flags = re.IGNORECASE if one_case else 0
    pattern = re.compile(rf"({either})(?![\w+–-])", flags)
    beside = re.compile(rf"{_BESIDE}(?:{either})(?!\w)", flags)

    def value(content: str | float) -> float | None:
        name = f"{content:g}" if isinstance(content, float) else content.strip(" \t\r\n*_`.")
        return numbers.get(name.casefold() if one_case else name)

    def at(text: str, start: int) -> Number | None:
        match = pattern.match(text, start)
        if match is None:
            return None
        end = closing_end(text, match.end())
        unclear = beside.match(text, match.end()) or is_part(text, end)
        return Number(None if unclear else value(match[1]), end)

    return ValueReader(at, value)
