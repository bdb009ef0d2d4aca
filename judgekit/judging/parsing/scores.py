"""Formats that score a single answer: a bracketed rating, a labelled score, a marked result.

`scale` holds the lowest and the highest valid score. A score outside it is never valid; without a
scale any number is. A denominator (``4/5``) must be the highest score.
"""

from __future__ import annotations

import re
from functools import lru_cache

from judgekit.judging.parsing.marks import Finding, Mark, conclude, verdict
from judgekit.types import Choice, Verdict

__all__ = [
    "bare_number",
    "bracketed_rating",
    "find_number",
    "find_rating",
    "find_result",
    "find_score",
    "labelled_score",
    "marked_result",
]

Scale = tuple[float, float] | None


# Digits are [0-9]: \d would also match the digits of other scripts.
_SCORE = r"(-?[0-9]{1,6}(?:\.[0-9]{1,6})?)"
_OF = r"(?:[ \t*_]{0,4}(?:/|out of)[ \t*_]{0,4}([0-9]{1,6}(?:\.[0-9]{1,6})?))?"
_UNCLEAR = r"(?![0-9%]|[.,][0-9]|[^\W_]|[ \t]{0,2}(?:[-–—~/+]|to\b|or\b|out of\b)[ \t]{0,2}[0-9])"
_NUMBER = re.compile(rf"{_SCORE}{_OF}{_UNCLEAR}")

_RATING = re.compile(r"\[\[([^\[\]\n]{1,40})\]\]")
_BACKUP = re.compile(r"\b(?:[Rr]ating|RATING)[\s:*_`\"]{0,6}\[([^\[\]\n]{1,40})\]")
_RESULT = re.compile(r"\[(?:RESULT|[Rr]esult)\][\s*_`:(\[]{0,8}")
_OUT_OF = re.compile(
    rf"(?<![\w.,/-]){_SCORE}\*{{0,2}} out of \*{{0,2}}([0-9]{{1,6}})\b(?![.,][0-9])"
)
_REST = re.compile(r"[^\n]{0,80}")
_BEFORE = re.compile(r"([^\W\d_]+)[ \t]+[*_`]{0,3}$")
_TOTAL = re.compile(r"total|final|overall", re.IGNORECASE)
_PLAIN_WORD = re.compile(  # allowed before the label; any other word names an aspect
    r"a|additive|and|average|final|following|given?|i|is|my|overall|so|the|therefore|this|thus|total",
    re.IGNORECASE,
)


def bracketed_rating(text: str, scale: Scale = (1, 10)) -> Verdict:
    """Reads ``Rating: [[7]]`` or ``Rating: [7]``, as in MT-Bench (Zheng et al. 2023).

    Args:
        text: The reply.
        scale: The lowest and the highest valid score; None for any number.
    """
    return verdict(text, lambda reply: find_rating(reply, scale))


def find_rating(text: str, scale: Scale) -> Finding:
    marks = [
        Mark(_number(found[1].strip(" *_`"), scale), found.start(1) - brackets, found.end())
        for brackets, pattern in ((2, _RATING), (1, _BACKUP))
        for found in pattern.finditer(text)
    ]
    return _within(conclude(text, sorted(marks, key=lambda mark: mark.start)), scale)


def labelled_score(text: str, scale: Scale = (0, 5), label: str = "Score") -> Verdict:
    """Reads ``Score: 4`` or ``Total score: **4**/5``, as of self-rewarding (Yuan et al. 2024).

    The score of a single aspect (``Clarity score: 1``) is not the score.

    Args:
        text: The reply.
        scale: The lowest and the highest valid score; None for any number.
        label: The word before the score.
    """
    return verdict(text, lambda reply: find_score(reply, scale, label))


def find_score(text: str, scale: Scale, label: str) -> Finding:
    marks: list[Mark] = []
    total = None
    for found in _label_pattern(label).finditer(text):
        word = _BEFORE.search(text, max(0, found.start() - 40), found.start())
        if word is not None and _PLAIN_WORD.fullmatch(word[1]) is None:
            continue
        if total is None and word is not None and _TOTAL.fullmatch(word[1]):
            total = len(marks)
        number = _NUMBER.match(text, found.end())
        if number is not None:
            marks.append(Mark(_value(number, scale), found.start(), number.end(), announced=True))
        elif ":" in found[0]:
            line = _REST.match(text, found.end())
            marks.append(Mark(None, found.start(), line.end() if line else found.end()))
    # Scores before a total are its parts.
    return _within(conclude(text, marks[total or 0 :]), scale)


def marked_result(text: str, scale: Scale = (1, 5)) -> Verdict:
    """Reads ``[RESULT] 4``, as of Prometheus (Kim et al. 2023), else a concluding ``4 out of 5``.

    Args:
        text: The reply.
        scale: The lowest and the highest valid score; None for any number.
    """
    return verdict(text, lambda reply: find_result(reply, scale))


def find_result(text: str, scale: Scale) -> Finding:
    marks = []
    for found in _RESULT.finditer(text):
        number = _NUMBER.match(text, found.end())
        value = None if number is None else _value(number, scale)
        end = found.end() if number is None else number.end()
        marks.append(Mark(value, found.start(), end, announced=True))
    if marks:
        return _within(conclude(text, marks), scale)
    worded = [
        Mark(_value(found, scale), found.start(), found.end()) for found in _OUT_OF.finditer(text)
    ]
    return _within(conclude(text, worded, explicit=True), scale)


def bare_number(text: str, scale: Scale = (0, 9)) -> Verdict:
    """Reads a reply that is one number, as of LLMBar's rating judges (Zeng et al. 2024).

    Args:
        text: The reply.
        scale: The lowest and the highest valid score; None for any number.
    """
    return verdict(text, lambda reply: find_number(reply, scale))


def find_number(text: str, scale: Scale) -> Finding:
    value = _number(text.strip(" \t\r\n*_`"), scale)
    if value is None:
        return Finding.none("the reply is not one number")
    return _within(Finding(value, len(text)), scale)


@lru_cache(maxsize=256)
def _label_pattern(label: str) -> re.Pattern[str]:
    return re.compile(
        rf"(?<!\w){re.escape(label)}(?!\w)(?:[ \t]{{0,2}}\([^()\n]{{0,30}}\))?"
        r"(?:[ \t]{1,2}(?:is|of|would be))?[ \t:=*_`\"(\[]{0,8}",
        re.IGNORECASE,
    )


def _number(content: str, scale: Scale) -> float | None:
    number = _NUMBER.fullmatch(content)
    return None if number is None else _value(number, scale)


def _value(number: re.Match[str], scale: Scale) -> float | None:
    """The number; None if its denominator is not the scale's highest score."""
    if number[2] is not None and (scale is None or float(number[2]) != scale[1]):
        return None
    return float(number[1])


def _within(found: Finding, scale: Scale) -> Finding:
    if found.value is None or isinstance(found.value, Choice) or scale is None:
        return found
    if not scale[0] <= found.value <= scale[1]:
        return Finding.none(f"out of range {scale[0]:g} to {scale[1]:g}: {found.value:g}")
    return found
