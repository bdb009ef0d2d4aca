"""Formats that score a single answer: a bracketed rating, a labelled score, a marked result.

`scale` holds the lowest and the highest valid score. A score outside it is never valid; without a
scale any number is. A denominator (``4/5``) must be the highest score.
"""

from __future__ import annotations

import re

from judgekit.judging.parsing.marks import Finding, Mark, conclude, verdict
from judgekit.judging.parsing.numbers import OPENING, ascii_text, read_number, whole_number
from judgekit.judging.parsing.score_labels import ValueReader, labelled_scores
from judgekit.judging.parsing.surroundings import Scale, depends, read_rest
from judgekit.types import Verdict

__all__ = [
    "bare_number",
    "bracketed_rating",
    "find_labelled",
    "find_number",
    "find_rating",
    "find_result",
    "find_score",
    "labelled_score",
    "marked_result",
]

_RATING = re.compile(r"\[\[([^\[\]\n]{1,80})\]\]")
_BACKUP = re.compile(r"\b(?:[Rr]ating|RATING)[\s:*_`\"]{0,6}\[([^\[\]\n]{1,80})\]")
_CITES = re.compile(
    r"(?<!\w)(?:cf|see|refs?|eqs?|figs?|secs?|nos?|pp?|vol|ch|et al)\.?[ \t]*$", re.IGNORECASE
)
_RESULT = re.compile(
    r"(?:\[(?:RESULT|[Rr]esult)(?:\]|(?=[ \t:]))"
    r"|^[ \t*_#]{0,6}(?:RESULT|[Rr]esult)(?=[ \t*_]{0,4}:))[\s:]{0,6}"
    r"(?:[*_`]{0,3}(?:(?:[Ff]inal|[Oo]verall|[Tt]otal)[ \t])?(?:[Ss]core|SCORE|[Rr]ating)"
    rf"(?:[ \t](?:of|is))?)?\s{{0,4}}(?!\[(?i:RESULT)){OPENING}",
    re.MULTILINE,
)
_OUT_OF = re.compile(r"(?<![\w.,/-])-?[0-9]{1,6}(?:\.[0-9]{1,6})?(?=\*{0,2} out of \*{0,2}[0-9])")
_LINE_ENDS = re.compile(r"[ \t\r*_`.\])]{0,8}(?:\n|$)")


def bracketed_rating(text: str, scale: Scale = (1, 10)) -> Verdict:
    """Reads ``Rating: [[7]]`` or ``Rating: [7]``, as in MT-Bench (Zheng et al. 2023).

    Args:
        text: The reply.
        scale: The lowest and the highest valid score; None for any number.
    """
    return verdict(text, lambda reply: find_rating(reply, scale))


def find_rating(text: str, scale: Scale) -> Finding:
    plain = ascii_text(text)
    marks: list[Mark] = []
    aspects: list[Mark] = []
    for brackets, pattern in ((2, _RATING), (1, _BACKUP)):
        for match in pattern.finditer(plain):
            start = match.start(1) - brackets
            if _CITES.search(plain[max(0, start - 12) : start]) or depends(
                plain, start, match.end()
            ):
                continue
            value = whole_number(match[1], scale)
            rest = read_rest(plain, match.end(), scale)
            mark = Mark(value if rest.clear else None, start, match.end())
            (aspects if rest.aspect else marks).append(mark)
    marks = sorted(marks or aspects, key=lambda mark: mark.start)
    if aspects and len(marks) == 1 and marks == aspects:
        return Finding.none("only an aspect is rated")
    return _within(conclude(plain, marks), scale)


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
    def value(member: str | float) -> float | None:
        return whole_number(member, scale) if isinstance(member, str) else member

    reader = ValueReader(lambda plain, start: read_number(plain, start, scale), value)
    return _within(find_labelled(text, label, reader), scale)


def find_labelled(text: str, label: str, reader: ValueReader) -> Finding:
    plain = ascii_text(text)
    scores = labelled_scores(plain, label, reader)
    # Scores before a total are its parts.
    first = next((i for i, score in enumerate(scores) if score.total), 0)
    return conclude(plain, [score.mark for score in scores[first:]])


def marked_result(text: str, scale: Scale = (1, 5)) -> Verdict:
    """Reads ``[RESULT] 4``, as of Prometheus (Kim et al. 2023), else a concluding ``4 out of 5``.

    Args:
        text: The reply.
        scale: The lowest and the highest valid score; None for any number.
    """
    return verdict(text, lambda reply: find_result(reply, scale))


def find_result(text: str, scale: Scale) -> Finding:
    plain = ascii_text(text)
    marks = []
    for match in _RESULT.finditer(plain):
        number = read_number(plain, match.end(), scale)
        end = match.end() if number is None else number.end
        if "[" in match[0] or _LINE_ENDS.match(plain, end):
            value = None if number is None else number.value
            marks.append(Mark(value, match.start(), end, announced=True))
    if marks:
        return _within(conclude(plain, marks), scale)
    for match in _OUT_OF.finditer(plain):
        number = read_number(plain, match.start(), scale)
        if number is not None and number.value is not None:
            marks.append(Mark(number.value, match.start(), number.end))
    return _within(conclude(plain, marks, explicit=True), scale)


def bare_number(text: str, scale: Scale = (0, 9)) -> Verdict:
    """Reads a reply that is one number, as of LLMBar's rating judges (Zeng et al. 2024).

    Args:
        text: The reply.
        scale: The lowest and the highest valid score; None for any number.
    """
    return verdict(text, lambda reply: find_number(reply, scale))


def find_number(text: str, scale: Scale) -> Finding:
    value = whole_number(ascii_text(text), scale)
    if value is None:
        return Finding.none("the reply is not one number")
    return _within(Finding(value, len(text)), scale)


def _within(finding: Finding, scale: Scale) -> Finding:
    if finding.value is None or isinstance(finding.value, str) or scale is None:
        return finding
    if not scale[0] <= finding.value <= scale[1]:
        return Finding.none(f"out of range {scale[0]:g} to {scale[1]:g}: {finding.value:g}")
    return finding
