"""The tables of the two configuration files, for the documentation: made from the declarations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, fields
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from judgekit.config.endpoints import Endpoint
from judgekit.config.fields import flag_of, hints
from judgekit.config.files import file_settings, is_table
from judgekit.config.settings import Settings

__all__ = ["project_table", "user_table"]

ENDPOINT_HELP = {
    "base_url": "URL of the API, such as https://llm.example.org/v1.",
    "key_env": "The name of the environment variable that holds the key.",
    "rpm": "Limit of requests per minute.",
    "tpm": "Limit of tokens per minute.",
    "price": "US dollars per million tokens: {input = 0.15, output = 0.6, cached = 0.075}.",
    "engine": "The engine that talks to it.",
}
WORDS = {str: "text", int: "whole number", float: "number", bool: "true or false", Path: "path"}


def project_table() -> str:
    """The settings of ``judgekit.toml`` as a Markdown table."""
    rows = []
    for declared in file_settings():
        name, meta = declared.name, declared.metadata
        place = f"[{name}]" if is_table(name) else name
        commands = "all that ask an engine" if meta["in_file"] == "all" else "all that judge"
        kind, meaning = kind_of(hints(Settings)[name]), meta["help"] + flag_note(declared)
        rows.append((f"`{place}`", kind, default_of(declared), commands, meaning))
    return markdown(("entry", "type", "default", "commands", "meaning"), rows)


def user_table() -> str:
    """The entries of ``[endpoints.NAME]`` in the user's ``config.toml`` as a Markdown table."""
    rows = [
        (f"`{f.name}`", kind_of(hints(Endpoint)[f.name]), default_of(f), ENDPOINT_HELP[f.name])
        for f in fields(Endpoint)
        if f.name != "name"
    ]
    return markdown(("entry", "type", "default", "meaning"), rows)


def flag_note(declared: Field[Any]) -> str:
    """The flag of a setting, if it has one."""
    return f" Flag: `{flag_of(declared)}`." if declared.metadata["panel"] else ""


def kind_of(hint: Any) -> str:
    """The type of an entry in words."""
    arms = [arm for arm in get_args(hint) if arm is not NoneType] or [hint]
    if get_origin(hint) is Literal:
        return " or ".join(f"`{value}`" for value in get_args(hint))
    if get_origin(hint) is Mapping:
        return "table"
    if len(arms) == 1 and arms[0] is not hint:
        return kind_of(arms[0])
    return WORDS.get(hint, "table")


def default_of(declared: Field[Any]) -> str:
    """The default of an entry as the file would hold it."""
    if declared.default is MISSING:
        return "required" if declared.default_factory is MISSING else ""
    return "" if declared.default is None else f"`{declared.default}`"


def markdown(head: tuple[str, ...], rows: list[Any]) -> str:
    """A Markdown table."""
    return "\n".join(lines(head, rows)) + "\n"


def lines(head: tuple[str, ...], rows: list[Any]) -> Iterator[str]:
    """The lines of a Markdown table."""
    yield "| " + " | ".join(head) + " |"
    yield "|" + " --- |" * len(head)
    for row in rows:
        yield "| " + " | ".join(row) + " |"
