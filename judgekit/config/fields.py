"""Fields of a class of settings: one declaration for a keyword, a flag and its help.

Everything that is known of a setting stands on its field (`setting`), and every list of settings is
derived from there. A value is checked against the field's type and range; nothing is guessed.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import MISSING, Field, field, fields
from functools import cache
from math import isfinite
from numbers import Real
from operator import index
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, SupportsIndex, TypeVar, Union, get_args, get_origin, get_type_hints

from judgekit.errors import InputError

__all__ = [
    "as_json",
    "check_range",
    "fit_values",
    "flag_of",
    "hints",
    "keywords_of",
    "setting",
    "settings_of",
    "taken_by",
    "with_keywords",
]

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

F = TypeVar("F", bound=Callable[..., Any])


Decides = Literal["value", "resolved", ""]
"""How a setting decides a run's identity.

``value``: by itself. ``resolved``: through what it leads to (the judge's identity and its sampling,
the engine's fingerprint, the digests of inputs). Empty: not at all.
"""

InFile = Literal["all", "judge", ""]
"""Whether ``judgekit.toml`` may hold a setting: for every command, for those that judge, or not."""


def setting(
    default: Any,
    text: str,
    panel: str,
    flag: str = "",
    *,
    scope: Collection[str] | None = None,
    in_file: InFile = "",
    decides: Decides = "",
    asks: bool = False,
    repeat: bool = False,
    least: float | None = None,
    above: float | None = None,
    most: float | None = None,
) -> Any:
    """Declares a field of a class of settings.

    Args:
        default: The default; ``dict`` stands for an empty mapping.
        text: The help, one sentence.
        panel: The panel of the help screen; a setting without one has no flag.
        flag: The flag, if it is not the field's name.
        scope: The commands that take it; None means all that take the class of settings.
        in_file: Whether ``judgekit.toml`` may hold it, and for which commands.
        decides: How it decides the identity of a run.
        asks: Whether it concerns only judges that ask an engine.
        repeat: Whether several texts are given by repeating the flag; otherwise one flag takes them
            comma-separated.
        least: The least value.
        above: The value must be more than this.
        most: The greatest value.
    """
    meta = {
        "help": text,
        "panel": panel,
        "flag": flag,
        "scope": scope,
        "in_file": in_file,
        "decides": decides,
        "asks": asks,
        "repeat": repeat,
        "least": least,
        "above": above,
        "most": most,
    }
    if default is dict:
        return field(default_factory=dict, metadata=meta)
    return field(default=default, metadata=meta)


def flag_of(declared: Field[Any]) -> str:
    """The flag of a setting: ``--model-arg``."""
    return str(declared.metadata["flag"]) or "--" + declared.name.replace("_", "-")


def taken_by(declared: Field[Any], command: str) -> bool:
    """Whether a command takes a setting."""
    scope = declared.metadata["scope"]
    return scope is None or command in scope


def settings_of(kind: type, command: str) -> list[Field[Any]]:
    """The settings of a class that a command takes as flags."""
    return [f for f in fields(kind) if f.metadata["panel"] and taken_by(f, command)]


def keywords_of(kind: type, command: str) -> dict[str, Field[Any]]:
    """The settings of a class that the function of a command's name takes as keywords, by name."""
    return {f.name: f for f in fields(kind) if taken_by(f, command)}


def with_keywords(kind: type, command: str) -> Callable[[F], F]:
    """Gives a function a signature that lists its settings in place of ``**settings``.

    Shells and notebooks complete by it. Type checkers read `judgekit.config.keywords`, which is
    written out of the same fields.
    """

    def listed(function: F) -> F:
        signature = inspect.signature(function)
        parameters = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
        types = hints(kind)
        keywords = [
            inspect.Parameter(
                name,
                inspect.Parameter.KEYWORD_ONLY,
                default={} if declared.default is MISSING else declared.default,
                annotation=types[name],
            )
            for name, declared in keywords_of(kind, command).items()
        ]
        function.__signature__ = signature.replace(  # type: ignore[attr-defined]
            parameters=[*parameters, *keywords]
        )
        return function

    return listed


def check_range(declared: Field[Any], value: Any) -> None:
    """Raises `InputError` for a number outside the range of its setting; None is always allowed."""
    meta, name = declared.metadata, declared.name
    if value is None:
        return
    if (
        (meta["least"] is not None and not value >= meta["least"])  # nor is it NaN
        or (meta["above"] is not None and not value > meta["above"])
        or (meta["most"] is not None and not value <= meta["most"])
    ):
        raise InputError(f"{name} must be {allowed_range(declared)}, not {shown_number(value)}")


def allowed_range(declared: Field[Any]) -> str:
    """The range of a setting in words: ``at least 1 and at most 10000``; empty if it has none."""
    words = {"least": "at least", "above": "more than", "most": "at most"}
    given = {word: declared.metadata[name] for name, word in words.items()}
    return " and ".join(f"{word} {n}" for word, n in given.items() if n is not None)


def shown_number(value: object) -> str:
    """A value for a message; a whole number of very many digits by how many they are."""
    huge = isinstance(value, int) and abs(value) >= 10**40
    return f"a number of {len(f'{value:x}')} hexadecimal digits" if huge else repr(value)


@cache
def hints(kind: type) -> Mapping[str, Any]:
    """The types of a class's fields by name."""
    return get_type_hints(kind)


def fit_values(kind: type, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a class's fields as their types; `InputError` for one that does not fit."""
    ranges = {f.name: allowed_range(f) if f.metadata else "" for f in fields(kind)}
    return {
        name: fitting(name, values[name], hint, ranges[name]) for name, hint in hints(kind).items()
    }


def fitting(name: str, value: object, hint: Any, allowed: str = "") -> object:
    """A setting's value as its type.

    A path may be given as text, and a single value instead of several. Nothing else is converted:
    no number is read from a text or a truth value.

    Raises:
        InputError: The value does not fit.
    """
    arms = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    if value is None and NoneType in arms:
        return None
    kind = get_origin(arms[0]) or arms[0]
    inner = get_args(arms[0])
    if kind is Literal:
        result = value if value in inner else UNFIT
    elif kind is Mapping:
        result = as_mapping(value, inner[1])
    elif kind is tuple:
        several = (value,) if isinstance(value, str | os.PathLike) else value
        result = UNFIT
        if isinstance(several, list | tuple):
            result = tuple(fitting(name, path, inner[0]) for path in several)
    else:
        result = as_plain(value, kind)
    if result is UNFIT:
        wants = " or ".join(map(repr, inner)) if kind is Literal else KINDS[kind]
        limits = f" (it must be {allowed})" if allowed else ""
        raise InputError(f"{name} should be {wants}, not {shown_number(value)}{limits}")
    return result


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
