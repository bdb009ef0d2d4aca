"""Experiment trackers: transformers' own reporters, fed with the rows of metrics.jsonl."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Any, get_args

import transformers
from typing_extensions import override

from judgekit.errors import InputError, TrainingError
from judgekit.models.library_errors import library_errors
from judgekit.naming import unknown
from judgekit.train.recipes.recipe import TrackerName

__all__ = ["Tracker", "check_trackers", "trackers"]

PACKAGES = {"tensorboard": ("tensorboard", "tensorboardX")}  # others bear the tracker's name


def check_trackers(names: Sequence[str]) -> None:
    """Checks that trackers are known and installed.

    Raises:
        InputError: One is not; the message names the nearest, or the package to install.
    """
    for name in names:
        if name not in get_args(TrackerName):
            raise InputError(unknown("tracker", name, get_args(TrackerName)))
        packages = PACKAGES.get(name, (name,))
        if not any(find_spec(package) for package in packages):
            raise InputError(
                f"--report-to {name} needs the package {packages[0]!r}; run pip install "
                f"{packages[0]}, or leave --report-to out: metrics.jsonl holds the same numbers"
            )


def trackers(names: Sequence[str]) -> list[Tracker]:
    """The trackers of these names, in their order."""
    return [Tracker(name) for name in names]


class Tracker(transformers.TrainerCallback):
    """One of transformers' reporters, which tells its errors in one line.

    A reporter logs in, and makes its run, where the training begins; rows that come before are
    kept until then.
    """

    def __init__(self, name: str) -> None:
        library: Any = transformers.integrations
        self._name = name
        with self._errors():
            [kind] = library.get_reporting_integration_callbacks([name])
            self._reporter: Any = kind()
        self._waiting: list[Mapping[str, float]] | None = []

    @override
    def on_train_begin(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        with self._errors():
            self._reporter.on_train_begin(args, state, control, **more)
        waiting, self._waiting = self._waiting or [], None
        for logs in waiting:
            self.on_log(args, state, control, logs=logs, **more)

    @override
    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **more: Any) -> None:
        if self._waiting is not None:
            self._waiting.append(dict(logs))
            return
        with self._errors():
            self._reporter.on_log(args, state, control, logs=dict(logs), **more)

    @override
    def on_train_end(self, args: Any, state: Any, control: Any, **more: Any) -> None:
        with self._errors():
            self._reporter.on_train_end(args, state, control, **more)

    def _errors(self) -> Any:
        return library_errors(
            f"--report-to {self._name} failed, and the training stopped; --resume continues from "
            f"the newest checkpoint",
            TrainingError,
        )
