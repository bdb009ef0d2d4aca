"""Lists: a score for each answer shown, on a line each or in JSON. The higher one is better."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from judgekit.judging.parsing.label_words import LABELS
from judgekit.judging.parsing.marks import Finding, Mark, conclude, verdict
from judgekit.judging.parsing.numbers import OPENING, ascii_text, read_number, whole_number
from judgekit.judging.parsing.objects import find_objects
from judgekit.judging.parsing.surroundings import Scale
from judgekit.types import Choice, Verdict

__all__ = ["find_list", "score_list"]

Names = tuple[str, ...]

_POSITIONS = ("1", "2")
_DECORATION = " \t\r\n*_`.。|:-"
_LINE_ENDS = re.compile(r"[ \t\r*_`.。|]{0,8}(?:\n|$)")
_ARRAY = re.compile(
    r"(?:^|\n)(?P<array>[ \t*_`]{0,8}(?:[^\W\d_]{1,20}(?:[ \t][^\W\d_]{1,20}){0,2}[ \t]?[:=]"
    r"[ \t*_`]{0,4})?\[([^\[\]\n]{1,60})\])[ \t*_`.]{0,8}(?:\n```)?\s*\Z"
)


def score_list(
    text: str,
    names: Names = ("A", "B"),
    scale: Scale = (1, 10),
    label: str = "Score",
) -> Verdict:
    """Reads a score for each answer: ``[A] Score: 4`` on a line each, or in JSON.

    ``Answer A: 4`` and ``A: 4/5`` on a line each, ``{"A": 4, "B": 2}`` and a last line ``[4, 2]``
    are read as well. The answers may be called by name or by position (``[1] Score: 4``). The
    higher score is the choice; equal scores are a tie.

    Args:
        text: The reply.
        names: The names of the first and the second answer.
        scale: The lowest and the highest valid score; None for any number.
        label: The word before a score.
    """
    return verdict(text, lambda reply: find_list(reply, names, scale, label))


def find_list(text: str, names: Names, scale: Scale, label: str) -> Finding:
    plain = ascii_text(text)
    objects = find_objects(plain) or [] if "{" in plain else []
    marks = []
    for members, start, stop in objects:
        if any(name in names for name, _ in members):
            scores = [(name, _member(value)) for name, value in members]
            marks.append(Mark(_choice(scores, names, scale), start, stop))
    for called in (names, _POSITIONS):
        if not marks:
            marks += _blocks(plain, called, scale, ascii_text(label))
    last = _ARRAY.search(plain)
    if last is not None and len(parts := last[2].split(",")) == len(names):
        values = (whole_number(part, scale) for part in parts)
        choice = _choice(zip(names, values, strict=True), names, scale)
        marks.append(Mark(choice, last.start("array"), last.end("array")))
    return conclude(plain, marks)


def _blocks(text: str, names: Names, scale: Scale, label: str) -> Iterator[Mark]:
    """The lists of a text: lines with a score right after each other."""
    block: list[tuple[str, float | None]] = []
    begin = end = 0
    for match in _line_pattern(names, label).finditer(text):
        number = read_number(text, match.end(), scale)
        if number is None or _LINE_ENDS.match(text, number.end) is None:
            continue
        if block and text[end : match.start()].strip(_DECORATION):
            yield Mark(_choice(block, names, scale), begin, end, announced=True)
            block = []
        begin, end = begin if block else match.start(), number.end
        block.append((match["name"], number.value))
    if block:
        yield Mark(_choice(block, names, scale), begin, end, announced=True)


@lru_cache(maxsize=256)
def _line_pattern(names: Names, label: str) -> re.Pattern[str]:
    either = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    words = LABELS | {label.casefold()}
    labels = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    return re.compile(
        r"^[ \t*_`#>|-]{0,8}[(\[]?"
        r"(?i:(?:response|output|answer|assistant|model|option|text)[ \t]{1,2})?"
        rf"[(\[\"'*_`]{{0,3}}(?P<name>{either})(?!\w)[)\]\"'*_`.]{{0,4}}(?:['’]s)?"
        rf"(?:(?=[ \t]?[:=|])|[ \t|–-]{{1,4}}[*_`]{{0,3}}(?i:{labels})(?!\w)){OPENING}",
        re.MULTILINE,
    )


def _member(value: Any) -> float | None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if number and abs(value) < 1e6 else None


def _choice(lines: Iterable[tuple[str, float | None]], names: Names, scale: Scale) -> Choice | None:
    """What a list comes to; None if it lacks a clear score in the scale for each answer."""
    listed = list(lines)
    scores = [[value for name, value in listed if name == wanted] for wanted in names]
    if any(len(values) != 1 or values[0] is None for values in scores):
        return None
    first, second = (value for values in scores for value in values if value is not None)
    if scale is not None and not all(scale[0] <= score <= scale[1] for score in (first, second)):
        return None
    if first == second:
        return Choice.TIE
    return Choice.FIRST if first > second else Choice.SECOND
