"""Judges the answers of language models, and tells how far the judge can be trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from judgekit.moved import install

if TYPE_CHECKING:
    from judgekit.api import Run, compare, generate, load_run, rank, score
    from judgekit.errors import JudgekitError
    from judgekit.extension.hookspecs import hookimpl

__all__ = ["JudgekitError", "Run", "compare", "generate", "hookimpl", "load_run", "rank", "score"]

HOMES = {
    "Run": "judgekit.api",
    "compare": "judgekit.api",
    "generate": "judgekit.api",
    "load_run": "judgekit.api",
    "rank": "judgekit.api",
    "score": "judgekit.api",
    "JudgekitError": "judgekit.errors",
    "hookimpl": "judgekit.extension.hookspecs",
}

install()


def __getattr__(name: str) -> Any:
    # Imported where used: `judgekit --help` and a plugin's import must not pay for the harness.
    if name not in HOMES:
        raise AttributeError(f"module 'judgekit' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
