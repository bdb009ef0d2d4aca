"""Parameters of commands that cost little: typer's own build a pydantic model for every value.

typer converts each parameter of a command, given or not, by a pydantic adapter of its own; with
the flags of `judgekit compare` that takes longer than the comparison of two small files.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from typer.core import TyperArgument, TyperCommand, TyperOption

from judgekit.errors import InputError
from judgekit.naming import closest

__all__ = ["LeanCommand", "lean"]

KINDS: dict[Any, str] = {int: "a whole number", float: "a number"}
PLAIN: dict[Any, Any] = {str: str, Path: Path, int: int, float: float}
PLAIN_LISTS: dict[Any, Any] = {list[str]: str, list[Path]: Path}


NOT_PLAIN = object()


def plain(param: Any, ctx: Any, value: Any) -> Any:
    """A value that needs no converter: not given, text, path, number or choice; or `NOT_PLAIN`."""
    described = getattr(param, "type_descriptor", None)  # older releases of typer have none
    if described is None:
        return NOT_PLAIN
    source = ctx.get_parameter_source(param.name)
    if source is not None and source.name == "DEFAULT" and not param.required:
        many = param.multiple or param.nargs == -1
        return () if many and value is None else value
    kind = described.annotation
    if kind in PLAIN and isinstance(value, str) and not described.is_ranged:
        try:
            return PLAIN[kind](value)
        except ValueError as error:
            raise InputError(f"{param.opts[0]} takes {KINDS[kind]}, not {value!r}") from error
    if kind in PLAIN_LISTS and value:
        return [PLAIN_LISTS[kind](part) for part in value]
    if get_origin(kind) is not Literal:
        return NOT_PLAIN
    if value not in get_args(kind):
        near = closest(str(value), get_args(kind))
        suggestion = "" if near is None else f"; did you mean {near!r}?"
        choices = ", ".join(get_args(kind))
        raise InputError(f"{param.opts[0]} takes one of {choices}, not {value!r}{suggestion}")
    return value


def converted(param: Any, ctx: Any, value: Any, convert: Any) -> Any:
    """The value of a parameter: a plain one directly, all others by `convert`, typer's way."""
    plain_value = plain(param, ctx, value)
    if plain_value is NOT_PLAIN:
        return convert(ctx, value)
    return plain_value if param.callback is None else param.callback(ctx, param, plain_value)


class LeanOption(TyperOption):
    """An option that is converted only if it is given."""

    def process_value(self, ctx: Any, value: Any) -> Any:
        """The value as its type."""
        return converted(self, ctx, value, super().process_value)


class LeanArgument(TyperArgument):
    """An argument whose texts and paths are converted directly."""

    def process_value(self, ctx: Any, value: Any) -> Any:
        """The value as its type."""
        return converted(self, ctx, value, super().process_value)


class LeanCommand(TyperCommand):
    """A command with such parameters."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params = [lean(param) for param in self.params]

    def get_help_option(self, ctx: Any) -> Any:
        """The option `--help`."""
        return lean(super().get_help_option(ctx))


def lean(param: Any) -> Any:
    """A parameter of typer's as one of these; another kind as it is."""
    kinds: dict[type, Any] = {TyperOption: LeanOption, TyperArgument: LeanArgument}
    kind = kinds.get(type(param))
    if kind is None:
        return param
    made = object.__new__(kind)
    made.__dict__.update(vars(param))
    return made
