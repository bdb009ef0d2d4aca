"""The names of columns that are known, in any case and spacing, and paths into columns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

__all__ = [
    "CONVERSATIONS",
    "MISSING",
    "NAMES",
    "at",
    "canonical",
    "is_known",
    "plain_name",
    "with_known_names",
]

CONVERSATIONS = ("messages", "conversations", "conversation")
"""Columns of whole conversations: the prompt and, last, the answer."""

NAMES: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "question_id"),
    "prompt": ("prompt", "instruction", "question", "input", "turns", *CONVERSATIONS),
    "response": ("response", "output", "answer", "completion", "choices"),
    "response_a": ("response_a",),
    "response_b": ("response_b",),
    "model": ("model", "generator", "model_id"),
    "model_a": ("model_a",),
    "model_b": ("model_b",),
    "reference": ("reference",),
    "category": ("category",),
}
"""The usual column names of each part of a row."""

_OTHERS = (
    *("label", "winner", "language", "group", "cluster", "system", "tools", "family"),
    *("chosen", "rejected", "margin", "probability", "score_chosen", "score_rejected"),
    *("completions", "case", "pair_id"),
)
_ALIKE: Mapping[str, tuple[str, ...]] = {
    **{name: (name,) for name in _OTHERS},
    **{name: names for names in NAMES.values() for name in names},
}
_SPACES = re.compile(r"[\s_-]+")

MISSING: Final = object()
"""What a row has in a column that it lacks."""


def is_known(name: str) -> bool:
    """Whether a column of this name is known, in any case and spacing."""
    return plain_name(name) in _ALIKE


def canonical(name: str) -> str:
    """The known name that a column's name spells (``Question ID``: question_id); else itself."""
    plain = plain_name(name)
    return plain if plain in _ALIKE else name


def with_known_names(data: dict[str, Any]) -> dict[str, Any]:
    """A row whose columns bear the known names that theirs spell.

    A column keeps its name where another one is exactly a name of the same part, or two columns
    spell one name.
    """
    names = {name: canonical(name) for name in data}
    if all(name == plain for name, plain in names.items()):
        return data
    spelled = list(names.values())
    for name, plain in names.items():
        exact = any(other in data for other in _ALIKE.get(plain, ()))
        if name != plain and (exact or spelled.count(plain) > 1):
            names[name] = name
    return {names[name]: value for name, value in data.items()}


def at(data: Mapping[str, Any], column: str) -> Any:
    """The value of a column, or at a path into one; `MISSING` where there is none.

    A path is a column, keys and list indices with points between them: ``doc.question``,
    ``resps.0.0``, ``messages.-1.content``. A column of just that name has precedence.
    """
    if column in data:
        return data[column]
    value: Any = data
    for step in column.split("."):
        if isinstance(value, Mapping) and step in value:
            value = value[step]
        elif isinstance(value, list) and re.fullmatch(r"-?[0-9]{1,9}", step):
            index = int(step)
            if not -len(value) <= index < len(value):
                return MISSING
            value = value[index]
        else:
            return MISSING
    return value


@lru_cache(maxsize=4096)
def plain_name(name: str) -> str:
    """A name without regard to case and spacing."""
    return _SPACES.sub("_", name.strip()).casefold()
