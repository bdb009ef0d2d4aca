"""Formats that choose between two shown answers: bracketed labels, one token, JSON, a statement.

Each `find_…` turns a text into a `Finding`; the public functions beside them give a `Verdict`.
`names` are those of the first and the second answer shown, `tie` the label that means neither.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any

from judgekit.judging.parsing.marks import Finding, Mark, conclude, verdict
from judgekit.types import Choice, Verdict

__all__ = [
    "arena_label",
    "bracketed_label",
    "find_arena",
    "find_json",
    "find_label",
    "find_scores",
    "find_statement",
    "find_token",
    "json_winner",
    "label_choices",
    "one_token",
    "score_pair",
    "statement",
]

Names = tuple[str, ...]

_BRACKETS = re.compile(r"\[\[([^\[\]\n]{1,40})\]\]")
_ARENA = re.compile(r"([^<>=]+)(>{1,2}|<{1,2}|={1,2})([^<>=]+)")
_NUMBER = r"(-?[0-9]{1,6}(?:\.[0-9]{1,6})?)"
_PAIR = re.compile(rf"[\s*_`]*{_NUMBER}[ \t]*[ \t,;/|][ \t]*{_NUMBER}[ \t*_`]*(?:\r?\n|$)")
_WRAPPING = " \t\r\n*_`\"'“”()."
_OBJECT = re.compile(r'\{\s{0,40}"')
_BRACES = 64  # how many are tried, each at the cost of the text's length


@lru_cache(maxsize=256)
def label_choices(names: Names, tie: str | None) -> dict[str, Choice]:
    """What each label means; in other letter case too where that leaves no doubt."""
    labels = {names[0]: Choice.FIRST, names[1]: Choice.SECOND}
    if tie is not None:
        labels.setdefault(tie, Choice.TIE)
    folded = [label.casefold() for label in labels]
    if len(set(folded)) == len(folded):
        labels |= {
            cased: choice
            for label, choice in tuple(labels.items())
            for cased in (label.lower(), label.upper(), label.capitalize())
        }
    return labels


def _meaning(labels: dict[str, Choice], written: str) -> Choice | None:
    choice = labels.get(written.strip())
    return labels.get(written.strip(_WRAPPING)) if choice is None else choice


def bracketed_label(text: str, names: Names = ("A", "B"), tie: str | None = "C") -> Verdict:
    """``[[A]]``, ``[[B]]`` or ``[[C]]`` for a tie, as in MT-Bench (Zheng et al. 2023)."""
    return verdict(text, lambda said: find_label(said, names, tie))


def find_label(text: str, names: Names, tie: str | None) -> Finding:
    labels = label_choices(names, tie)
    marks = []
    for found in _BRACKETS.finditer(text):
        choice = _meaning(labels, found[1])
        if choice is not None or found[1].strip(_WRAPPING).isalpha():
            marks.append(Mark(choice, found.start(), found.end()))
    return conclude(text, marks)


def arena_label(text: str, names: Names = ("A", "B"), tie: str | None = "C") -> Verdict:
    """``[[A>>B]]``, ``[[A>B]]``, ``[[A=B]]``, … as in Arena-Hard (Li et al. 2024).

    The strength is not kept. Without a `tie` label ``[[A=B]]`` is no verdict.
    """
    return verdict(text, lambda said: find_arena(said, names, tie))


def find_arena(text: str, names: Names, tie: str | None) -> Finding:
    marks = []
    for found in _BRACKETS.finditer(text):
        relation = _ARENA.fullmatch(found[1])
        if relation is not None:
            choice = _compared(relation, label_choices(names, None), tie is not None)
            marks.append(Mark(choice, found.start(), found.end()))
    return conclude(text, marks)


def _compared(
    relation: re.Match[str], labels: dict[str, Choice], ties_allowed: bool
) -> Choice | None:
    left, right = (_meaning(labels, relation[side]) for side in (1, 3))
    if left is None or right is None or left is right:
        return None
    if relation[2][0] == "=":
        return Choice.TIE if ties_allowed else None
    return left if relation[2][0] == ">" else right


def one_token(text: str, names: Names = ("m", "M"), tie: str | None = None) -> Verdict:
    """The whole reply is one label, as of AlpacaEval's judge (Dubois et al. 2024)."""
    return verdict(text, lambda said: find_token(said, names, tie))


def find_token(text: str, names: Names, tie: str | None) -> Finding:
    choice = _meaning(label_choices(names, tie), text)
    if choice is None:
        return Finding.none("the reply is not one of the labels")
    return Finding(choice, len(text))


def score_pair(text: str, scale: tuple[float, float] | None = (1, 10)) -> Verdict:
    """Two scores on the first line, ``8 7`` or ``8,7``, as of JudgeLM (Zhu et al. 2023).

    The higher one is the choice, equal ones are a tie.
    """
    return verdict(text, lambda said: find_scores(said, scale))


def find_scores(text: str, scale: tuple[float, float] | None) -> Finding:
    pair = _PAIR.match(text)
    if pair is None:
        return Finding.none("the first line is not two scores")
    first, second = float(pair[1]), float(pair[2])
    if scale is not None and not all(scale[0] <= score <= scale[1] for score in (first, second)):
        return Finding.none(f"out of range {scale[0]:g} to {scale[1]:g}: {pair[0].strip()!r}")
    if first == second:
        return Finding(Choice.TIE, pair.end())
    return Finding(Choice.FIRST if first > second else Choice.SECOND, pair.end())


def json_winner(text: str, names: Names = ("A", "B"), tie: str | None = "C") -> Verdict:
    """``{"winner": "A"}``: a JSON object, alone, fenced or in prose."""
    return verdict(text, lambda said: find_json(said, names, tie))


def find_json(text: str, names: Names, tie: str | None) -> Finding:
    labels = label_choices(names, tie)
    winners: list[Any] = []
    end = 0
    objects = _objects(text)
    if objects is None:
        return Finding.none("too many braces to look for a JSON object")
    for pairs, stop in objects:
        here = [value for key, value in pairs if key == "winner"]
        winners += here
        end = stop if here else end
    if not winners:
        return Finding.none('no JSON object with a "winner"')
    choices = {labels.get(winner) if isinstance(winner, str) else None for winner in winners}
    if len(choices) > 1:
        return Finding.many("more than one winner in the reply")
    choice = choices.pop()
    if choice is None:
        named = winners[-1]
        said = repr(named) if isinstance(named, str) else f"a {type(named).__name__}"
        return Finding.none(f"the winner is not one of the names: {said}")
    return Finding(choice, end)


class _Pairs(list[tuple[str, Any]]):
    """An object's members as they stand, equal keys too (`dict` would keep the last)."""


def _objects(text: str) -> list[tuple[_Pairs, int]] | None:
    """The outermost JSON objects in the text, each with its end; None where it has too many."""
    decoder = json.JSONDecoder(object_pairs_hook=_Pairs)
    objects: list[tuple[_Pairs, int]] = []
    position = 0
    for _ in range(_BRACES):
        brace = _OBJECT.search(text, position)
        if brace is None:
            return objects
        try:
            members, position = decoder.raw_decode(text, brace.start())
        except (ValueError, RecursionError):  # not JSON, or nested without end
            position = brace.start() + 1
        else:
            objects.append((members, position))
    return None


def statement(text: str, names: Names = ("a", "b")) -> Verdict:
    """``Therefore, Output (b) is better.``, as of LLMBar (Zeng et al. 2024); it knows no tie.

    A line that is only ``Output (b)`` says the same.
    """
    return verdict(text, lambda said: find_statement(said, names))


def find_statement(text: str, names: Names) -> Finding:
    labels = label_choices(names, None)
    marks = [
        Mark(labels.get(found[1] or found[2]), found.start(), found.end())
        for found in _statements(names).finditer(text)
    ]
    return conclude(text, marks, explicit=True)


@lru_cache(maxsize=256)
def _statements(names: Names) -> re.Pattern[str]:
    either = "|".join(re.escape(name) for name in names)
    subject = (
        r"\b(?i:output|response|answer|assistant|model|option)[ \t]{0,2}[(\[\"'*_`]{0,3}"
        rf"({either})(?!\w)[)\]\"'*_`]{{0,3}}"
    )
    degree = r"(?:(?:clearly|slightly|significantly|much|overall|the|a|an)[ \t]+){0,3}"
    return re.compile(
        rf"^[*_`# \t]{{0,6}}{subject}(?=[ \t\r*_`.]{{0,8}}(?:$|\())"
        rf"|{subject}[ \t]+(?i:is[ \t]+{degree}better\b)",
        re.MULTILINE,
    )
