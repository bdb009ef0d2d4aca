"""The flags of a command: one per field of a class of settings, and the judge's own options."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import MISSING, Field
from pathlib import Path
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

import typer

from judgekit.cli.parameters import LeanCommand
from judgekit.config.fields import flag_of, hints, settings_of
from judgekit.errors import InputError

if TYPE_CHECKING:
    from judgekit.extension.judge_options import JudgeOption

__all__ = ["FlagsCommand", "with_flags", "with_judge_options"]

OPTION = "judge_option_"  # keeps a judge's option apart from a setting of the same name
WIDEST = 16  # characters of choices that stand beside a flag; they take the room of all help
GENERAL = "General"  # the last panel: a command's own options and --help
ENGINE = "Engine"  # the panel before which a judge's own options stand


class FlagsCommand(LeanCommand):
    """A command with settings: its help shows the judge's flags first, its own options last."""

    def get_params(self, ctx: Any) -> Any:
        """All parameters; beside options with panels, those without one get the last panel."""
        params: list[Any] = [*super().get_params(ctx)]
        if not any(getattr(param, "rich_help_panel", None) for param in params):
            return params
        for param in params:
            if param.param_type_name == "option" and not getattr(param, "rich_help_panel", None):
                param.rich_help_panel = GENERAL
        return params

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Prints the help; both forms of a switch stand as one, ``--[no-]lora``."""
        shown = copy(self)
        shown.params = [one_form(param) for param in self.params]
        super(FlagsCommand, shown).format_help(ctx, formatter)


def one_form(param: Any) -> Any:
    """A parameter for the help screen; a switch that is on by default shows both forms as one."""
    if not getattr(param, "secondary_opts", ()):
        return param
    both = copy(param)
    if param.default is True:
        both.opts = [f"--[no-]{param.opts[0].removeprefix('--')}"]
    both.secondary_opts = []
    return both


def with_judge_options(
    command: Callable[..., None],
    kind: type,
    options: Sequence[JudgeOption],
    judge: str,
    *,
    hidden: bool = False,
) -> Callable[..., None]:
    """`command` with the flags of a class of settings and the options of a judge.

    Where nobody has named the judge, its options are `hidden` from the help.
    """

    def judging(settings: Mapping[str, Any], **arguments: Any) -> None:
        given = {k: v for k, v in settings.items() if not k.startswith(OPTION)}
        chosen = {k[len(OPTION) :]: v for k, v in settings.items() if k.startswith(OPTION)}
        command(settings=given | ({"options": chosen} if chosen else {}), **arguments)

    judging.__signature__ = inspect.signature(command, eval_str=True)  # type: ignore[attr-defined]
    judging.__doc__, judging.__name__ = command.__doc__, command.__name__
    # A judge with weights of its own may have its own --dtype, which is then the only one.
    taken = {option.name for option in options}
    extra = [judge_flag(option, judge, hidden=hidden) for option in options]
    return with_flags(judging, kind, without=taken, extra=extra)


def with_flags(
    command: Callable[..., None],
    kind: type,
    *,
    without: frozenset[str] | set[str] = frozenset(),
    extra: Sequence[inspect.Parameter] = (),
) -> Callable[..., None]:
    """`command` with a flag for each setting of a class in place of its parameter `settings`.

    Args:
        command: The function of a command, named as the command is. It gets as `settings` what was
            given on the command line and nothing else, so that a project's file can decide the
            rest. Its own parameters come before settings of the same name.
        kind: The class of settings, with fields of `judgekit.config.fields.setting`.
        without: Settings that get no flag.
        extra: More flags, which stand before the engine's.

    Returns:
        A function whose signature typer reads.
    """
    signature = inspect.signature(command, eval_str=True)
    declared = [p for p in signature.parameters.values() if p.name != "settings"]
    context = next((p for p in declared if p.annotation is typer.Context), None)
    taken = {p.name for p in declared} | without
    types = hints(kind)
    shown = {f.name: f for f in settings_of(kind, command.__name__) if f.name not in taken}
    declared_flags = {p.name: p for p in declared if p.default is not inspect.Parameter.empty}
    flags = [
        declared_flags.pop(f.name) if f.name in declared_flags else flag(f, types[f.name])
        for f in settings_of(kind, command.__name__)
        if f.name in shown or f.name in declared_flags
    ]

    def run(context_: typer.Context, **given: Any) -> None:
        if context is not None:
            given[context.name] = context_
        mine = {p.name: given.pop(p.name) for p in declared}
        settings = {
            name: read(shown[name], types[name], value) if name in shown else value
            for name, value in given.items()
            if was_given(context_, name)
        }
        command(settings=settings, **mine)

    parameters = [
        parameter("context_", typer.Context, inspect.Parameter.empty),
        *in_order([p for p in declared if p is not context and p not in flags], flags, extra),
    ]
    return signed(run, command, parameters)


def signed(
    run: Callable[..., None], command: Callable[..., None], parameters: Sequence[inspect.Parameter]
) -> Callable[..., None]:
    """`run` with the name and docstring of a command, and with these parameters."""
    keyword = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in parameters]
    run.__signature__ = inspect.Signature(keyword)  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in keyword}
    run.__doc__, run.__name__ = command.__doc__, command.__name__
    return run


def in_order(
    declared: Sequence[inspect.Parameter],
    flags: Sequence[inspect.Parameter],
    extra: Sequence[inspect.Parameter],
) -> list[inspect.Parameter]:
    """Arguments, the judge's flags, its own options (`extra`), other flags, own options."""
    arguments = [p for p in declared if p.default is inspect.Parameter.empty]
    options = [p for p in declared if p not in arguments]
    panels = [p.annotation.__metadata__[0].rich_help_panel for p in flags]
    first = panels.index(ENGINE) if ENGINE in panels else len(panels)
    return [*arguments, *flags[:first], *extra, *flags[first:], *options]


def was_given(context: typer.Context, name: str) -> bool:
    """Whether a parameter stands on the command line."""
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def panel_of(declared: Field[Any]) -> str:
    """The panel in which a setting is shown."""
    return str(declared.metadata["panel"])


def flag(declared: Field[Any], hint: Any) -> inspect.Parameter:
    """A setting as a flag with its default."""
    name, default = flag_of(declared), default_of(declared)
    option = typer.Option(
        # Named here, or typer would add a --no- form to every switch.
        f"{name}/--no-{name[2:]}" if default is True else name,
        help=help_text(declared, hint),
        rich_help_panel=panel_of(declared),
        metavar=metavar(declared, hint),
    )
    kind = typed(declared, hint)
    return parameter(
        declared.name, Annotated[kind | None if default is None else kind, option], default
    )


def default_of(declared: Field[Any]) -> Any:
    """The default as typer takes it: comma-separated texts as one; None if it is empty."""
    default = declared.default
    if default is MISSING or default in ((), ""):
        return None
    return ",".join(default) if isinstance(default, tuple) else default


def typed(declared: Field[Any], hint: Any) -> Any:
    """The type that typer reads: a list for what is repeated, a text for what commas separate."""
    kind = present(hint)
    if get_origin(kind) is Mapping:
        return list[str]
    if get_origin(kind) is tuple:
        texts = get_args(kind)[0] is str
        if texts and not declared.metadata["repeat"]:
            return str
        return list[str] if texts else list[Path]
    return kind


def help_text(declared: Field[Any], hint: Any) -> str:
    """The help of a setting; it names the choices if the flag has no place for them."""
    text: str = declared.metadata["help"]
    choices = get_args(present(hint))
    if metavar(declared, hint) != "NAME" or all(choice in text for choice in choices):
        return text
    return f"{text.rstrip('.')}: {', '.join(choices)}."


def metavar(declared: Field[Any], hint: Any) -> str | None:
    """What the help shows in place of a value that is given in parts; None leaves it to typer."""
    kind = present(hint)
    if get_origin(kind) is Literal:
        return None if len("|".join(get_args(kind))) < WIDEST else "NAME"
    if get_origin(kind) is Mapping:
        return "K=V"
    if get_origin(kind) is not tuple:
        return None
    if get_args(kind)[0] is not str:
        return "PATH"
    return "TEXT" if declared.metadata["repeat"] else "A,B,…"


def present(hint: Any) -> Any:
    """The type of a setting that is not None: of ``float | None``, float."""
    return get_args(hint)[0] if get_origin(hint) in (Union, UnionType) else hint


def judge_flag(option: JudgeOption, judge: str, *, hidden: bool) -> inspect.Parameter:
    """One of the judge's own options as a flag."""
    name = "--" + option.name.replace("_", "-")
    declared = typer.Option(
        f"{name}/--no-{name[2:]}" if option.type is bool else name,
        help=option.help,
        rich_help_panel=f"Options of the judge {judge}",
        hidden=hidden,
    )
    default = None if option.default == "" else option.default
    kind = option.type | None if default is None else option.type
    return parameter(OPTION + option.name, Annotated[kind, declared], default)


def parameter(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation
    )


def read(declared: Field[Any], hint: Any, value: Any) -> Any:
    """A flag's value as its setting takes it."""
    kind = present(hint)
    if get_origin(kind) is tuple:
        parts = value.split(",") if isinstance(value, str) else value
        repeated = declared.metadata["repeat"]
        return tuple(p.strip() if isinstance(p, str) and not repeated else p for p in parts)
    if get_origin(kind) is not Mapping:
        return value
    if get_args(kind)[1] is str:  # NAME=VALUE,NAME=VALUE
        words = [word for text in value for word in text.split(",")]
        return dict(assignment(word, flag_of(declared)) for word in words)
    pairs = [assignment(text, flag_of(declared)) for text in value]
    return {key: value_of(text) for key, text in pairs}


def assignment(text: str, flag_name: str) -> tuple[str, str]:
    """The two sides of NAME=VALUE."""
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise InputError(f"{flag_name} takes NAME=VALUE, not {text!r}")
    return key.strip(), value.strip()


def value_of(text: str) -> Any:
    """A number, a truth value or JSON if the text is one; otherwise the text."""
    import json

    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text
