"""What a training tells while it runs: small facts for a progress display or a log."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = [
    "Event",
    "Loaded",
    "Measured",
    "OnEvent",
    "Referenced",
    "Row",
    "Sampled",
    "Saved",
    "Started",
    "Step",
]

Row = dict[str, Any]  # a line of metrics.jsonl or of samples.jsonl


@dataclass(frozen=True, slots=True)
class Started:
    """Data and recipe are checked; the weights are loaded next.

    `estimate` is memory in bytes and time, as `memory.Estimate.as_dict` gives it. `counts` are
    rows: read, used, held out, cut, dropped. `step` is where a resumed training goes on, else 0.
    """

    estimate: Mapping[str, Any]
    counts: Mapping[str, int]
    steps: int
    step: int = 0


@dataclass(frozen=True, slots=True)
class Loaded:
    """The model is there. `path` is how prompts are encoded, `reason` why, in words."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Referenced:
    """`done` of `total` answers have the reference model's log-probabilities."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Step:
    """An optimizer step and its row of metrics.jsonl."""

    step: int
    steps: int
    row: Row


@dataclass(frozen=True, slots=True)
class Measured:
    """What the held-out rows say at a step: a row of metrics.jsonl with ``heldout``."""

    step: int
    row: Row


@dataclass(frozen=True, slots=True)
class Sampled:
    """Answers to held-out prompts, ``before`` or ``after`` training: rows of samples.jsonl."""

    when: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Saved:
    """A checkpoint, or at the end the tuned model itself, stands in `folder`."""

    folder: Path
    final: bool = False


Event = Started | Loaded | Referenced | Step | Measured | Sampled | Saved
OnEvent = Callable[[Event], None]
