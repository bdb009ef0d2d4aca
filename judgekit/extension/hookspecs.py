"""The hooks of a plugin: what a package adds through the entry-point group ``judgekit``.

A plugin is a module (or object) with any of these functions, each marked with
`judgekit.hookimpl`. Importing it must be cheap: a judge imports torch or an SDK when it is made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pluggy

from judgekit.extension.engine import EngineFactory
from judgekit.io.labelled_set import SetFactory

if TYPE_CHECKING:
    import typer

    from judgekit.judging import Judge

__all__ = ["hookimpl", "hookspec"]

hookspec = pluggy.HookspecMarker("judgekit")
hookimpl = pluggy.HookimplMarker("judgekit")


@hookspec
def judgekit_judges() -> Mapping[str, type[Judge] | str]:
    """Judges by the name that `--judge` takes; ``"MODULE:CLASS"`` is imported when looked up."""


@hookspec
def judgekit_engines() -> Mapping[str, EngineFactory | str]:
    """Engines by the word before the slash in `--model`: ``openai`` in ``openai/gpt-4o-mini``."""


@hookspec
def judgekit_sets() -> Mapping[str, SetFactory | str]:
    """Labelled sets by the name that `judgekit bench` takes."""


@hookspec
def judgekit_prompt_dirs() -> Sequence[Path]:
    """Folders of prompt files, found by name after the plugin's own ``prompts`` folder."""


@hookspec
def judgekit_commands(app: typer.Typer) -> None:
    """Adds commands to the command line."""
