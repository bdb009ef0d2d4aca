"""The registry of plugins: looks up judges, engines, labelled sets and prompts.

A broken plugin affects only the look-up that needs it. A name that two plugins give is an error
when it is looked up; the order of loading never decides.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

from judgekit.errors import InputError, PluginError
from judgekit.extension.engine import EngineFactory
from judgekit.extension.judge_options import JudgeOption, judge_options, make_options
from judgekit.extension.loader import Plugin, load_file, load_installed, reason
from judgekit.io.labelled_set import SetFactory
from judgekit.judging import Judge, JudgeSetup, PromptJudge
from judgekit.judging.templates import FORMATS, Prompts
from judgekit.naming import unknown

if TYPE_CHECKING:
    import typer

__all__ = ["JudgeOption", "PluginInfo", "Registry", "judge_options", "make_options"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PluginInfo:
    """One plugin as `judgekit plugins` lists it.

    Attributes:
        origin: Distribution and version, or the file's path.
        commands: Whether it adds commands.
        broken: Why it gives nothing; empty if all is well.
        clashes: Names that other plugins give as well, one sentence each.
    """

    name: str
    origin: str
    judges: tuple[str, ...]
    engines: tuple[str, ...]
    sets: tuple[str, ...]
    prompt_dirs: tuple[Path, ...]
    commands: bool
    broken: str = ""
    clashes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The same for JSON."""
        return asdict(self) | {"prompt_dirs": [str(folder) for folder in self.prompt_dirs]}


class Registry:
    """The plugins of a process, made by `Registry.load`."""

    def __init__(self, plugins: Sequence[Plugin]) -> None:
        self._plugins = list(plugins)

    @classmethod
    def load(cls, *, files: Sequence[Path] = ()) -> Self:
        """Loads all installed plugins, the built-in one among them.

        A plugin that fails is kept as broken.

        Args:
            files: Python files that hold plugins.

        Returns:
            A registry of all of them.

        Raises:
            InputError: A file does not exist.
        """
        return cls([*load_installed(), *(load_file(file) for file in files)])

    def judge(self, name: str) -> type[Judge]:
        """The class of a judge.

        Args:
            name: A judge's name, or a path of a prompt file.

        Returns:
            The judge's class.

        Raises:
            PluginError: No plugin has a judge of this name, or two have.
            InputError: The prompt file cannot judge by itself.
        """
        if "/" in name or "\\" in name or name.endswith(".md"):
            return _rubric(name)
        return self._find("judge", name, lambda plugin: plugin.judges)

    def judges_with(self, option: str) -> list[str]:
        """The judges that have an option of this name; sorted.

        Args:
            option: The option's name.

        Returns:
            The judges' names. A broken judge, or one of two of one name, is not among them.
        """
        judges = []
        for name in sorted({name for plugin in self.listing() for name in plugin.judges}):
            try:
                options = judge_options(self.judge(name))
            except PluginError:  # `listing` says why
                continue
            if option in {declared.name for declared in options}:
                judges.append(name)
        return judges

    def code_of(self, judge: type[Judge]) -> str:
        """The state of the code behind a judge.

        Args:
            judge: The judge's class.

        Returns:
            Its plugin's distribution and version, or the digest of its plugin's file. Of the
            built-in judges it is ``"judgekit"``, whatever the version; of a prompt file that
            judges by itself, an empty text.
        """
        plugin = next((p for p in self._plugins if p.judges.holds(judge)), None)
        if plugin is None:
            return ""
        # An update that changes no verdict keeps its users' runs: `job.RULES` tells one that does.
        return "judgekit" if plugin.builtin else plugin.code

    @property
    def engines(self) -> frozenset[str]:
        """The names of all engines that plugins give."""
        return frozenset(name for plugin in self._plugins for name in plugin.engines)

    def engine(self, spec: str) -> tuple[EngineFactory, str]:
        """The engine that ``ENGINE/MODEL`` names.

        Args:
            spec: ``ENGINE/MODEL``; the model may contain slashes.

        Returns:
            The engine's factory, and the model.

        Raises:
            InputError: `spec` has another form.
            PluginError: No plugin has an engine of this name, or two have.
        """
        name, _, model = spec.partition("/")
        if not name or not model:
            engines = sorted(self.engines)
            # Of several engines, the one whose API most servers speak.
            engine = "openai" if "openai" in engines else next(iter(engines), "ENGINE")
            example = f"{engine}/{spec.strip('/') or 'MODEL'}"
            raise InputError(
                f"{spec!r} does not name a model: write ENGINE/MODEL, such as {example!r}; "
                f"engines installed: {', '.join(engines) or 'none'}"
            )
        return self._find("engine", name, lambda plugin: plugin.engines), model

    def labelled_set(self, name: str) -> SetFactory:
        """The labelled set of that name.

        Args:
            name: The set's name.

        Returns:
            The set's factory.

        Raises:
            PluginError: No plugin has a set of this name, or two have.
        """
        return self._find("set", name, lambda plugin: plugin.sets)

    def prompts_for(self, judge: type[Judge]) -> Prompts:
        """The prompts that a judge finds by name.

        First ``prompts`` beside the module of its class, then of the classes it derives from;
        then the folders of the plugin that has it, and those of all others, so that no file
        replaces another plugin's of the same name.

        Args:
            judge: The judge's class.

        Returns:
            The prompts of all these folders, the first found first.
        """
        beside = [
            Path(file).parent / "prompts"
            for cls in judge.__mro__
            if issubclass(cls, Judge)
            and (file := getattr(sys.modules.get(cls.__module__), "__file__", None))
        ]
        own_first = sorted(self._plugins, key=lambda plugin: not plugin.judges.holds(judge))
        folders = [folder for plugin in own_first for folder in plugin.prompt_dirs]
        return Prompts([*dict.fromkeys(folder for folder in beside + folders if folder.is_dir())])

    @property
    def adds_commands(self) -> bool:
        """Whether a plugin adds commands to the command line."""
        return any(plugin.add_commands is not None for plugin in self._plugins)

    def add_commands(self, app: typer.Typer) -> None:
        """Adds the plugins' commands; one whose hook fails, or takes a name, becomes broken.

        Args:
            app: The application that gets the commands.
        """
        for place, plugin in enumerate(self._plugins):
            if plugin.add_commands is None:
                continue
            try:
                _add_commands(plugin.add_commands, app)
            except (Exception, SystemExit) as error:  # noqa: BLE001 - the border: as when loading
                self._plugins[place] = Plugin(plugin.name, plugin.origin, broken=reason(error))

    def listing(self) -> list[PluginInfo]:
        """All plugins, with what each gives and what is wrong with it."""
        return [
            PluginInfo(
                plugin.name,
                plugin.origin,
                judges=tuple(sorted(plugin.judges)),
                engines=tuple(sorted(plugin.engines)),
                sets=tuple(sorted(plugin.sets)),
                prompt_dirs=plugin.prompt_dirs,
                commands=plugin.add_commands is not None,
                broken=plugin.broken,
                clashes=tuple(self._clashes(plugin)),
            )
            for plugin in self._plugins
        ]

    def _clashes(self, plugin: Plugin) -> Iterator[str]:
        for other in self._plugins:
            if other is not plugin:
                for name in sorted(plugin.judges.keys() & other.judges.keys()):
                    yield f"judge {name!r} is also given by {other}"
                for name in sorted(plugin.engines.keys() & other.engines.keys()):
                    yield f"engine {name!r} is also given by {other}"
                for name in sorted(plugin.sets.keys() & other.sets.keys()):
                    yield f"set {name!r} is also given by {other}"

    def _find(self, what: str, name: str, gives: Callable[[Plugin], Mapping[str, T]]) -> T:
        owners = [plugin for plugin in self._plugins if name in gives(plugin)]
        if len(owners) == 1:
            return gives(owners[0])[name]
        if owners:
            both = " and ".join(map(str, owners))
            raise PluginError(f"the {what} {name!r} is given by {both}; remove all but one")
        names = {key for plugin in self._plugins for key in gives(plugin)}
        broken = [
            f"; {plugin} is broken: {plugin.broken}" for plugin in self._plugins if plugin.broken
        ]
        message = unknown(f"{what} named", name, names, there="installed")
        raise PluginError(message + "".join(broken))


def _add_commands(add: Callable[[typer.Typer], None], app: typer.Typer) -> None:
    """Adds to a copy first, so that a hook that fails or takes a name leaves nothing behind."""
    from typer.main import get_group

    fresh = type(app)()
    add(fresh)
    clashes = get_group(app).commands.keys() & get_group(fresh).commands.keys()
    if clashes:
        raise PluginError(
            f"its command {sorted(clashes)[0]!r} exists already; give it another name"
        )
    app.registered_commands += fresh.registered_commands
    app.registered_groups += fresh.registered_groups


def _rubric(file: str) -> type[PromptJudge]:
    """A judge that is nothing but a prompt file."""
    template = Prompts(()).load(file)
    arities = {"pair": 2, "single": 1}
    if template.head.shows not in arities:
        raise InputError(
            f'{file!r} shows no answer to judge: its head needs shows = "pair" or "single"'
        )
    if not template.head.reads:
        raise InputError(
            f"{file!r} does not say how its verdict reads: add reads = FORMAT to its head, "
            f"one of {', '.join(FORMATS)}"
        )

    class Rubric(PromptJudge):
        __doc__ = f"The prompt file {file!r} as a judge."
        arity = frozenset({arities[template.head.shows]})
        prompt = file

        def __init__(self, setup: JudgeSetup) -> None:
            super().__init__(replace(setup, prompt=setup.prompt or template))

    return Rubric
