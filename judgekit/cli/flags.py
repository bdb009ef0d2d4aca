"""The flags of `compare` and `score`: one per field of `Settings`, and the judge's own."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from judgekit.errors import InputError
from judgekit.registry import JudgeOption
from judgekit.settings import Settings

__all__ = ["with_settings"]

PAIRS = ("model_args", "engine_args")  # settings that are given as K=V
OPTION = "judge_option_"  # keeps a judge's option apart from a setting of the same name


def with_settings(
    command: Callable[..., None], options: Sequence[JudgeOption], judge: str | None
) -> Callable[..., None]:
    """`command` as typer is to see it: its own parameters, every setting, the judge's options.

    What is not given stays out of the settings, so that a project's file can decide it.
    """
    own = [
        p
        for p in inspect.signature(command, eval_str=True).parameters.values()
        if p.name not in ("settings",)
    ]
    hints = get_type_hints(Settings)
    # A judge with weights of its own may have its own --dtype, which is then the only one.
    taken = {option.name for option in options}
    flags = [
        flag(f, hints[f.name])
        for f in fields(Settings)
        if f.metadata["panel"] and f.name not in taken
    ]
    flags += [judge_flag(option, judge or "") for option in options]

    def run(**given: Any) -> None:
        mine = {p.name: given.pop(p.name) for p in own}
        command(settings=settings_given(given), **mine)

    parameters = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own] + flags
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in parameters}
    run.__doc__, run.__name__ = command.__doc__, command.__name__
    return run


def flag(setting: Field[Any], kind: Any) -> inspect.Parameter:
    """A setting as a flag that is None, or empty, where not given."""
    meta = setting.metadata
    if setting.name in ("columns", *PAIRS):
        kind = list[str]
    elif setting.name == "plugins":
        kind = list[Path]
    option = typer.Option(
        # Named here, or typer would add a --no- form that says nothing.
        meta["flag"] or "--" + setting.name.replace("_", "-"),
        help=with_default(meta["help"], setting.default),
        rich_help_panel=meta["panel"],
    )
    return parameter(setting.name, Annotated[kind | None, option], None)


def judge_flag(option: JudgeOption, judge: str) -> inspect.Parameter:
    """One of the judge's own options as a flag."""
    name = "--" + option.name.replace("_", "-")
    declared = f"{name}/--no-{name[2:]}" if option.type is bool else name
    typed = typer.Option(
        declared,
        help=with_default(option.help, option.default),
        rich_help_panel=f"Options of the judge {judge}",
    )
    return parameter(OPTION + option.name, Annotated[option.type | None, typed], None)


def with_default(text: str, default: Any) -> str:
    """The help with the default in words: typer knows none, since what is not given is None."""
    silent = default in (None, False, (), "", MISSING)
    return text if silent else f"{text.rstrip('.')}; by default {default}."


def parameter(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation
    )


def settings_given(given: Mapping[str, Any]) -> dict[str, Any]:
    """What was said on the command line, as keywords of `Settings`."""
    said = {k: v for k, v in given.items() if v is not None and v != []}
    options = {k[len(OPTION) :]: v for k, v in said.items() if k.startswith(OPTION)}
    said = {k: v for k, v in said.items() if not k.startswith(OPTION)}
    if options:
        said["options"] = options
    if "columns" in said:
        words = [word for text in said["columns"] for word in text.split(",")]
        said["columns"] = dict(assignment(word, "--columns") for word in words)
    for name in PAIRS:
        if name in said:
            flag_name = "--" + name.removesuffix("s").replace("_", "-")
            pairs = [assignment(text, flag_name) for text in said[name]]
            said[name] = {key: value_of(text) for key, text in pairs}
    if "plugins" in said:
        said["plugins"] = tuple(said["plugins"])
    return said


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
