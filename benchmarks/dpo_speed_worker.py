"""One contestant's training in this process, timed; JSON on the last line.

    python benchmarks/dpo_speed_worker.py '{"who": "judgekit", "model": …}'

The first step warms up and does not count. What a contestant computes ahead of the steps for the
reference model is timed as well, and its share of a step added to it.
"""

from __future__ import annotations

import json
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import chdir
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch

RANK, ALPHA = 16, 32
BETA, RATE = 0.1, 1e-4
LINEAR = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


@dataclass(frozen=True)
class Task:
    """What to train: `model` a folder, `data` a file of pairs, `settings` the contestant's own.

    `batch` pairs in a forward pass, `accumulate` passes in a step. `dtype`: what the weights are
    held in (where `quant`, in NF4, what is computed in).
    """

    who: str
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
        return self.batch * self.accumulate


@dataclass
class Clock:
    """CPU and wall seconds of each step, and of the pass for the reference model."""

    marks: list[tuple[float, float]] = field(default_factory=list)
    reference: tuple[float, float] = (0.0, 0.0)
    losses: list[float] = field(default_factory=list)

    def now(self) -> tuple[float, float]:
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        return time.process_time(), time.perf_counter()

    def mark(self) -> None:
        self.marks.append(self.now())

    def add_reference(self, began: tuple[float, float]) -> None:
        ended = self.now()
        self.reference = (
            self.reference[0] + ended[0] - began[0],
            self.reference[1] + ended[1] - began[1],
        )

    def step(self, kind: int, pairs: int, step_pairs: int) -> float:
        """Median seconds of a step (0: CPU, 1: wall) after the first, the reference included."""
        ends = [mark[kind] for mark in self.marks]
        took = [after - before for before, after in pairwise(ends)]
        return statistics.median(took) + self.reference[kind] * step_pairs / pairs


def main() -> None:
    task = Task(**json.loads(sys.argv[1]))
    torch.set_num_threads(task.threads)
    clock = Clock()
    # In a folder of its own: reference log-probabilities are kept in the working directory.
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        if task.who == "trl":
            from dpo_speed_peers import train

            train(task, clock, Path(folder))
        else:
            train_here(task, clock, Path(folder))
    pairs = len(Path(task.data).read_text(encoding="utf-8").splitlines())
    gpu = torch.cuda.max_memory_allocated() if torch.cuda.is_available() else 0
    found = {
        "cpu_s": clock.step(0, pairs, task.step_pairs),
        "wall_s": clock.step(1, pairs, task.step_pairs),
        "reference_cpu_s": clock.reference[0] * task.step_pairs / pairs,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "gpu_mb": gpu / 2**20,
        "losses": clock.losses,
    }
    print(json.dumps(found))


def train_here(task: Task, clock: Clock, folder: Path) -> None:
    """By `judgekit.train`, as a script would."""
    from judgekit.train import train_dpo
    from judgekit.train.interfaces.events import Event, ModelLoaded, ReferenceProgress, StepFinished
    from judgekit.train.recipes.language_model import DPO

    began: list[tuple[float, float]] = []

    def on_event(event: Event) -> None:
        if isinstance(event, ModelLoaded):
            began.append(clock.now())
        elif isinstance(event, ReferenceProgress) and event.done == event.total:
            clock.add_reference(began.pop())
        elif isinstance(event, StepFinished):
            clock.mark()
            clock.losses.append(event.row["loss"])

    settings = dict(task.settings)
    preset = settings.pop("preset", "default")
    shared = {
        "model": task.model,
        "device": task.device,
        "dtype": task.dtype,
        "template": "plain",
        "batch_size": task.batch,
        "accumulate": task.accumulate,
        "steps": task.steps,
        "eval_share": 0.0,
        "samples": 0,
        "save_every": task.steps,
    }
    peers = {
        "quant": "nf4" if task.quant else "none",
        "lora_r": RANK,
        "lora_alpha": float(ALPHA),
        "lora_targets": LINEAR,
        "learning_rate": RATE,
        "beta": BETA,
        "optimizer": "adamw",
    }
    # A preset has its own adapter and optimizer.
    given = shared if preset != "default" else {**shared, **peers}
    recipe = DPO.of({**given, **settings}, preset)
    train_dpo(task.data, recipe, out=folder / "tuned", on_event=on_event)


if __name__ == "__main__":
    main()
