"""The judges, engines and prompts that come with judgekit: a plugin like anyone's.

Everything is imported inside the hooks and factories, so that listing it costs next to nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from judgekit.engines import Engine, EngineFactory, EngineSetup
from judgekit.hookspecs import hookimpl

if TYPE_CHECKING:
    from judgekit.judging import Judge

__all__ = ["judgekit_engines", "judgekit_judges", "judgekit_prompt_dirs"]


@hookimpl
def judgekit_judges() -> Mapping[str, type[Judge]]:
    """The built-in judges by name."""
    from .judges.additive import Additive
    from .judges.overlap import Overlap
    from .judges.pairwise import Pairwise
    from .judges.reference import Reference

    return {
        "additive": Additive,
        "overlap": Overlap,
        "pairwise": Pairwise,
        "reference": Reference,
    }


@hookimpl
def judgekit_engines() -> Mapping[str, EngineFactory]:
    """The built-in engines by the word before the slash."""
    return {"openai": _openai, "replay": _replay}


@hookimpl
def judgekit_prompt_dirs() -> Sequence[Path]:
    """The folder of the built-in judges' prompts."""
    from judgekit.templates import builtin_dir

    return (builtin_dir(),)


def _openai(setup: EngineSetup) -> Engine:
    from .engines.openai import engine

    return engine(setup)


def _replay(setup: EngineSetup) -> Engine:
    from .engines.replay import engine

    return engine(setup)
