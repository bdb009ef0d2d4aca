"""A judge's options: declared by its `Options` dataclass, converted from what the user gives."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from judgekit.errors import InputError, PluginError
from judgekit.judging import Judge
from judgekit.naming import unknown

__all__ = ["JudgeOption", "judge_options", "make_options"]

KINDS = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}
WORDS = {"true": True, "yes": True, "1": True, "on": True} | {
    "false": False,
    "no": False,
    "0": False,
    "off": False,
}


@dataclass(frozen=True, slots=True)
class JudgeOption:
    """One option of a judge.

    Attributes:
        name: The field's name.
        type: str, int, float or bool, or a Literal of texts.
        default: The default.
        choices: The texts of a Literal.
        optional: Whether None is a value, too.
        help: One sentence for the flag.
    """

    name: str
    type: Any
    default: object
    choices: tuple[str, ...] = ()
    optional: bool = False
    help: str = ""

    @property
    def wants(self) -> str:
        """The values that it takes, in words."""
        return f"one of {', '.join(self.choices)}" if self.choices else KINDS[self.type]

    def convert(self, value: object) -> object:
        """The value as the option's type; a text is converted.

        Raises:
            ValueError: It does not fit. A number is not read from a truth value, nor a whole
                number from a fraction.
        """
        if value is None and self.optional:
            return None
        kind = str if self.choices else self.type
        if isinstance(value, str):
            if kind is bool:
                value = WORDS.get(value.lower())
            elif kind is not str:
                value = kind(value)
        elif kind is float and type(value) is int:
            value = float(value)
        if type(value) is not kind or (self.choices and value not in self.choices):
            raise ValueError(value)
        return value


def judge_options(judge: type[Judge]) -> list[JudgeOption]:
    """The options of a judge in the order of their declaration.

    Raises:
        PluginError: Its `Options` is not a dataclass of str, int, float, bool or Literal of str
            (or one of these with None), each with a default.
    """
    if not is_dataclass(judge.Options):
        raise PluginError(f"{judge.__name__}.Options must be a dataclass, not {judge.Options!r}")
    hints = get_type_hints(judge.Options)
    return [_option(judge, field, hints[field.name]) for field in fields(judge.Options)]


def _option(judge: type[Judge], field: Field[Any], hint: object) -> JudgeOption:
    default = field.default if field.default_factory is MISSING else field.default_factory()
    if default is MISSING:
        raise PluginError(f"{judge.__name__}.Options.{field.name} has no default; give it one")
    optional = False
    if get_origin(hint) in (Union, types.UnionType):
        inner = [arm for arm in get_args(hint) if arm is not type(None)]
        optional = len(inner) < len(get_args(hint))
        hint = inner[0] if len(inner) == 1 else hint
    choices = get_args(hint) if get_origin(hint) is Literal else ()
    type_fits = all(isinstance(choice, str) for choice in choices) if choices else hint in KINDS
    if not type_fits:
        raise PluginError(
            f"{judge.__name__}.Options.{field.name} is of type {hint!r}; "
            f"use str, int, float, bool or a Literal of str"
        )
    help_text = field.metadata.get("help", "")
    return JudgeOption(field.name, hint, default, choices, optional, help_text)


def make_options(judge: type[Judge], arguments: Mapping[str, object], name: str = "") -> Any:
    """An instance of the judge's `Options`, from the given values and the defaults.

    Args:
        judge: The judge's class.
        arguments: Values by name; ``tie-margin`` and ``tie_margin`` are the same option.
        name: The judge's name, for messages; by default that of its class.

    Raises:
        InputError: The judge has no such option, or a value does not fit.
    """
    who = f"the judge {name or judge.__name__}"
    options = {option.name: option for option in judge_options(judge)}
    values: dict[str, object] = {}
    for key, value in arguments.items():
        option = options.get(key.replace("-", "_"))
        if option is None:
            raise InputError(f"{who} has {unknown('option', key, options, there='it has')}")
        try:
            values[option.name] = option.convert(value)
        except ValueError as error:
            raise InputError(
                f"the option {key!r} of {who} takes {option.wants}, not {value!r}"
            ) from error
    try:
        return judge.Options(**values)
    except ValueError as error:
        raise InputError(f"options of {who}: {error}") from error
