"""The events of a training, for a progress display or a log."""

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

    Attributes:
        estimate: Memory in bytes and time in seconds, see `estimate.memory.ResourceEstimate`.
        counts: Rows: read, used for training, held out, cut, dropped.
        steps: Optimizer steps in all.
        step: The step after which a resumed training continues, else 0.
        notes: What the user should know of the checkpoint that it continues from.
    """

    estimate: Mapping[str, Any]
    counts: Mapping[str, int]
    steps: int
    step: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelLoaded:
    """The model is loaded. `path` is how prompts are encoded; `reason` says why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class ReferenceProgress:
    """`done` of `total` answers have their log-probabilities under the reference model."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class StepFinished:
    """An optimizer step is finished; `row` is its row of metrics.jsonl."""

    step: int
    steps: int
    row: LogRow


@dataclass(frozen=True, slots=True)
class HeldOutMeasured:
    """The held-out rows were evaluated; `row` is a row of metrics.jsonl with ``heldout``."""

    step: int
    row: LogRow


@dataclass(frozen=True, slots=True)
class AnswersSampled:
    """Held-out prompts were answered ``before`` or ``after`` training: rows of samples.jsonl."""

    when: str
    rows: tuple[LogRow, ...]


@dataclass(frozen=True, slots=True)
class WeightsSaved:
    """A checkpoint, or at the end (`final`) the trained model, was written to `folder`."""

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
