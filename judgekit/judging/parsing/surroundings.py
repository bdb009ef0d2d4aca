"""What follows a number, and whether it makes the number a part of something else.

That is a range (``3-4``), another scale (``8/10`` where 5 is the highest), a percentage, a date, a
time, a version, a thousand, a count (``2 errors``), an aspect (``1 for rigour``) or a second
thought (``3, maybe 4``).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from judgekit.judging.parsing.label_words import DENOMINATORS, HEDGES, REASONS, UNITS

__all__ = [
    "NUMBER",
    "UNIT",
    "Rest",
    "Scale",
    "closing_end",
    "depends",
    "is_part",
    "read_rest",
    "scale_end",
]

Scale = tuple[float, float] | None

NUMBER = r"[+-]?[0-9]{1,6}(?:\.[0-9]{1,6})?"
UNIT = rf"(?:[ \t]?(?:{UNITS})(?!\w))?"

_OF = re.compile(
    rf"{UNIT}(?:[.,]?\s{{0,4}}[(\[][ \t]{{0,2}}|[ \t*_`]{{0,4}})(?:/|(?:{DENOMINATORS})[ \t:]?)"
    rf"[ \t*_`]{{0,4}}(?:[^\W\d_]{{1,14}}[ \t]){{0,4}}(?P<highest>{NUMBER})",
    re.IGNORECASE,
)
_FROM_TO = re.compile(
    rf"{UNIT}[ \t,*_`]{{0,4}}[(\[]?(?:on )?(?:(?:a|the) )?(?:scale|range)?:?[ \t]?(?:of |from )?"
    rf"(?P<lowest>{NUMBER})[ \t]?(?:[-–—]|to|bis|à)[ \t]?(?P<highest>{NUMBER})(?=[ \t]?[)\].]|$)",
    re.IGNORECASE | re.MULTILINE,
)
_CLOSING = re.compile(rf"{UNIT}(?:[*_`\"'”’)\]}}$>]|\\[)\]]){{0,8}}", re.IGNORECASE)
_DIGITS = re.compile(r"[0-9]|[.,;:'’、|…][ \t]{0,2}[0-9]|\.\.|[ \t]{1,2}[0-9]")
_SENTENCE_THEN_DIGITS = re.compile(r"[.|][ \t]{1,2}[0-9]")
_SIGN = re.compile(
    r"[-–+~]|\.[a-z](?![a-z])|[ \t]{0,2}(?:[%‰°/+~=:?^×÷·±≈≤≥>→&#€£¥]|<(?![/|A-Za-z])"
    r"|[-–—][ \t]{0,2}[0-9]|\(\?|[(\[](?!criteri|items?\b|steps?\b|rules?\b)[^()\n]{0,40}[0-9])"
)
_HEDGE = re.compile(rf"[ \t,;(–—-]{{0,4}}(?:{HEDGES})(?!\w)", re.IGNORECASE)
_WORD = re.compile(
    r"(?P<gap>[ \t]*)(?P<word>[^\W\d_]+)(?P<digit>[ \t.]{1,2}[0-9])?(?:[ \t]+(?P<next>[^\W\d_]+))?"
)
_REASON = re.compile(REASONS, re.IGNORECASE)
_OPENS_SENTENCE = re.compile(
    r"The|This|That|These|It|Its|An?|I|In|My|We|He|She|They|There|Here|However|Overall|Because|"
    r"Since|While|Although|Though|As|Both|No|Not|All|Some|Most|Your?|On|For|But|And|So|Given|With|"
    r"Answer|Response|Assistant|Explanation|Reason(?:s|ing)?|Justification|Rationale|Feedback|Note"
)
_FITTING = re.compile(
    r"appropriate|fair|justified|warranted|suitable|reasonable|deserved|right|correct|fitting"
)
_OVERALL = re.compile(  # "4 for the answer as a whole": not the score of an aspect
    r"[ \t]{1,2}(?:for|to)[ \t]+(?:being\b|not\b|this\b|it\b|(?:the|its)[ \t]+(?:overall\b|"
    r"(?:entire[ \t]+|whole[ \t]+)?(?:answer|response|reply|assistant|output|whole)\b(?!['’])))",
    re.IGNORECASE,
)
_ASPECT = re.compile(r"[ \t]{1,2}(?:for|on|in terms of|regarding)[ \t]+[^\W\d_]", re.IGNORECASE)
_OTHER_SCALE = re.compile(r"[*_`]{0,3}[ \t]?[%‰/]")


_WOULD = re.compile(r"\b(?:would|could|might)\b[^.!?\n]*$", re.IGNORECASE)
_CONDITION = re.compile(r",?[ \t]+(?:with|without|if|had|were|when|once|provided|unless)\b")


class Rest(NamedTuple):
    """Whether what follows leaves a number clear, and whether it names an aspect."""

    clear: bool
    aspect: bool


def scale_end(text: str, end: int, scale: Scale) -> tuple[bool, int]:
    """Whether the scale that follows a number, if any does, is the right one; and where it ends."""
    highest = _OF.match(text, end)
    if highest is not None:
        return scale is not None and float(highest["highest"]) == scale[1], highest.end()
    both = _FROM_TO.match(text, end)
    if both is not None and both.end() - both.start() > len(both["lowest"] + both["highest"]) + 1:
        return scale == (float(both["lowest"]), float(both["highest"])), both.end()
    return True, end


def closing_end(text: str, end: int) -> int:
    """Where a unit and the marks that close a number end."""
    match = _CLOSING.match(text, end)
    return end if match is None else match.end()


def read_rest(text: str, end: int, scale: Scale) -> Rest:
    """What follows a number that stands in brackets of its own, as in ``[[4]]/5 for clarity``."""
    clear, after = scale_end(text, end, scale)
    aspect = _ASPECT.match(text, after) is not None and _OVERALL.match(text, after) is None
    # Without a scale none can be another one.
    return Rest((clear or scale is None) and not _OTHER_SCALE.match(text, after), aspect)


def depends(text: str, start: int, end: int) -> bool:
    """Whether a number is one that would be given on a condition: ``would be 5 with sources``."""
    return (
        _CONDITION.match(text, end) is not None
        and _WOULD.search(text[max(0, start - 60) : end]) is not None
    )


def is_part(text: str, end: int) -> bool:
    """Whether what follows a number or a grade makes it a part of something else."""
    if _DIGITS.match(text, end) and not _SENTENCE_THEN_DIGITS.match(text, end):
        return True
    if _SIGN.match(text, end) or _HEDGE.match(text, end):
        return True
    match = _WORD.match(text, end)
    if match is None or _OVERALL.match(text, end):
        return False
    word = match["word"]
    if not match["gap"] or match["digit"]:
        return True
    if word in ("is", "seems"):
        return _FITTING.fullmatch(match["next"] or "") is None
    return _REASON.fullmatch(word) is None and _OPENS_SENTENCE.fullmatch(word) is None
