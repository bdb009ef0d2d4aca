"""Fields of a class of settings: one declaration for a keyword, a flag and its help.

A field says its default, its help, the panel it is shown in and, where it has one of its own, its
flag. What is given for it is checked against its type; nothing is guessed.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import field
from functools import cache
from math import isfinite
from numbers import Real
from operator import index
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, SupportsIndex, Union, get_args, get_origin, get_type_hints

from judgekit.errors import InputError

__all__ = ["as_json", "fitted", "hints", "setting"]

KINDS = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "True or False",
    Path: "a path",
    tuple: "a path or several",
    Mapping: "names with their values",
}
UNFIT = object()


def setting(default: Any, text: str, panel: str, flag: str = "") -> Any:
    """A field: its default, its help, the panel it is shown in, its own flag."""
    meta = {"help": text, "panel": panel, "flag": flag}
    if default is dict:
        return field(default_factory=dict, metadata=meta)
    return field(default=default, metadata=meta)


@cache
def hints(kind: type) -> Mapping[str, Any]:
    """The types of a class's fields by name."""
    return get_type_hints(kind)


def fitted(kind: type, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a class's fields as their types; `InputError` names what does not fit."""
    return {name: fitting(name, values[name], hint) for name, hint in hints(kind).items()}


def fitting(name: str, value: object, hint: Any) -> object:
    """A setting's value as its type: a path may be a text, and one path stand for several.

    Nothing else is guessed: no number is taken from a text, none from a truth value. Raises
    `InputError` for what does not fit.
    """
    arms = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    if value is None and NoneType in arms:
        return None
    kind = get_origin(arms[0]) or arms[0]
    inner = get_args(arms[0])
    if kind is Literal:
        found = value if value in inner else UNFIT
    elif kind is Mapping:
        found = as_mapping(value, inner[1])
    elif kind is tuple:
        several = (value,) if isinstance(value, str | os.PathLike) else value
        found = UNFIT
        if isinstance(several, list | tuple):
            found = tuple(fitting(name, path, inner[0]) for path in several)
    else:
        found = as_plain(value, kind)
    if found is UNFIT:
        wants = " or ".join(map(repr, inner)) if kind is Literal else KINDS[kind]
        raise InputError(f"{name} should be {wants}, not {value!r}")
    return found


def as_mapping(value: object, kind: Any) -> object:
    """A mapping from texts to values of a kind, or `UNFIT`."""
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        return UNFIT
    fits = kind is Any or all(isinstance(held, kind) for held in value.values())
    return dict(value) if fits else UNFIT


def as_plain(value: object, kind: type) -> object:
    """A text, number, truth value or path as its type, or `UNFIT`."""
    if kind in (Path, str) and isinstance(value, str | os.PathLike):
        return kind(value)
    if kind is bool or isinstance(value, bool):
        return value if kind is bool and isinstance(value, bool) else UNFIT
    if kind is int and isinstance(value, SupportsIndex):  # numpy's whole numbers as well
        return index(value)
    if kind is float and isinstance(value, Real) and isfinite(value):
        return float(value)
    return UNFIT


def as_json(value: Any) -> Any:
    """A setting's value as JSON."""
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return {str(k): as_json(v) for k, v in value.items()}
    return [as_json(v) for v in value] if isinstance(value, tuple) else value
