"""One training that `dpo_speed.py` times: what both trainers share, and the clock."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NamedTuple

import torch

__all__ = ["ALPHA", "BETA", "LINEAR", "PLAIN", "RANK", "RATE", "Clock", "Contestant", "Task"]

RANK, ALPHA = 16, 32
BETA, RATE = 0.1, 1e-4
LINEAR = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
PLAIN = {"gradient_checkpointing": False, "precompute_ref_log_probs": True}
"""The settings that make TRL fast if there is enough memory."""


class Contestant(NamedTuple):
    """A trainer (``judgekit`` or ``trl``), the dtype of its weights, and its batch size.

    `batch` counts the pairs of one forward pass; None: all pairs of a step.
    """

    trainer: str
    dtype: str
    batch: int | None
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class Task:
    """What to train: `model` is a folder, `data` a file of pairs, `settings` the trainer's own.

    A forward pass takes `batch` pairs, a step `accumulate` passes. `dtype` is the precision of
    the weights, or of the computation if `quant` holds the weights in NF4.
    """

    trainer: str
    model: str
    data: str
    batch: int
    accumulate: int
    steps: int
    threads: int = 1
    device: str = "cpu"
    dtype: str = "float32"
    quant: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def step_pairs(self) -> int:
        """Pairs in one optimizer step."""
        return self.batch * self.accumulate


@dataclass
class Clock:
    """CPU and wall seconds of each step, and of the pass for the reference model."""

    marks: list[tuple[float, float]] = field(default_factory=list)
    reference: tuple[float, float] = (0.0, 0.0)
    losses: list[float] = field(default_factory=list)

    def now(self) -> tuple[float, float]:
        """CPU and wall seconds so far, once the GPU has finished what was queued."""
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        return time.process_time(), time.perf_counter()

    def mark_step(self) -> None:
        """Notes the end of a step."""
        self.marks.append(self.now())

    def add_reference(self, start: tuple[float, float]) -> None:
        """Adds the time since `start` to that of the reference model's pass."""
        end = self.now()
        self.reference = (
            self.reference[0] + end[0] - start[0],
            self.reference[1] + end[1] - start[1],
        )

    def step_seconds(self, kind: int, pairs: int, step_pairs: int) -> float:
        """Median seconds of a step (0: CPU, 1: wall) after the first, the reference included."""
        ends = [mark[kind] for mark in self.marks]
        seconds = [after - before for before, after in pairwise(ends)]
        return statistics.median(seconds) + self.reference[kind] * step_pairs / pairs
