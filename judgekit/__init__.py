"""Judges the answers of language models, and tells how far the judge can be trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from judgekit.moved import install

if TYPE_CHECKING:
    from judgekit.api import AnyRun, Run, compare, generate, load_run, rank, score
    from judgekit.config.settings import GenerateSettings, Settings
    from judgekit.errors import EngineError, InputError, JudgekitError
    from judgekit.extension.hookspecs import hookimpl
    from judgekit.jobs.generation import Answers
    from judgekit.runs.analysis import analyse, rate_models
    from judgekit.runs.diff import diff_runs
    from judgekit.runs.index import list_runs
    from judgekit.runs.metadata import RunMetadata
    from judgekit.runs.reader import CaseResult, StoredRun

__all__ = [
    "Answers",
    "AnyRun",
    "CaseResult",
    "EngineError",
    "GenerateSettings",
    "InputError",
    "JudgekitError",
    "Run",
    "RunMetadata",
    "Settings",
    "StoredRun",
    "analyse",
    "compare",
    "diff_runs",
    "generate",
    "hookimpl",
    "list_runs",
    "load_run",
    "rank",
    "rate_models",
    "score",
]

HOMES = {
    "judgekit.api": ("AnyRun", "Run", "compare", "generate", "load_run", "rank", "score"),
    "judgekit.config.settings": ("GenerateSettings", "Settings"),
    "judgekit.errors": ("EngineError", "InputError", "JudgekitError"),
    "judgekit.extension.hookspecs": ("hookimpl",),
    "judgekit.jobs.generation": ("Answers",),
    "judgekit.runs.analysis": ("analyse", "rate_models"),
    "judgekit.runs.diff": ("diff_runs",),
    "judgekit.runs.index": ("list_runs",),
    "judgekit.runs.metadata": ("RunMetadata",),
    "judgekit.runs.reader": ("CaseResult", "StoredRun"),
}

install()


def __getattr__(name: str) -> Any:
    # Imported where used: `judgekit --help` and a plugin's import must not pay for the harness.
    for home, names in HOMES.items():
        if name in names:
            from importlib import import_module

            return getattr(import_module(home), name)
    raise AttributeError(f"module 'judgekit' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
