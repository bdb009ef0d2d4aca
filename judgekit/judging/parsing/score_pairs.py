"""Formats that score two answers at once: the higher score is the choice."""

from __future__ import annotations

import re

from judgekit.judging.parsing.marks import Finding, Mark, conclude, unless_taken_back, verdict
from judgekit.types import Choice, Verdict

__all__ = ["find_scores", "score_pair"]

Scale = tuple[float, float] | None

_NUMBER = r"(-?[0-9]{1,6}(?:\.[0-9]{0,6})?)"
_LINE = re.compile(rf"[\s*_`]*{_NUMBER}[ \t]*[ \t,;|][ \t]*{_NUMBER}[ \t*_`]*(?:\r?\n|$)")
_DOUBLE = re.compile(rf"\[\[[ \t*_`]*{_NUMBER}[ \t]*,[ \t]*{_NUMBER}[ \t*_`]*\]\]")
_SINGLE = re.compile(rf"(?<![\[\w])\[[ \t]*{_NUMBER}[ \t]*,[ \t]*{_NUMBER}[ \t]*\](?![\](\w])")


def score_pair(text: str, scale: Scale = (1, 10)) -> Verdict:
    """Reads two scores: ``8 7`` or ``8,7`` on the first line, or ``[[8,7]]`` as a conclusion.

    The first as of JudgeLM (Zhu et al. 2023), the second as of FastChat (Zheng et al. 2023), which
    reads ``[8, 7]`` where there are no double brackets. The higher score is the choice; equal
    scores are a tie.

    Args:
        text: The reply.
        scale: The lowest and the highest valid score; None for any number.
    """
    return verdict(text, lambda reply: find_scores(reply, scale))


def find_scores(text: str, scale: Scale) -> Finding:
    line = _LINE.match(text)
    if line is not None:
        first = _finding(line, scale)
        if first.value is None:
            return first
        others = {_finding(pair, scale).value for pair in _pairs(text)} - {None, first.value}
        if others:
            return Finding.many("the first line and the brackets hold different scores")
        return unless_taken_back(text, first)
    pairs = _pairs(text)
    if not pairs:
        return Finding.none("neither the first line nor brackets hold two scores")
    marks = [Mark(_finding(pair, scale).value, pair.start(), pair.end()) for pair in pairs]
    concluded = conclude(text, marks)
    if concluded.value is None and marks[-1].value is None:
        return _finding(pairs[-1], scale)
    return concluded


def _pairs(text: str) -> list[re.Match[str]]:
    """Two scores in double brackets; where there are none, in single ones."""
    return list(_DOUBLE.finditer(text)) or list(_SINGLE.finditer(text))


def _finding(pair: re.Match[str], scale: Scale) -> Finding:
    first, second = float(pair[1]), float(pair[2])
    if scale is not None and not all(scale[0] <= score <= scale[1] for score in (first, second)):
        return Finding.none(f"out of range {scale[0]:g} to {scale[1]:g}: {pair[0].strip()!r}")
    if first == second:
        return Finding(Choice.TIE, pair.end())
    return Finding(Choice.FIRST if first > second else Choice.SECOND, pair.end())
