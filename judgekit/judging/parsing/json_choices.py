"""Formats that choose between two answers in JSON: a winner, or a ranking.

`names` are those of the first and the second answer shown, `tie` is the label of a tie.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from judgekit.judging.parsing.choices import Names, label_choices
from judgekit.judging.parsing.claims import unless_contradicted
from judgekit.judging.parsing.marks import Finding, Mark, conclude, verdict
from judgekit.judging.parsing.objects import Members, find_members
from judgekit.types import Choice, Verdict

__all__ = ["find_json", "find_ranked", "json_winner", "ranked_models"]


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

    def choice(winner: Any) -> Choice | None:
        return labels.get(winner) if isinstance(winner, str) else None

    return unless_contradicted(text, _find(text, "winner", choice), names)


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
    return _find(text, "ordered_models", lambda value: _best_ranked(value, names, tie))


def _find(text: str, key: str, choice: Callable[[Any], Choice | None]) -> Finding:
    """The choice under a key: of the object that ends the reply, or of one that is given."""
    members = find_members(text, key)
    if isinstance(members, Finding):
        return members
    marks: list[Mark] = []
    for value, start, end in members:
        mark = Mark(choice(value), start, end)
        if marks and marks[-1].start == start:
            if marks[-1] != mark:
                return Finding.many(f'"{key}" stands twice in one object')
        else:
            marks.append(mark)
    concluded = conclude(text, marks)
    if concluded.value is None and marks[-1].value is None:
        value = members[-1].value
        value_text = repr(value) if isinstance(value, str) else f"a {type(value).__name__}"
        return Finding.none(f'"{key}" is not a choice between the names: {value_text}')
    return concluded


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
