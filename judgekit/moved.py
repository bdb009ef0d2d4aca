"""Modules that moved: an import of an old place names the new one."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

__all__ = ["MOVED", "install"]

STABLE = "plugins import from judgekit, judgekit.judging and judgekit.extension"
MOVED = {
    "adaptive": "jobs.adaptive_orders",
    "analysis": "runs.analysis",
    "appoint": "jobs.bindings",
    "asking": "jobs.judge_runner",
    "audit": "trust.audit",
    "bench": "trust.benchmark",
    "drift": "trust.drift",
    "engines": "extension",
    "estimate": "jobs.estimate",
    "fields": "config.fields",
    "games": "jobs.active_ranking",
    "gate": "trust.gate",
    "generation": "jobs.generation",
    "hookspecs": "extension",
    "job": "jobs.job",
    "keys": "config.secrets",
    "labelled": "io.labelled_pairs",
    "labels": "io.labels",
    "listing": "runs.index",
    "loader": "extension.loader",
    "matching": "runs.match",
    "options": "extension.judge_options",
    "panel": "jobs.panel",
    "preparing": "jobs.prepare",
    "prices": "config.prices",
    "record": "runs",
    "registry": "extension",
    "scaffold": "extension.scaffold",
    "seating": "jobs.judge_settings",
    "seats": "config.judge_spec",
    "sets": "extension",
    "settings": "config.settings",
    "silence": "runs.failures",
    "templates": "judging.templates",
    "textmetrics": "models.text_metrics",
}
"""Old modules directly in `judgekit`, and where their contents are now."""


class MovedModules:
    """Finds no module: raises for an old place. It is asked last, so it shadows nothing."""

    @staticmethod
    def find_spec(
        name: str,
        path: Sequence[str] | None = None,  # noqa: ARG004 - the protocol's
        target: ModuleType | None = None,  # noqa: ARG004
    ) -> ModuleSpec | None:
        """None for any other name.

        Raises:
            ModuleNotFoundError: The module moved; the message names the new place.
        """
        package, _, old = name.partition(".")
        if package != "judgekit" or old not in MOVED:
            return None
        raise ModuleNotFoundError(f"{name} is now judgekit.{MOVED[old]} ({STABLE})", name=name)


def install() -> None:
    """Lets imports of old places fail with the new ones, once per process."""
    if MovedModules not in sys.meta_path:
        sys.meta_path.append(MovedModules)
