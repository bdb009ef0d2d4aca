"""The verdict formats, by the names that the heads of prompt files use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from judgekit.errors import InputError
from judgekit.judging.parsing import (
    choices,
    classes,
    grades,
    json_choices,
    score_lists,
    score_pairs,
    scores,
)
from judgekit.judging.parsing.choices import Names, label_choices
from judgekit.judging.parsing.marks import Finding
from judgekit.judging.templates import Head
from judgekit.naming import unknown
from judgekit.types import Choice

__all__ = ["PARSERS", "Parser", "parser"]


def _no_labels(_head: Head, _names: Names) -> Mapping[str, Choice]:
    return {}


@dataclass(frozen=True, slots=True)
class Parser:
    """A parser of one verdict format.

    `judgekit.judging.templates.FORMATS` says what the format's prompts show. `position` is where
    the verdict is: ``anywhere`` (the last conclusion counts, so text after a marker matters), on
    the ``first line``, or the ``whole`` reply. `labels` gives the labels, as they are written in a
    reply, whose probabilities say which answer is better.
    """

    name: str
    find: Callable[[str, Head, Names], Finding]
    position: Literal["anywhere", "first line", "whole"] = "anywhere"
    labels: Callable[[Head, Names], Mapping[str, Choice]] = _no_labels


def _names_and_tie(head: Head, names: Names) -> Mapping[str, Choice]:
    meanings = label_choices(names, head.tie)
    written = (*names, head.tie)
    return {label: meanings[label] for label in written if label is not None}


def _arena(head: Head, names: Names) -> Mapping[str, Choice]:
    first, second = names
    labels = {
        f"{left}{sign}{right}": choice
        for left, right, choice in ((first, second, Choice.FIRST), (second, first, Choice.SECOND))
        for sign in (">", ">>")
    }
    return labels | ({f"{first}={second}": Choice.TIE} if head.tie is not None else {})


def _label(text: str, head: Head, names: Names) -> Finding:
    return choices.find_label(text, names, head.tie)


def _relation(text: str, head: Head, names: Names) -> Finding:
    return choices.find_arena(text, names, head.tie)


def _statement(text: str, _head: Head, names: Names) -> Finding:
    return choices.find_statement(text, names)


def _json(text: str, head: Head, names: Names) -> Finding:
    return json_choices.find_json(text, names, head.tie)


def _token(text: str, head: Head, names: Names) -> Finding:
    return choices.find_token(text, names, head.tie)


def _line(text: str, head: Head, names: Names) -> Finding:
    return choices.find_line(text, names, head.tie)


def _ranked(text: str, head: Head, names: Names) -> Finding:
    return json_choices.find_ranked(text, names, head.tie)


def _announced(text: str, head: Head, names: Names) -> Finding:
    return choices.find_announced(text, names, head.tie)


def _scores(text: str, head: Head, _names: Names) -> Finding:
    return score_pairs.find_scores(text, head.scale)


def _rating(text: str, head: Head, _names: Names) -> Finding:
    return scores.find_rating(text, head.scale)


def _score(text: str, head: Head, _names: Names) -> Finding:
    return scores.find_score(text, head.scale, head.label)


def _result(text: str, head: Head, _names: Names) -> Finding:
    return scores.find_result(text, head.scale)


def _number(text: str, head: Head, _names: Names) -> Finding:
    return scores.find_number(text, head.scale)


def _grade(text: str, head: Head, _names: Names) -> Finding:
    return grades.find_grade(text, head.values, head.label)


def _class(text: str, head: Head, _names: Names) -> Finding:
    return classes.find_class(text, head.classes, head.label)


def _list(text: str, head: Head, names: Names) -> Finding:
    return score_lists.find_list(text, names, head.scale, head.label)


PARSERS: Mapping[str, Parser] = MappingProxyType(
    {
        known.name: known
        for known in (
            Parser("label", _label, labels=_names_and_tie),
            Parser("arena", _relation, labels=_arena),
            Parser("statement", _statement, labels=_names_and_tie),
            Parser("json", _json, labels=_names_and_tie),
            Parser("token", _token, "whole", labels=_names_and_tie),
            Parser("line", _line, "first line"),
            Parser("ranked", _ranked),
            Parser("announced", _announced),
            Parser("scores", _scores, "first line"),
            Parser("list", _list),
            Parser("rating", _rating),
            Parser("score", _score),
            Parser("grade", _grade),
            Parser("result", _result),
            Parser("number", _number, "first line"),
            Parser("class", _class),
        )
    }
)


def parser(name: str) -> Parser:
    """The parser of a format.

    Args:
        name: The format's name.

    Raises:
        InputError: There is no such format.
    """
    known = PARSERS.get(name)
    if known is None:
        raise InputError(unknown("verdict parser named", name, PARSERS, there="installed"))
    return known


def concluding_lines(head: Head, names: tuple[str, ...]) -> tuple[str, ...]:
    """The lines that are a complete verdict of a prompt, which no later text can change.

    Only some formats have them: ``Score: 1`` might still become 10.

    Args:
        head: The prompt's head.
        names: The names of the answers.
    """
    if head.reads == "label":
        return tuple(f"[[{label}]]" for label in (*names, head.tie) if label is not None)
    if head.reads == "rating" and head.scale is not None:
        low, high = (int(end) for end in head.scale)
        return tuple(f"Rating: [[{rating}]]" for rating in range(low, high + 1))
    if head.reads == "class":
        return tuple(f"[[{name}]]" for name in head.classes)
    return ()
