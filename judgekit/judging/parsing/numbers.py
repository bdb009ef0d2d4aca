"""Numbers as judges write them: digits of any script, denominators, units, sums.

A number is clear if it adds up where it is a sum, and if nothing beside it makes it a part of
something else (`judgekit.judging.parsing.surroundings`). What is not clear has no value. A number
is never rounded, cut or clipped.
"""

from __future__ import annotations

import re
import unicodedata
from fractions import Fraction
from typing import NamedTuple

from judgekit.judging.parsing.surroundings import (
    NUMBER,
    UNIT,
    Scale,
    closing_end,
    is_part,
    scale_end,
)

__all__ = ["OPENING", "Number", "ascii_text", "read_number", "whole_number"]

OPENING = (
    r"(?:[ \t:=*_`\"'(\[{$|]|<(?=[0-9.]{1,8}>)|\\[(\[]|\\(?:boxed|text|textbf|mathbf)\{){0,12}"
)
"""What may stand between a label and its number."""

_GAP = r"[ \t*_`]{0,4}"
_TERM = rf"{NUMBER}{UNIT}(?:[ \t]?\([^()\n0-9]{{0,40}}\))?"
_SUM = rf"\(?{_GAP}{_TERM}(?:{_GAP}[+-]{_GAP}{_TERM}){{1,30}}{_GAP}\)?"

_PLAIN = re.compile(NUMBER)
_ADDED = re.compile(
    rf"(?P<sum>{_SUM})(?:{_GAP}/{_GAP}(?P<count>[0-9]{{1,3}}))?{_GAP}", re.IGNORECASE
)
_EQUALS = re.compile(rf"={_GAP}({NUMBER})")
_PARTS = re.compile(  # after a number: = 1 + 1, (1 + 1) or (1 + 1 = 2)
    rf"{_GAP}(?:={_GAP}(?P<sum>{_SUM})|\({_GAP}(?P<inner>{_SUM})(?:={_GAP}{NUMBER}{_GAP})?\)?)",
    re.IGNORECASE,
)
_ADDEND = re.compile(rf"(?:^|([+-]))[ \t*_`(]{{0,6}}({NUMBER})")
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
    in_scale, end = scale_end(text, end, scale)
    end = closing_end(text, end)
    if ("$" in text[number.end() : end]) != bool(_MATH.search(text[max(0, start - 9) : start])):
        clear = False  # money, not mathematics
    parts = _PARTS.match(text, end)
    if parts is not None:
        clear = clear and _adds_up(parts["sum"] or parts["inner"], written, 1)
        end = closing_end(text, parts.end())
    clear = clear and in_scale
    return Number(float(written) if clear and not is_part(text, end) else None, end)


def whole_number(text: str, scale: Scale) -> float | None:
    """The value of a text that is one clear number and nothing else."""
    content = text.strip(" \t\r\n*_`")
    start = _end(_OPENING, content, 0)
    number = read_number(content, start, scale)
    return number.value if number is not None and not content[number.end :].strip(". ") else None


def _end(pattern: re.Pattern[str], text: str, start: int) -> int:
    match = pattern.match(text, start)
    return start if match is None else match.end()


def _adds_up(added: str, total: str, count: int) -> bool:
    """Whether a sum, or its mean, is the total: to the last digit that the total shows."""
    addends = ((match[1], Fraction(match[2])) for match in _ADDEND.finditer(added.strip()))
    exact = sum((-one if sign == "-" else one for sign, one in addends), Fraction()) / max(1, count)
    shown = len(total.partition(".")[2])
    return abs(exact - Fraction(total)) * 2 <= (Fraction(1, 10**shown) if count > 1 else 0)
