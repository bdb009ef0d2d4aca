"""Formats that choose between two answers: bracketed labels, one token, JSON, a statement.

Each `find_…` turns a text into a `Finding`; the public functions return a `Verdict`. `names` are
those of the first and the second answer shown, `tie` is the label of a tie.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from judgekit.judging.parsing.marks import Finding, Mark, conclude, verdict
from judgekit.judging.parsing.objects import Members, find_members
from judgekit.types import Choice, Verdict

__all__ = [
    "announced_label",
    "arena_label",
    "bracketed_label",
    "find_announced",
    "find_arena",
    "find_json",
    "find_label",
    "find_line",
    "find_ranked",
    "find_scores",
    "find_statement",
    "find_token",
    "first_line",
    "json_winner",
    "label_choices",
    "one_token",
    "ranked_models",
    "score_pair",
    "statement",
]

Names = tuple[str, ...]

_BRACKETS = re.compile(r"\[\[([^\[\]\n]{1,40})\]\]")
_ARENA = re.compile(r"([^<>=]+)(>{1,2}|<{1,2}|={1,2})([^<>=]+)")
_NUMBER = r"(-?[0-9]{1,6}(?:\.[0-9]{1,6})?)"
_PAIR = re.compile(rf"[\s*_`]*{_NUMBER}[ \t]*[ \t,;/|][ \t]*{_NUMBER}[ \t*_`]*(?:\r?\n|$)")
_WRAPPING = " \t\r\n*_`\"'“”()."
_OPENING = re.compile(r"\s*([^\r\n]{1,40}?)[ \t]*(?:\r?\n|$)")


@lru_cache(maxsize=256)
def label_choices(names: Names, tie: str | None) -> dict[str, Choice]:
    """The choice that each label means, also in other letter cases if that is unambiguous."""
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
    """Reads ``[[A]]``, ``[[B]]`` or ``[[C]]`` for a tie, as in MT-Bench (Zheng et al. 2023).

    Args:
        text: The reply.
        names: The names of the first and the second answer.
        tie: The label of a tie; None if ties are not allowed.
    """
    return verdict(text, lambda reply: find_label(reply, names, tie))


def find_label(text: str, names: Names, tie: str | None) -> Finding:
    labels = label_choices(names, tie)
    marks = []
    for found in _BRACKETS.finditer(text):
        choice = _meaning(labels, found[1])
        if choice is not None or found[1].strip(_WRAPPING).isalpha():
            marks.append(Mark(choice, found.start(), found.end()))
    return conclude(text, marks)


def arena_label(text: str, names: Names = ("A", "B"), tie: str | None = "C") -> Verdict:
    """Reads ``[[A>>B]]``, ``[[A>B]]``, ``[[A=B]]`` …, as in Arena-Hard (Li et al. 2024).

    The strength of the preference is not kept. Without a `tie` label ``[[A=B]]`` is no verdict.

    Args:
        text: The reply.
        names: The names of the first and the second answer.
        tie: The label of a tie; None if ties are not allowed.
    """
    return verdict(text, lambda reply: find_arena(reply, names, tie))


def find_arena(text: str, names: Names, tie: str | None) -> Finding:
    marks = []
    for found in _BRACKETS.finditer(text):
        relation = _ARENA.fullmatch(found[1])
        if relation is not None:
            choice = _relation_choice(relation, label_choices(names, None), tie is not None)
            marks.append(Mark(choice, found.start(), found.end()))
    return conclude(text, marks)


def _relation_choice(
    relation: re.Match[str], labels: dict[str, Choice], ties_allowed: bool
) -> Choice | None:
    left, right = (_meaning(labels, relation[side]) for side in (1, 3))
    if left is None or right is None or left is right:
        return None
    if relation[2][0] == "=":
        return Choice.TIE if ties_allowed else None
    return left if relation[2][0] == ">" else right


def one_token(text: str, names: Names = ("m", "M"), tie: str | None = None) -> Verdict:
    """Reads a reply that is one label, as of AlpacaEval's judge (Dubois et al. 2024).

    Args:
        text: The reply.
        names: The names of the first and the second answer.
        tie: The label of a tie; None if ties are not allowed.
    """
    return verdict(text, lambda reply: find_token(reply, names, tie))


def find_token(text: str, names: Names, tie: str | None) -> Finding:
    choice = _meaning(label_choices(names, tie), text)
    if choice is None:
        return Finding.none("the reply is not one of the labels")
    return Finding(choice, len(text))


def first_line(text: str, names: Names = ("1", "2"), tie: str | None = "Tie") -> Verdict:
    """Reads a label alone on the first line, reasons after it, as of PandaLM (Wang et al. 2023).

    Args:
        text: The reply.
        names: The names of the first and the second answer.
        tie: The label of a tie; None if ties are not allowed.
    """
    return verdict(text, lambda reply: find_line(reply, names, tie))


def find_line(text: str, names: Names, tie: str | None) -> Finding:
    line = _OPENING.match(text)
    choice = None if line is None else _meaning(label_choices(names, tie), line[1])
    if line is None or choice is None:
        return Finding.none("the first line is not one of the labels")
    return Finding(choice, line.end())


def score_pair(text: str, scale: tuple[float, float] | None = (1, 10)) -> Verdict:
    """Reads two scores on the first line, ``8 7`` or ``8,7``, as of JudgeLM (Zhu et al. 2023).

    The higher score is the choice; equal scores are a tie.

    Args:
        text: The reply.
        scale: The lowest and the highest valid score; None for any number.
    """
    return verdict(text, lambda reply: find_scores(reply, scale))


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
    """Reads ``{"winner": "A"}``: a JSON object, alone, in a code block or in prose.

    Args:
        text: The reply.
        names: The names of the first and the second answer.
        tie: The label of a tie; None if ties are not allowed.
    """
    return verdict(text, lambda reply: find_json(reply, names, tie))


def find_json(text: str, names: Names, tie: str | None) -> Finding:
    labels = label_choices(names, tie)
    found = find_members(text, "winner")
    if isinstance(found, Finding):
        return found
    choices = {labels.get(winner) if isinstance(winner, str) else None for winner, _ in found}
    if len(choices) > 1:
        return Finding.many("more than one winner in the reply")
    choice = choices.pop()
    winner, end = found[-1]
    if choice is None:
        said = repr(winner) if isinstance(winner, str) else f"a {type(winner).__name__}"
        return Finding.none(f"the winner is not one of the names: {said}")
    return Finding(choice, end)


def ranked_models(text: str, names: Names = ("m", "M"), tie: str | None = None) -> Verdict:
    """Reads ``{"ordered_models": [{"model": "M", "rank": 1}, …]}``.

    These are the arguments of the function call that AlpacaEval's judge with explanations makes
    (Dubois et al. 2024). Equal ranks are a tie, if ties are allowed.

    Args:
        text: The reply.
        names: The names of the first and the second answer.
        tie: The label of a tie; None if ties are not allowed.
    """
    return verdict(text, lambda reply: find_ranked(reply, names, tie))


def find_ranked(text: str, names: Names, tie: str | None) -> Finding:
    found = find_members(text, "ordered_models")
    if isinstance(found, Finding):
        return found
    choices = {_best_ranked(value, names, tie) for value, _ in found}
    if len(choices) > 1:
        return Finding.many("more than one ranking in the reply")
    choice = choices.pop()
    if choice is None:
        return Finding.none(f"not a ranking of {names[0]!r} and {names[1]!r}")
    return Finding(choice, found[-1][1])


def _best_ranked(value: Any, names: Names, tie: str | None) -> Choice | None:
    """The choice by the lower rank; None if the list does not rank exactly the two."""
    listed = value if isinstance(value, list) else []
    entries = [dict(entry) for entry in listed if isinstance(entry, Members)]
    ranks = {entry["model"]: entry.get("rank") for entry in entries if _is_name(entry, names)}
    first, second = (ranks.get(name) for name in names)
    if len(entries) != 2 or type(first) is not int or type(second) is not int:
        return None
    if first == second:
        return Choice.TIE if tie is not None else None
    return Choice.FIRST if first < second else Choice.SECOND


def _is_name(entry: dict[str, Any], names: Names) -> bool:
    model = entry.get("model")
    return isinstance(model, str) and model in names


def announced_label(text: str, names: Names = ("1", "2"), tie: str | None = "Tie") -> Verdict:
    """Reads a label after a fixed announcement.

    ``So, the final decision is Response 1`` as of Auto-J (Li et al. 2023), or ``[RESULT] A`` as of
    Prometheus 2 (Kim et al. 2024).

    Args:
        text: The reply.
        names: The names of the first and the second answer.
        tie: The label of a tie; None if ties are not allowed.
    """
    return verdict(text, lambda reply: find_announced(reply, names, tie))


def find_announced(text: str, names: Names, tie: str | None) -> Finding:
    labels = label_choices(names, tie)
    marks = [
        Mark(_meaning(labels, found[1]), found.start(1), found.end())
        for found in _announcement_pattern(names, tie).finditer(text)
    ]
    return conclude(text, marks)


@lru_cache(maxsize=256)
def _announcement_pattern(names: Names, tie: str | None) -> re.Pattern[str]:
    either = "|".join(re.escape(name) for name in (*names, tie) if name is not None)
    return re.compile(
        r"(?:\[RESULT\]|\bfinal[ \t]+decision[ \t]+is\b:?)[\s*_`:(\"]{0,8}"
        r"(?:(?:response|output|answer|assistant|model)[ \t]{1,2})?[(\[\"'*_`]{0,3}"
        rf"({either})(?!\w)",
        re.IGNORECASE,
    )


def statement(text: str, names: Names = ("a", "b")) -> Verdict:
    """Reads ``Therefore, Output (b) is better.``, as of LLMBar (Zeng et al. 2024); it has no tie.

    A line that is only ``Output (b)`` means the same.

    Args:
        text: The reply.
        names: The names of the first and the second answer.
    """
    return verdict(text, lambda reply: find_statement(reply, names))


def find_statement(text: str, names: Names) -> Finding:
    labels = label_choices(names, None)
    marks = [
        Mark(labels.get(found[1] or found[2]), found.start(), found.end())
        for found in _statement_pattern(names).finditer(text)
    ]
    return conclude(text, marks, explicit=True)


# What opens a closing sentence, and names no aspect ("in terms of style, …") and no condition.
_INTRODUCTION = (
    r"\b(?i:(?:(?:weighing|considering|based on|given|taking|judging by|comparing|having|after|"
    r"looking at|in (?:light|view) of|all (?:things|in all)|on (?:balance|the whole)|in (?:short|"
    r"my (?:view|opinion|judge?ment)|conclusion|the end)|for (?:these|this|that) reasons?|"
    r"as a result|by (?:these|all|the) \w+|however|still|nevertheless|nonetheless)\b"
    r"(?![^,\n]{0,100}\b(?:alone|only|just|purely|solely|merely|if|who|terms)\b)"
    r"[^.!?;:\n]{0,100},|i (?:firmly )?(?:believe|think|conclude|find|judge|would say|feel))"
    r"(?: that)?)"
)


@lru_cache(maxsize=256)
def _statement_pattern(names: Names) -> re.Pattern[str]:
    either = "|".join(re.escape(name) for name in names)
    subject = (
        r"\b(?i:output|response|answer|assistant|model|option)[ \t]{0,2}[(\[\"'*_`]{0,3}"
        rf"({either})(?!\w)[)\]\"'*_`]{{0,3}}"
    )
    noun = r"(?:[ \t]+(?:one|choice|output|response|answer|option)\b)?"
    degree = r"(?:(?:clearly|slightly|significantly|much|overall|the|a|an)[ \t]+){0,3}"
    return re.compile(
        rf"^[*_`# \t]{{0,6}}{subject}(?=[ \t\r*_`.]{{0,8}}(?:$|\())"
        rf"|(?:{_INTRODUCTION}[ \t]+)?{subject}[ \t]+(?i:is[ \t]+{degree}better\b{noun})",
        re.MULTILINE,
    )
