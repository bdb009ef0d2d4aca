"""What a training tells while it runs: small facts for a progress display or a log."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = [
    "AnswersSampled",
    "Event",
    "HeldOutMeasured",
    "LogRow",
    "ModelLoaded",
    "OnEvent",
    "ReferenceProgress",
    "StepFinished",
    "TrainingStarted",
    "WeightsSaved",
]

LogRow = dict[str, Any]  # a line of metrics.jsonl or of samples.jsonl


@dataclass(frozen=True, slots=True)
class TrainingStarted:
    """Data and recipe are checked; the weights are loaded next.

    `estimate` is memory in bytes and time, as `memory.Estimate.as_dict` gives it. `counts` are
    rows: read, used, held out, cut, dropped. `step` is where a resumed training goes on, else 0.
    """

    estimate: Mapping[str, Any]
    counts: Mapping[str, int]
    steps: int
    step: int = 0


@dataclass(frozen=True, slots=True)
class ModelLoaded:
    """The model is there. `path` is how prompts are encoded, `reason` why, in words."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class ReferenceProgress:
    """`done` of `total` answers have the reference model's log-probabilities."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class StepFinished:
    """An optimizer step and its row of metrics.jsonl."""

    step: int
    steps: int
    row: LogRow


@dataclass(frozen=True, slots=True)
class HeldOutMeasured:
    """What the held-out rows say at a step: a row of metrics.jsonl with ``heldout``."""

    step: int
    row: LogRow


@dataclass(frozen=True, slots=True)
class AnswersSampled:
    """Answers to held-out prompts, ``before`` or ``after`` training: rows of samples.jsonl."""

    when: str
    rows: tuple[LogRow, ...]


@dataclass(frozen=True, slots=True)
class WeightsSaved:
    """A checkpoint, or at the end the tuned model itself, stands in `folder`."""

    folder: Path
    final: bool = False


Event = (
    TrainingStarted
    | ModelLoaded
    | ReferenceProgress
    | StepFinished
    | HeldOutMeasured
    | AnswersSampled
    | WeightsSaved
)
OnEvent = Callable[[Event], None]
