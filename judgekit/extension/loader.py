"""Loads plugins, each in isolation.

Whatever goes wrong while a plugin loads (an exception, an unknown hook, a result of the wrong
shape) marks that plugin as broken and affects no other. Each has its own plugin manager, so that
none sees, wraps or replaces what another one gives.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import inspect
import logging
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import TYPE_CHECKING, Any

import pluggy

from judgekit.errors import InputError, PluginError
from judgekit.extension import hookspecs
from judgekit.extension.engine import EngineFactory
from judgekit.extension.named import Named
from judgekit.io.labelled_set import SetFactory
from judgekit.judging import Judge
from judgekit.naming import unknown
from judgekit.tracebacks import raised_at
from judgekit.types import digest

if TYPE_CHECKING:
    import typer

__all__ = ["GROUP", "Plugin", "load_file", "load_installed", "reason"]

log = logging.getLogger(__name__)

GROUP = "judgekit"
"""The entry-point group, and pluggy's name for the project."""

DISTRIBUTION = "judgekit"  # the built-in plugin is this distribution's own entry point
HOOKS = tuple(name for name in hookspecs.__dict__ if name.startswith("judgekit_"))
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")


@dataclass(frozen=True)
class Plugin:
    """What one plugin gives and where it came from, or why it is broken (then it gives nothing).

    Attributes:
        name: The name of its entry point, or its file's stem.
        origin: Distribution and version, or the file's path.
        code: What tells one state of its code from another: distribution and version, or the
            digest of its file.
        add_commands: Adds its commands; None if it has none.
        broken: Why it gives nothing; empty if all is well.
        builtin: Whether it comes with judgekit itself.
    """

    name: str
    origin: str
    code: str = ""
    judges: Named[type[Judge]] = field(default_factory=Named)
    engines: Named[EngineFactory] = field(default_factory=Named)
    sets: Named[SetFactory] = field(default_factory=Named)
    prompt_dirs: tuple[Path, ...] = ()
    add_commands: Callable[[typer.Typer], None] | None = None
    broken: str = ""
    builtin: bool = False

    def __str__(self) -> str:
        return f"plugin {self.name!r} ({self.origin})"


def load_installed() -> list[Plugin]:
    """The plugins of all entry points, sorted by distribution; none from the working directory."""
    with _without_working_directory():
        points = [
            (point, point.dist)
            for point in importlib.metadata.entry_points(group=GROUP)
            if point.dist is not None
        ]
        points.sort(key=lambda pair: (pair[1].name, pair[0].name))
        return [
            replace(
                _load(point.name, origin := f"{dist.name} {dist.version}", origin, point.load),
                builtin=dist.name == DISTRIBUTION,
            )
            for point, dist in points
        ]


def load_file(path: Path) -> Plugin:
    """The plugin in a Python file; `InputError` if there is no such file."""
    if path.suffix != ".py" or not path.is_file():
        raise InputError(f"no plugin file {str(path)!r}; --plugin takes a Python file (.py)")
    try:
        source = path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read the plugin {str(path)!r}: {error.strerror}") from error
    code = hashlib.blake2b(source, digest_size=16).hexdigest()
    with _without_working_directory():
        return _load(path.stem, str(path), code, partial(_import_file, path, source))


def reason(error: BaseException) -> str:
    """One line that says why a plugin is broken, and where in its file."""
    message = " ".join(str(error).split())
    if isinstance(error, PluginError):
        return message
    line = raised_at(error)
    where = f" ({line})" if line else ""
    return f"{type(error).__name__}: {message}".rstrip(": ") + where


def _load(name: str, origin: str, code: str, load: Callable[[], object]) -> Plugin:
    try:
        return replace(_collect(name, origin, load()), code=code)
    except (Exception, SystemExit) as error:
        log.debug("plugin %s is broken", name, exc_info=error)
        return Plugin(name, origin, broken=reason(error))


@contextmanager
def _without_working_directory() -> Iterator[None]:
    """Takes the folders that Python adds by itself for where it was started off `sys.path`.

    Those are relative entries (``""`` of a prompt, ``-c`` or a notebook) and a first entry that
    is the working directory (``-m``, a script beside the data). A folder of answers may come
    from anybody: neither its packages' metadata nor its modules are to be picked up. What the
    user put on the path, and what an editable install did, stays.
    """
    here = os.getcwd()  # noqa: PTH109 - entries of sys.path are text
    entries = [
        (place, entry)
        for place, entry in enumerate(sys.path)
        if not os.path.isabs(entry) or (place == 0 and entry == here and not sys.flags.safe_path)  # noqa: PTH117
    ]
    for place, _ in reversed(entries):
        del sys.path[place]
    try:
        yield
    finally:
        for place, entry in entries:
            sys.path.insert(place, entry)


class _Source(SourceFileLoader):
    """Compiles the text that was read: a cached compilation may be of an older one, as caches
    know a file by its size and the second it was written."""

    def __init__(self, name: str, path: Path, source: bytes) -> None:
        super().__init__(name, str(path))
        self._source = source

    def get_code(self, fullname: str) -> CodeType:  # noqa: ARG002 - it holds one module
        return self.source_to_code(self._source, self.path)


def _import_file(path: Path, source: bytes) -> ModuleType:
    """The module of a file, under a private name that no import statement can mean."""
    name = f"_judgekit_plugin_{digest(str(path.resolve()), size=6)}"
    loader = _Source(name, path, source)
    spec = importlib.util.spec_from_file_location(name, path, loader=loader)
    if spec is None:
        raise PluginError(f"{str(path)!r} cannot be imported as Python")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and the judge's own prompt folder look it up there
    try:
        loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _collect(name: str, origin: str, plugin: object) -> Plugin:
    """What a loaded plugin gives; raises if something is wrong with it."""
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(hookspecs)
    _check_hooks(manager, plugin)
    manager.register(plugin, name)
    commands = manager.hook.judgekit_commands
    return Plugin(
        name,
        origin,
        judges=Named(_named("judge", manager.hook.judgekit_judges), _check_judge),
        engines=Named(_named("engine", manager.hook.judgekit_engines), _check_engine),
        sets=Named(_named("set", manager.hook.judgekit_sets), _check_set),
        prompt_dirs=_folders(manager.hook.judgekit_prompt_dirs),
        add_commands=(lambda app: commands(app=app)) if commands.get_hookimpls() else None,
    )


def _check_hooks(manager: pluggy.PluginManager, plugin: object) -> None:
    """Refuses an unknown hook, a hook without its mark, and a plugin without hooks."""
    marked = 0
    for attribute in dir(plugin):
        options = manager.parse_hookimpl_opts(plugin, attribute)
        if options is not None:
            hook = options.get("specname") or attribute
            marked += 1
        elif attribute.startswith("judgekit_") and inspect.isroutine(
            inspect.getattr_static(plugin, attribute)
        ):
            hook = attribute
        else:
            continue
        if hook not in HOOKS:
            raise PluginError(unknown("hook named", hook, HOOKS, there="hooks"))
        if options is None:
            raise PluginError(f"{hook} is not marked as a hook; put @hookimpl above it")
    if not marked:
        raise PluginError(f"it has no hook: define one of {', '.join(HOOKS)} under @hookimpl")


def _answers(hook: pluggy.HookCaller) -> list[Any]:
    answers = hook()
    if len(answers) < len(hook.get_hookimpls()):  # pluggy leaves out None
        raise PluginError(f"{hook.name} returned nothing")
    return list(answers)


def _named(what: str, hook: pluggy.HookCaller) -> dict[str, Any]:
    """The results of all implementations of one hook, by name."""
    together: dict[str, Any] = {}
    for answer in _answers(hook):
        if not isinstance(answer, Mapping):
            raise PluginError(f"{hook.name} must return a mapping by name, not {answer!r}")
        for name, value in answer.items():
            if not isinstance(name, str) or not NAME.fullmatch(name) or name.endswith(".md"):
                raise PluginError(
                    f"{name!r} cannot name a {what}; use letters, digits and . _ + - inside"
                )
            if name in together:
                raise PluginError(f"it gives two {what}s the name {name!r}")
            together[name] = value
    return together


def _check_judge(name: str, judge: object) -> None:
    if not isinstance(judge, type) or not issubclass(judge, Judge):
        raise PluginError(f"judge {name!r} is {judge!r}, not a subclass of judgekit.judging.Judge")
    if inspect.isabstract(judge):
        lacks = ", ".join(sorted(judge.__abstractmethods__))
        raise PluginError(f"judge {name!r} lacks {lacks}")
    if not getattr(judge, "arity", None):
        raise PluginError(f"judge {name!r} does not say how many answers it is shown: set arity")


def _check_engine(name: str, engine: object) -> None:
    if not callable(engine):
        raise PluginError(f"engine {name!r} is {engine!r}, not a function of an EngineSetup")


def _check_set(name: str, labelled: object) -> None:
    if not callable(labelled):
        raise PluginError(f"set {name!r} is {labelled!r}, not a function of a SetSetup")


def _folders(hook: pluggy.HookCaller) -> tuple[Path, ...]:
    together: list[Path] = []
    for answer in _answers(hook):
        if not isinstance(answer, Sequence) or not all(isinstance(item, Path) for item in answer):
            raise PluginError(f"{hook.name} must return a sequence of Path, not {answer!r}")
        missing = next((folder for folder in answer if not folder.is_dir()), None)
        if missing is not None:
            raise PluginError(f"its prompt folder {str(missing)!r} does not exist; is it packaged?")
        together += answer
    return tuple(together)
