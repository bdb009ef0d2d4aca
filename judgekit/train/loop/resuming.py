"""Where a training continues: its newest checkpoint, once that is known to be what was saved."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import orjson

from judgekit.errors import InputError
from judgekit.train.network.checkpoints import SEAL, Seal, by_step, read_seal

__all__ = ["BEGINNING", "ResumePoint", "find_resume_point"]

STATE = "trainer_state.json"
AGAIN = "start again with --force"
COUNTS = ("epoch", "max_steps", "num_train_epochs", "logging_steps", "eval_steps", "save_steps")


@dataclass(frozen=True)
class ResumePoint:
    """A checkpoint to continue from.

    Attributes:
        step: The last step that it holds; 0 for the beginning.
        checkpoint: Its folder; None for the beginning.
        notes: What the user should know of it, a sentence each.
    """

    step: int = 0
    checkpoint: Path | None = None
    notes: Sequence[str] = ()


BEGINNING = ResumePoint()


def find_resume_point(folder: Path) -> ResumePoint:
    """The newest checkpoint of a folder, with every byte checked.

    One whose files are lost is passed over for an older one, with a note. One whose bytes changed
    is not: nobody can say since when, so the user decides.

    Args:
        folder: The folder of the checkpoints.

    Returns:
        The checkpoint; the beginning where none was ever finished.

    Raises:
        InputError: Bytes changed since they were saved, or no checkpoint is whole.
    """
    notes: list[str] = []
    checkpoints = by_step(folder)
    for place, (step, checkpoint) in enumerate(checkpoints):
        seal = read_seal(checkpoint)
        why = f"{os.fspath(checkpoint / SEAL)!r} cannot be read"
        if seal is None or (why := seal.lost(checkpoint) or "") != "":
            notes.append(f"{why}: the checkpoint of step {step} is passed over")
            continue
        older = checkpoints[place + 1][0] if place + 1 < len(checkpoints) else None
        check(checkpoint, step, seal, older)
        if seal.digests is None:
            notes.append(
                f"{os.fspath(checkpoint)!r} is of an earlier version, which kept no digests: its "
                f"bytes were not checked"
            )
        return ResumePoint(step, checkpoint, tuple(notes))
    if notes:
        raise InputError(f"no checkpoint in {os.fspath(folder)!r} is whole: {notes[0]}; {AGAIN}")
    return BEGINNING


def check(checkpoint: Path, step: int, seal: Seal, older: int | None) -> None:
    """Refuses a checkpoint whose bytes changed, or whose state is not that of its step."""
    way_out = AGAIN
    if older is not None:
        way_out = f"remove {os.fspath(checkpoint)!r} to continue after step {older}, or {AGAIN}"
    if (file := seal.altered(checkpoint)) is not None:
        raise InputError(f"{os.fspath(file)!r} holds other bytes than were saved; {way_out}")
    if not is_state(checkpoint / STATE, step):
        raise InputError(
            f"{os.fspath(checkpoint / STATE)!r} is not the state of a training after step {step}; "
            f"{way_out}"
        )


def is_state(file: Path, step: int) -> bool:
    """Whether a file is what transformers writes of a training after this step."""
    from transformers import TrainerState

    try:
        state: Any = orjson.loads(file.read_bytes())
    except (OSError, ValueError):
        return False
    if not isinstance(state, dict) or not state.keys() <= {f.name for f in fields(TrainerState)}:
        return False
    return (
        type(state.get("global_step")) is int
        and state["global_step"] == step
        and type(state.get("train_batch_size")) is int
        and isinstance(state.get("log_history", []), list)
        and all(type(state.get(name, 0)) in (int, float) for name in COUNTS)
        and isinstance(state.get("best_model_checkpoint"), str | None)
    )
