"""The settings as keywords of functions: what shells complete is what type checkers read."""

from __future__ import annotations

import inspect
import os
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import pytest

import judgekit
from judgekit.config import keywords
from judgekit.config.settings import GenerateSettings, Settings

FUNCTIONS: dict[str, type] = {
    "compare": Settings,
    "score": Settings,
    "rank": Settings,
    "generate": GenerateSettings,
}


def listed(name: str) -> dict[str, inspect.Parameter]:
    """The settings in a function's signature."""
    parameters = inspect.signature(getattr(judgekit, name)).parameters
    own = {"generate": ("prompts", "out", "force")}.get(name, ("a", "b", "file", "files"))
    return {key: found for key, found in parameters.items() if key not in own}


def plain(hint: Any) -> set[Any]:
    """The kinds of value that a type allows, paths as they may be given."""
    if hint is Path:
        return {str, os.PathLike}
    arms = get_args(hint)
    if get_origin(hint) is tuple:
        return plain(arms[0]) | {"several"}
    if get_origin(hint) is not None and getattr(get_origin(hint), "__name__", "") == "Sequence":
        return {"several"}
    if get_origin(hint) is os.PathLike:
        return {os.PathLike}
    name = getattr(get_origin(hint), "__name__", "")
    if name in ("Union", "UnionType"):
        return set().union(*map(plain, arms))
    return {hint}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_signature_and_typed_dict_agree(name: str) -> None:
    shown = listed(name)
    typed = get_type_hints(getattr(keywords, f"{name.capitalize()}Keywords"))
    assert shown.keys() == typed.keys()
    for key, parameter in shown.items():
        assert plain(parameter.annotation) == plain(typed[key]), key
        assert parameter.kind is parameter.KEYWORD_ONLY


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_is_listed_is_what_the_settings_hold(name: str) -> None:
    declared = {f.name: f for f in fields(FUNCTIONS[name])}
    shown = listed(name)
    assert shown.keys() <= declared.keys()
    for key in ("judge", "model", "max_calls", "n", "temperature"):
        assert (key in shown) == (key in declared)
    assert shown["model"].default is None
    assert ("games" in shown) == (name == "rank")
    assert ("jury" in shown) == (name in ("compare", "score"))
