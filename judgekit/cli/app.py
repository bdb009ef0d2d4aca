"""The command line: a group that imports a command when it is called."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command, get_group

from judgekit.cli.parameters import LeanCommand, lean
from judgekit.cli.table import COMMANDS, RENAMED, Entry

if TYPE_CHECKING:
    from judgekit.extension.judge_options import JudgeOption
    from judgekit.extension.registry import Registry

__all__ = ["build_app"]

HELP = (
    "Judge the answers of language models, measure how far the judge can be trusted, and train on "
    "its verdicts."
)
ARGUMENTS = "judgekit.arguments"  # where the context keeps the command line,
OF_PLUGINS = "judgekit.commands"  # and the commands of plugins once they are loaded
NO_JUDGE = "overlap"  # whose options are flags if no judge is named
CONTEXT = {"help_option_names": ["-h", "--help"]}
TOLERANT: dict[str, Any] = {"ignore_unknown_options": True, "allow_extra_args": True}


def build_app() -> Commands:
    """The application. No command is imported yet."""
    app = typer.Typer(cls=Commands, help=HELP, add_completion=False, context_settings=CONTEXT)
    app.callback()(root)
    group: Any = get_group(app)
    for name, entry in COMMANDS.items():
        group.add_command(stub(name, entry.help))
    return group  # type: ignore[no-any-return]


class Commands(TyperGroup):
    """The commands of the table and those of plugins.

    What `commands` holds is enough for the help screen and for suggestions; the real ones are
    imported by `get_command`.
    """

    def get_help_option(self, ctx: Any) -> Any:
        """The option `--help`."""
        return lean(super().get_help_option(ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parses the group's own options; the context keeps the whole command line."""
        ctx.meta[ARGUMENTS] = list(args)
        return super().parse_args(ctx, args)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """A command of the table, an old word for one, or a plugin's command; None if unknown."""
        if cmd_name in RENAMED:
            group, name = RENAMED[cmd_name]
            return self.get_command(ctx, group).get_command(ctx, name)
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return self.of_plugins(ctx).get(cmd_name)
        return load(cmd_name, entry)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Finds the command that is called, and gives its context the plugins if it needs them."""
        name = args[0]
        if name in RENAMED:
            now = " ".join(RENAMED[name])
            print(f"judgekit: `judgekit {name}` is now `judgekit {now}`", file=sys.stderr)
        if name not in COMMANDS and name not in RENAMED:
            self.commands.update(self.of_plugins(ctx))
        elif name in COMMANDS and COMMANDS[name].plugins:
            registry(ctx)
        return super().resolve_command(ctx, args)

    def of_plugins(self, ctx: Any) -> dict[str, Any]:
        """The commands of plugins. Nothing is loaded if only the built-in plugin is installed."""
        if not plugin_files(ctx) and not third_parties():
            return {}
        registry(ctx)
        return dict(ctx.meta[OF_PLUGINS])

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Prints the help screen from the table, so that no command is imported for it."""
        shown = TyperGroup(
            name=self.name,
            commands={**self.commands, **self.of_plugins(ctx)},
            params=self.params,
            help=self.help,
            context_settings=CONTEXT,
        )
        shown.format_help(ctx, formatter)


class JudgingCommand(TyperCommand):
    """A command whose flags depend on the judge that its command line names.

    Its own parameters are the settings' flags; parsing a command line adds the judge's options.
    """

    def __init__(self, name: str, entry: Entry) -> None:
        super().__init__(name, help=entry.help)
        self.entry = entry

    @property
    def params(self) -> list[Any]:
        """The parameters without those of a judge; made when asked for: parsing has its own."""
        made: list[Any] = build(self.name or "", self.entry).params
        return made

    @params.setter
    def params(self, value: list[Any]) -> None:
        """Takes nothing: the parameters are those of the settings."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any
    ) -> Any:
        """Builds the command with the options of the named judge, which then parses `args`."""
        named = peek(args).get("judge") or project_judge()
        judge = named or NO_JUDGE
        options = options_of(judge, registry(parent))
        full = build(self.name or "", self.entry, options, judge, hidden=named is None)
        return full.make_context(info_name, args, parent, **extra)


def stub(name: str, help_line: str) -> TyperCommand:
    """A command as the list of commands shows it."""
    return TyperCommand(name, help=help_line)


def load(name: str, entry: Entry) -> Any:
    """Imports a command of the table."""
    return JudgingCommand(name, entry) if entry.judge else build(name, entry)


def build(
    name: str,
    entry: Entry,
    options: Sequence[JudgeOption] = (),
    judge: str = "",
    *,
    hidden: bool = False,
) -> Any:
    """A command as typer runs it; its help begins with the line of the table."""
    target = load_object(entry.place)
    if isinstance(target, typer.Typer):
        from judgekit.cli.flags import FlagsCommand

        for info in target.registered_commands:
            info.cls = FlagsCommand if info.cls in (None, TyperCommand) else info.cls
        group = get_group(target)
        group.name, group.help = name, entry.help
        return group
    function: Callable[..., Any] = target
    cls: type[TyperCommand] = LeanCommand
    if entry.settings:
        from judgekit.cli.flags import FlagsCommand, with_judge_options

        kind = load_object(entry.settings)
        function = with_judge_options(function, kind, options, judge, hidden=hidden)
        cls = FlagsCommand
    app = typer.Typer(add_completion=False, rich_markup_mode="rich")
    app.command(name, cls=cls, help=help_text(entry, function), context_settings=CONTEXT)(function)
    return get_command(app)


def help_text(entry: Entry, function: Callable[..., Any]) -> str:
    """The table's line, and what a docstring says after its first paragraph."""
    _, _, more = (function.__doc__ or "").partition("\n\n")
    return f"{entry.help}\n\n{more}" if more else entry.help


def load_object(place: str) -> Any:
    """The object that ``MODULE:NAME`` names."""
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)


def peek(args: Sequence[str]) -> dict[str, Any]:
    """What a command line gives as `--plugin` and `--judge`, on which other flags depend.

    A first, tolerant pass of the parser: it knows these two flags and leaves all else alone.
    """
    app = typer.Typer(add_completion=False)

    @app.command()
    def first_pass(
        plugin: Annotated[list[Path] | None, typer.Option("--plugin")] = None,
        judge: Annotated[str | None, typer.Option("--judge")] = None,
    ) -> None:
        """Never called."""

    command = get_command(app)
    context = typer.Context(command, resilient_parsing=True, **TOLERANT)
    values, _, _ = command.make_parser(context).parse_args(args=list(args))
    return values


def plugin_files(ctx: Any) -> list[Path]:
    """The files that the command line gives as `--plugin`."""
    return [Path(path) for path in peek(ctx.meta.get(ARGUMENTS, ())).get("plugin", ())]


def third_parties() -> bool:
    """Whether a plugin is installed beside the built-in one."""
    from importlib.metadata import entry_points

    return any(point.value != "judgekit.plugins" for point in entry_points(group="judgekit"))


def registry(ctx: Any) -> Registry:
    """The plugins, which a command finds as its context's `obj`; each file is executed once."""
    top = ctx.find_root()
    if top.obj is None:
        from judgekit.extension.registry import Registry

        loaded = Registry.load(files=plugin_files(top))
        top.obj, top.meta[OF_PLUGINS] = loaded, plugin_commands(loaded)
    installed: Registry = top.obj
    return installed


def plugin_commands(installed: Registry) -> dict[str, Any]:
    """The commands that plugins add; a plugin that takes a name of ours becomes broken."""
    if not installed.adds_commands:
        return {}
    app = typer.Typer()
    for name in (*COMMANDS, *RENAMED):
        app.command(name)(root)
    installed.add_commands(app)
    commands = get_group(app).commands
    return {name: c for name, c in commands.items() if name not in {*COMMANDS, *RENAMED}}


def options_of(judge: str, installed: Registry) -> Sequence[JudgeOption]:
    """The options of the judge that is named, of several if they are the same."""
    from judgekit.config.settings import Settings
    from judgekit.extension.judge_options import judge_options
    from judgekit.jobs.judge_settings import judge_specs

    judges = {spec.judge for spec in judge_specs(Settings(judge=judge))}
    return judge_options(installed.judge(judges.pop())) if len(judges) == 1 else ()


def project_judge() -> str | None:
    """The judge that the working directory's judgekit.toml chooses."""
    from judgekit.config.files import load_project

    judge: str | None = load_project(Path()).choices.get("judge")
    return judge


def show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(version("judgekit"))
        raise typer.Exit


def root(
    version: Annotated[  # noqa: ARG001 (its callback has shown it)
        bool,
        typer.Option(
            "--version", help="Show the version and exit.", is_eager=True, callback=show_version
        ),
    ] = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show tracebacks, of plugins' errors as well.")
    ] = False,
) -> None:
    """Takes the flags that stand before the command."""
    if debug:
        from judgekit.cli.debug import log_to_stderr

        log_to_stderr()
