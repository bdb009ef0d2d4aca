"""The folder of a training: what it holds, whether it may be used, and its newest checkpoint."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from judgekit.errors import InputError
from judgekit.io.files import is_leftover, write_file
from judgekit.models.library_errors import one_line
from judgekit.train.interfaces.task import Start
from judgekit.train.loop.resuming import BEGINNING, ResumePoint, find_resume_point

__all__ = ["FREE", "TrainingFolder", "read_object", "refuse_overwriting"]

IDENTITY = "training.json"
OURS = (
    *("train.json", "metrics.jsonl", "samples.jsonl", "curve.svg", "checkpoints"),
    *("adapter_model.safetensors", "adapter_config.json"),
    *("config.json", "generation_config.json", "model.safetensors", "model.safetensors.index.json"),
)
DIGESTS = {
    "weights": "the model's weights, or how they are held, are different",
    "data": "the data are different",
    "held_out": "the held-out data are different",
}
# Settings that may change when a training is resumed: they do not change what is learnt.
FREE = frozenset(
    {"columns", "keep_checkpoints", "samples", "eval_every", "save_every", "device", "report_to"}
)


@dataclass(frozen=True)
class TrainingFolder:
    """A folder and the names in it.

    `training.json` is written first and says what the training is; `train.json` is written last.
    """

    path: Path

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"

    @property
    def metrics(self) -> Path:
        return self.path / "metrics.jsonl"

    @property
    def samples(self) -> Path:
        return self.path / "samples.jsonl"

    @property
    def curve(self) -> Path:
        return self.path / "curve.svg"

    @property
    def facts(self) -> Path:
        return self.path / "train.json"

    def check(self, identity: Mapping[str, Any], sources: Iterable[str], start: Start) -> None:
        """Refuses a folder that holds something else, or another training than this one.

        Changes nothing.

        Args:
            identity: What the training is, as `training.json` holds it.
            sources: The models and adapters that it reads, see `refuse_overwriting`.
            start: ``new`` refuses any training; ``resume`` another one; ``restart`` none.

        Raises:
            InputError: The folder cannot be used; the message says what differs and what to do.
        """
        refuse_overwriting(self.path, sources)
        try:
            names = {entry.name for entry in self.path.iterdir()} if self.path.exists() else set()
        except OSError as error:
            raise self._unusable(error) from error
        if all(map(is_leftover, names)):  # empty, or killed at its very beginning
            return
        held = self._identity()
        if held is None:
            raise InputError(
                f"{os.fspath(self.path)!r} holds something other than a training; choose another "
                f"folder with --out"
            )
        if start == "restart":
            return
        if start == "new":
            raise InputError(
                f"{os.fspath(self.path)!r} holds a training: --resume continues it, --force starts "
                f"again, --out names another folder"
            )
        if not isinstance(held.get("recipe"), dict):
            raise InputError(
                f"cannot resume {os.fspath(self.path)!r}: its {IDENTITY} has no recipe, as it had "
                f"when it was written; start again with --force"
            )
        if changes := differences(held, identity):
            raise InputError(
                f"cannot resume {os.fspath(self.path)!r}: {changes}; use the settings it was "
                f"started with, or start again with --force"
            )

    def begin(self, identity: Mapping[str, Any], start: Start) -> None:
        """Makes the folder this training's; unless it resumes, what another left is removed.

        The old identity stays until the new one takes its place, so the folder always has one.

        Raises:
            InputError: The folder cannot be made or written.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            if start != "resume":
                self._clear()
        except OSError as error:
            raise self._unusable(error) from error
        write_file(self.path / IDENTITY, orjson.dumps(identity, option=orjson.OPT_INDENT_2))

    def resume_point(self, start: Start) -> ResumePoint:
        """Where the training begins, see `find_resume_point`.

        Raises:
            InputError: A checkpoint is damaged.
        """
        return find_resume_point(self.checkpoints) if start == "resume" else BEGINNING

    def finished(self) -> Mapping[str, Any] | None:
        """The content of `train.json`, which only a finished training has; else None.

        Raises:
            InputError: The file is not what a training writes.
        """
        record = read_object(self.facts)
        if record is None and not self.facts.exists():
            return None
        numbers = ("schema_version", "steps", "seconds", "peak_memory")
        known = record is not None and isinstance(record.get("data"), dict)
        if not known or any(type((record or {}).get(name)) not in (int, float) for name in numbers):
            raise InputError(
                f"{os.fspath(self.facts)!r} is not what a finished training writes; remove the "
                f"file to continue from the newest checkpoint, or start again with --force"
            )
        return record

    def _clear(self) -> None:
        for name in OURS:
            entry = self.path / name
            if entry.is_dir():
                shutil.rmtree(entry)
            else:
                entry.unlink(missing_ok=True)

    def _unusable(self, error: OSError) -> InputError:
        return InputError(
            f"cannot train into {os.fspath(self.path)!r}: {error.strerror}; choose another "
            f"folder with --out"
        )

    def _identity(self) -> Mapping[str, Any] | None:
        return read_object(self.path / IDENTITY)


def refuse_overwriting(out: Path, sources: Iterable[str]) -> None:
    """Refuses to write into a folder that a training reads its model from.

    Args:
        out: The folder to write.
        sources: Names of models and adapters; those of the hub are safe in its cache.

    Raises:
        InputError: A folder among the sources is `out`, or lies in it.
    """
    for name in sources:
        source = Path(name).expanduser()
        if source.is_dir() and Path(os.path.realpath(source)).is_relative_to(os.path.realpath(out)):
            raise InputError(
                f"cannot write to {os.fspath(out)!r}: {name!r} lies there, and it "
                f"would be lost; choose another folder with --out"
            )


def read_object(file: Path) -> Mapping[str, Any] | None:
    """A JSON object, or None where there is no such file."""
    try:
        content = orjson.loads(file.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read {os.fspath(file)!r}: {one_line(error)}") from error
    return content if isinstance(content, dict) else None


def differences(held: Mapping[str, Any], given: Mapping[str, Any]) -> str:
    """``learning_rate was 1e-05 and is 2e-05, ...``; empty where nothing that counts differs."""
    before, now = recognizable(held), recognizable(given)
    changes = [
        f"{name} was {before.get(name)!r} and is {now.get(name)!r}"
        for name in {**before, **now}
        if name not in FREE and before.get(name) != now.get(name)
    ]
    changes += [words for name, words in DIGESTS.items() if held.get(name) != given.get(name)]
    return ", ".join(changes)


def recognizable(identity: Mapping[str, Any]) -> dict[str, Any]:
    """The recipe's fields, the objective and the number of processes."""
    return {
        "objective": identity.get("objective"),
        "processes": identity.get("processes"),
        **identity.get("recipe", {}),
    }
