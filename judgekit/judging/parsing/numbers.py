"""Numbers as judges write them: digits of any script, denominators, units, sums.

A number is clear if nothing beside it makes it a part of something else: a range (``3-4``), another
scale (``8/10`` where 5 is the highest), a percentage, a date, a time, a version, a count (``2
errors``), an aspect's score (``1 for rigour``), a wrong sum. What is not clear has no value. A
number is never rounded, cut or clipped.
"""

from __future__ import annotations

import re
import unicodedata
from fractions import Fraction
from typing import NamedTuple

from judgekit.judging.parsing.label_words import DENOMINATORS, REASONS, UNITS

__all__ = [
    "OPENING",
    "Number",
    "Rest",
    "Scale",
    "ascii_text",
    "closing_end",
    "is_part",
    "read_number",
    "read_rest",
    "whole_number",
]

Scale = tuple[float, float] | None

OPENING = r"(?:[ \t:=*_`\"'(\[{$|]|[-–—](?=[ \t])|\\[(\[]|\\(?:boxed|text|textbf|mathbf)\{){0,12}"
"""What may stand between a label and its number."""

_NUMBER = r"[+-]?[0-9]{1,6}(?:\.[0-9]{1,6})?"
_GAP = r"[ \t*_`]{0,4}"
_UNIT = rf"(?:[ \t]?(?:{UNITS})(?!\w))?"
_TERM = rf"{_NUMBER}{_UNIT}(?:[ \t]?\([^()\n0-9]{{0,40}}\))?"
_SUM = rf"\(?{_GAP}{_TERM}(?:{_GAP}[+-]{_GAP}{_TERM}){{1,30}}{_GAP}\)?"

_PLAIN = re.compile(_NUMBER)
_ADDED = re.compile(rf"(?P<sum>{_SUM})(?:{_GAP}/{_GAP}(?P<count>[0-9]{{1,3}}))?{_GAP}", re.I)
_EQUALS = re.compile(rf"={_GAP}({_NUMBER})")
_PARTS = re.compile(  # after a number: = 1 + 1, (1 + 1) or (1 + 1 = 2)
    rf"{_GAP}(?:={_GAP}(?P<sum>{_SUM})|\({_GAP}(?P<inner>{_SUM})(?:={_GAP}{_NUMBER}{_GAP})?\)?)",
    re.I,
)
_ADDEND = re.compile(rf"(?:^|([+-]))[ \t*_`(]{{0,6}}({_NUMBER})")
_OF = re.compile(
    rf"{_UNIT}[ \t*_`]{{0,4}}[(\[]?[ \t]{{0,2}}(?:/|(?:{DENOMINATORS})[ \t:]?)[ \t*_`]{{0,4}}"
    rf"(?:[^\W\d_]{{1,14}}[ \t]){{0,4}}(?P<highest>{_NUMBER})",
    re.I,
)
_CLOSING = re.compile(rf"{_UNIT}(?:[*_`\"'”’)\]}}$]|\\[)\]]){{0,8}}", re.I)
_BESIDE = re.compile(
    r"[0-9]|[.,;:'’、][0-9]|[,、]?[ \t]{1,2}[0-9]|[-–+~]|[ \t]{0,2}(?:[%‰°/+~=:?^×÷·±≈≤≥>&#€£¥]"
    r"|<(?![/|A-Za-z])|[-–—][ \t]{0,2}[0-9]"
    r"|[(\[](?!criteri|items?\b|steps?\b|rules?\b)[^()\n]{0,40}[0-9])"
)
_WORD = re.compile(
    r"(?P<gap>[ \t]*)(?P<word>[^\W\d_]+)(?P<digit>[ \t.]{1,2}[0-9])?(?:[ \t]+(?P<next>[^\W\d_]+))?"
)
_REASON = re.compile(REASONS, re.I)
_OPENS_SENTENCE = re.compile(r"[A-Z][a-z]+|[AI]")
_FITTING = re.compile(
    r"appropriate|fair|justified|warranted|suitable|reasonable|deserved|right|correct|fitting"
)
_WHOLE = re.compile(  # "4 for the answer as a whole": not the score of an aspect
    r"[ \t]{1,2}(?:for|to)[ \t]+(?:being\b|not\b|this\b|it\b|(?:the|its)[ \t]+(?:overall\b|"
    r"(?:entire[ \t]+|whole[ \t]+)?(?:answer|response|reply|assistant|output|whole)\b(?!['’])))",
    re.I,
)
_ASPECT = re.compile(r"[ \t]{1,2}(?:for|on|in terms of|regarding)[ \t]+[^\W\d_]", re.I)
_OTHER_SCALE = re.compile(r"[*_`]{0,3}[ \t]?[%‰/]")
_MATH = re.compile(r"\$[ \t]?(?:\\boxed\{)?$")
_OPENING = re.compile(OPENING)
_DIGIT = re.compile(r"(?![0-9])\d")
_ASCII = (
    {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
    | dict.fromkeys((0xA0, 0x1680, *range(0x2000, 0x200E), 0x202F, 0x205F, 0x2060), " ")
    | {0x3000: " ", 0xFEFF: " ", 0x2212: "-", 0x066B: ".", 0x2044: "/"}
)


class Number(NamedTuple):
    """A number in a text; `end` is after what closes it. Without a value it is not clear."""

    value: float | None
    end: int


class Rest(NamedTuple):
    """Whether what follows leaves a number clear, and whether it names an aspect."""

    clear: bool
    aspect: bool


def ascii_text(text: str) -> str:
    """The text with digits, full-width signs and spaces of other scripts as those of ASCII.

    It has the same length, so positions stay.
    """
    if text.isascii():
        return text
    return _DIGIT.sub(lambda digit: str(unicodedata.decimal(digit[0])), text.translate(_ASCII))


def read_number(text: str, start: int, scale: Scale) -> Number | None:
    """The number at a position of a text made by `ascii_text`; None if there is none.

    Args:
        text: The text.
        start: The position.
        scale: A denominator must be the scale's highest score; without a scale none is allowed.
    """
    added = _ADDED.match(text, start)
    total = None if added is None else _EQUALS.match(text, added.end())
    number = _PLAIN.match(text, start) if total is None else total
    if number is None:
        return None
    clear = total is not None or added is None
    if added is not None and total is not None:
        clear = _adds_up(added["sum"], total[1], int(added["count"] or 1))
    written, end = number[number.lastindex or 0], number.end()
    highest = _OF.match(text, end)
    if highest is not None:
        clear = clear and scale is not None and float(highest["highest"]) == scale[1]
        end = highest.end()
    end = closing_end(text, end)
    if ("$" in text[number.end() : end]) != bool(_MATH.search(text[max(0, start - 9) : start])):
        clear = False  # money, not mathematics
    parts = _PARTS.match(text, end)
    if parts is not None:
        clear = clear and _adds_up(parts["sum"] or parts["inner"], written, 1)
        end = closing_end(text, parts.end())
    return Number(float(written) if clear and not is_part(text, end) else None, end)


def read_rest(text: str, end: int, scale: Scale) -> Rest:
    """What follows a number that stands in brackets of its own, as in ``[[4]]/5 for clarity``."""
    highest = _OF.match(text, end)
    if highest is not None:
        clear = scale is not None and float(highest["highest"]) == scale[1]
        return Rest(clear and not _BESIDE.match(text, highest.end()), aspect=False)
    aspect = _ASPECT.match(text, end) is not None and _WHOLE.match(text, end) is None
    return Rest(not _OTHER_SCALE.match(text, end), aspect)


def whole_number(text: str, scale: Scale) -> float | None:
    """The value of a text that is one clear number and nothing else."""
    content = text.strip(" \t\r\n*_`")
    start = _end(_OPENING, content, 0)
    number = read_number(content, start, scale)
    return number.value if number is not None and not content[number.end :].strip(". ") else None


def closing_end(text: str, end: int) -> int:
    """Where a unit and the marks that close a number end."""
    return _end(_CLOSING, text, end)


def _end(pattern: re.Pattern[str], text: str, start: int) -> int:
    found = pattern.match(text, start)
    return start if found is None else found.end()


def _adds_up(added: str, total: str, count: int) -> bool:
    """Whether a sum, or its mean, is the total: to the last digit that the total shows."""
    addends = ((found[1], Fraction(found[2])) for found in _ADDEND.finditer(added.strip()))
    exact = sum((-one if sign == "-" else one for sign, one in addends), Fraction()) / max(1, count)
    shown = len(total.partition(".")[2])
    return abs(exact - Fraction(total)) * 2 <= (Fraction(1, 10**shown) if count > 1 else 0)


def is_part(text: str, end: int) -> bool:
    """Whether what follows a number or a grade makes it a part of something else."""
    if _BESIDE.match(text, end):
        return True
    found = _WORD.match(text, end)
    if found is None or _WHOLE.match(text, end):
        return False
    word = found["word"]
    if not found["gap"] or found["digit"]:
        return True
    if word in ("is", "seems"):
        return _FITTING.fullmatch(found["next"] or "") is None
    return _REASON.fullmatch(word) is None and _OPENS_SENTENCE.fullmatch(word) is None
