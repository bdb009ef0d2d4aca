"""The flags of a command: one per field of a class of settings, and the judge's own."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import MISSING, Field, fields
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import typer

from judgekit.config.fields import hints
from judgekit.config.settings import Settings
from judgekit.errors import InputError
from judgekit.extension.registry import JudgeOption

__all__ = ["with_flags", "with_settings"]

OPTION = "judge_option_"  # keeps a judge's option apart from a setting of the same name


def with_settings(
    command: Callable[..., None], options: Sequence[JudgeOption], judge: str | None
) -> Callable[..., None]:
    """`command` as typer is to see it: its own parameters, every setting, the judge's options.

    What is not given stays out of the settings, so that a project's file can decide it.
    """

    def judging(settings: Mapping[str, Any], **own: Any) -> None:
        said = {k: v for k, v in settings.items() if not k.startswith(OPTION)}
        chosen = {k[len(OPTION) :]: v for k, v in settings.items() if k.startswith(OPTION)}
        command(settings=said | ({"options": chosen} if chosen else {}), **own)

    judging.__signature__ = inspect.signature(command, eval_str=True)  # type: ignore[attr-defined]
    judging.__doc__, judging.__name__ = command.__doc__, command.__name__
    # A judge with weights of its own may have its own --dtype, which is then the only one.
    taken = {option.name for option in options}
    extra = [judge_flag(option, judge or "") for option in options]
    return with_flags(judging, Settings, leave_out=taken, extra=extra)


def with_flags(
    command: Callable[..., None],
    kind: type,
    *,
    leave_out: Collection[str] = (),
    extra: Sequence[inspect.Parameter] = (),
) -> Callable[..., None]:
    """`command` with a flag for each field of `kind` in the place of its parameter `settings`.

    The fields are those of `judgekit.config.fields.setting`; one without a panel has no flag.
    `settings` gets the fields, and what `extra` names, that were given on the command line, and no
    other.
    """
    signature = inspect.signature(command, eval_str=True)
    own = [p for p in signature.parameters.values() if p.name != "settings"]
    types = hints(kind)
    shown = [f for f in fields(kind) if f.metadata["panel"] and f.name not in leave_out]
    flags = [flag(f, types[f.name]) for f in shown]

    def run(**given: Any) -> None:
        mine = {p.name: given.pop(p.name) for p in own}
        command(settings=said(shown, types, given), **mine)

    parameters = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own] + flags + [*extra]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in parameters}
    run.__doc__, run.__name__ = command.__doc__, command.__name__
    return run


def flag(setting: Field[Any], hint: Any) -> inspect.Parameter:
    """A setting as a flag that is None, or empty, where not given."""
    meta = setting.metadata
    option = typer.Option(
        # Named here, or typer would add a --no- form that says nothing.
        name_of(setting, both=setting.default is True),
        help=with_default(meta["help"], setting.default),
        rich_help_panel=meta["panel"],
    )
    return parameter(setting.name, Annotated[typed(hint) | None, option], None)


def name_of(setting: Field[Any], *, both: bool = False) -> str:
    """``--model-arg``; with the form that takes it back, where it is on by itself."""
    name: str = setting.metadata["flag"] or "--" + setting.name.replace("_", "-")
    return f"{name}/--no-{name[2:]}" if both else name


def typed(hint: Any) -> Any:
    """What typer is to read: several are given one by one, but texts as one, between commas."""
    kind = present(hint)
    if get_origin(kind) is Mapping:
        return list[str]
    if get_origin(kind) is tuple:
        return str if get_args(kind)[0] is str else list[Path]
    return kind


def present(hint: Any) -> Any:
    """The type of a setting that is there: of ``float | None``, float."""
    return get_args(hint)[0] if get_origin(hint) in (Union, UnionType) else hint


def judge_flag(option: JudgeOption, judge: str) -> inspect.Parameter:
    """One of the judge's own options as a flag."""
    name = "--" + option.name.replace("_", "-")
    declared = f"{name}/--no-{name[2:]}" if option.type is bool else name
    read = typer.Option(
        declared,
        help=with_default(option.help, option.default),
        rich_help_panel=f"Options of the judge {judge}",
    )
    return parameter(OPTION + option.name, Annotated[option.type | None, read], None)


def with_default(text: str, default: Any) -> str:
    """The help with the default in words: typer knows none, since what is not given is None."""
    if default in (None, False, (), "", MISSING):
        return text
    shown = "on" if default is True else default
    if isinstance(default, tuple):
        shown = ",".join(map(str, default))
    return f"{text.rstrip('.')}; by default {shown}."


def parameter(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation
    )


def said(
    shown: Sequence[Field[Any]], types: Mapping[str, Any], given: Mapping[str, Any]
) -> dict[str, Any]:
    """What was said on the command line, as keywords of the class of settings."""
    found = {k: v for k, v in given.items() if v is not None and v != []}
    for setting in shown:
        if setting.name in found:
            found[setting.name] = read(setting, types[setting.name], found[setting.name])
    return found


def read(setting: Field[Any], hint: Any, value: Any) -> Any:
    """A flag's value as its setting takes it."""
    kind = present(hint)
    if get_origin(kind) is tuple:
        parts = value.split(",") if isinstance(value, str) else value
        return tuple(part.strip() if isinstance(part, str) else part for part in parts)
    if get_origin(kind) is not Mapping:
        return value
    if get_args(kind)[1] is str:  # NAME=VALUE,NAME=VALUE
        words = [word for text in value for word in text.split(",")]
        return dict(assignment(word, name_of(setting)) for word in words)
    pairs = [assignment(text, name_of(setting)) for text in value]
    return {key: value_of(text) for key, text in pairs}


def assignment(text: str, flag_name: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise InputError(f"{flag_name} takes NAME=VALUE, not {text!r}")
    return key.strip(), value.strip()


def value_of(text: str) -> Any:
    """A number, a truth value or JSON where the text is one; else the text."""
    import json

    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text
