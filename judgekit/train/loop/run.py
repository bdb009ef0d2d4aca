"""From data and a recipe to the folder of a tuned model: the flow that all objectives share.

Everything that can be wrong with data, recipe or folder is found before a weight is read.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from platform import python_version
from typing import Any

import torch

from judgekit.errors import InputError
from judgekit.train.data.dataset import Dataset
from judgekit.train.interfaces.distributed import Processes, join
from judgekit.train.interfaces.events import (
    ModelLoaded,
    OnEvent,
    ReferenceProgress,
    TrainingStarted,
)
from judgekit.train.interfaces.objective import Objective
from judgekit.train.interfaces.order import RowOrder
from judgekit.train.interfaces.schedule import TrainingPlan
from judgekit.train.interfaces.trainable import ModelSource, TrainingModel
from judgekit.train.loop.folder import TrainingFolder
from judgekit.train.loop.guards import explain_out_of_memory, peak_memory
from judgekit.train.loop.log import TrainingLog, read_rows
from judgekit.train.network.continue_adapter import read_config
from judgekit.train.recipes.language_model import Recipe
from judgekit.train.recipes.ranges import check_numbers

__all__ = ["DryRun", "TrainedModel", "TrainingTask", "dry_run", "run"]

PACKAGES = ("judgekit", "torch", "transformers", "peft", "bitsandbytes", "accelerate")


@dataclass(frozen=True)
class TrainingTask:
    """What is trained towards what. `name` is the objective's; `find` finds and checks the model,
    by its small files."""

    name: str
    objective: Objective
    find: Callable[[], ModelSource]


@dataclass(frozen=True)
class TrainedModel:
    """A training that came to its end: its folder, its metrics.jsonl, its train.json."""

    folder: Path
    metrics: list[dict[str, Any]]
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class DryRun:
    """What a training would be: memory in bytes and time, rows by what becomes of them, steps."""

    estimate: Mapping[str, Any]
    counts: Mapping[str, int]
    steps: int


def dry_run(task: TrainingTask, data: str | Path, recipe: Recipe) -> DryRun:
    """Checks data and recipe as `run` does, and reads no weights. Raises `InputError`."""
    check_numbers(recipe)
    processes = join(cpu=recipe.device == "cpu" or not torch.cuda.is_available())
    start = task.find()
    dataset = start.dataset(data)
    steps = plan_of(recipe, start, dataset, processes).steps
    return DryRun(start.estimate(dataset), dataset.counts, steps)


def run(
    task: TrainingTask,
    data: str | Path,
    recipe: Recipe,
    *,
    out: Path,
    resume: bool,
    force: bool,
    on_event: OnEvent | None,
) -> TrainedModel:
    """Trains, and saves the tuned model in `out`: see `dpo.train_dpo`."""
    check_numbers(recipe)
    if resume and force:
        raise InputError("resume goes on with a training and force starts again; choose one")
    processes = join(cpu=recipe.device == "cpu" or not torch.cuda.is_available())
    start = task.find()
    dataset = start.dataset(data)
    plan = plan_of(recipe, start, dataset, processes)
    folder = TrainingFolder(Path(out))
    identity = {
        "objective": task.name,
        "recipe": recipe.as_dict(),
        "weights": start.fingerprint,
        **dataset.digests,
        "processes": processes.count,
    }
    folder.check(identity, sources_of(recipe), resume=resume, force=force)
    record = TrainingLog(folder, on_event, first=processes.first)
    if resume and (facts := folder.finished()) is not None:
        record.saved(folder.path, final=True)
        return TrainedModel(folder.path, read_rows(folder.metrics), facts)
    estimate = start.estimate(dataset)
    processes.wait()  # all have looked at the folder before one changes it
    if processes.first:
        folder.begin(identity, resume=resume)
    processes.wait()
    return Training(task, start, dataset, estimate, plan, folder, record).run()


def sources_of(recipe: Recipe) -> list[str]:
    """The models and adapters that the training reads, by name."""
    if recipe.adapter is None:
        return [recipe.model]
    names, folder = [recipe.model, recipe.adapter], Path(recipe.adapter).expanduser()
    if folder.is_dir():
        base = read_config(folder, recipe.adapter).get("base_model_name_or_path")
        names += [base] if isinstance(base, str) else []
    return names


def plan_of(
    recipe: Recipe, start: ModelSource, dataset: Dataset, processes: Processes
) -> TrainingPlan:
    """The number of steps, and the recipe's measuring and saving in steps."""
    step_rows = recipe.batch_size * recipe.accumulate * processes.count
    rows = len(dataset.train)
    steps = recipe.steps or RowOrder.steps_of(recipe.epochs, rows, step_rows)
    return TrainingPlan(recipe, start.device, start.dtype, steps, processes)


@dataclass(frozen=True)
class Training:
    """A training whose data and folder are checked."""

    task: TrainingTask
    start: ModelSource
    dataset: Dataset
    estimate: Mapping[str, Any]
    plan: TrainingPlan
    folder: TrainingFolder
    record: TrainingLog

    def run(self) -> TrainedModel:
        """From loading the weights to the saved folder."""
        began = time.monotonic()
        found = self.folder.newest()
        step, checkpoint = found or (0, None)
        self.record.begin(step)
        self.record.tell(TrainingStarted(self.estimate, self.dataset.counts, self.plan.steps, step))
        ready = self._load()
        self._sample(ready, "before", wanted=step == 0)
        self._train(ready, checkpoint)
        facts = {
            **self._facts(ready),
            "estimate": dict(self.estimate),
            "seconds": round(time.monotonic() - began, 1),
            "peak_memory": peak_memory(self.plan.device),
        }
        self._sample(ready, "after", wanted=True)
        self.record.draw()
        if self.plan.processes.first:
            ready.save(self.folder.path, facts)
        self.plan.processes.wait()
        self.record.saved(self.folder.path, final=True)
        return TrainedModel(self.folder.path, self.record.rows, self.folder.finished() or facts)

    def _load(self) -> TrainingModel:
        with explain_out_of_memory(self.plan.recipe, "loading the model"):
            ready = self.start.load()
        self.record.tell(ModelLoaded(ready.path, ready.reason))
        return ready

    def _train(self, ready: TrainingModel, checkpoint: Path | None) -> None:
        from judgekit.train.loop.trainer import Trainer

        with explain_out_of_memory(self.plan.recipe, "training"):
            rows, held_out = (
                replace(rows, reference=ready.reference(rows.examples, self.plan, self._referenced))
                for rows in (self.dataset.train, self.dataset.held_out)
            )
            trainer = Trainer(
                ready,
                self.task.objective,
                rows,
                held_out,
                self.plan,
                self.record,
                self.folder.checkpoints,
            )
            trainer.run(checkpoint)

    def _referenced(self, done: int, total: int) -> None:
        self.record.tell(ReferenceProgress(done, total))

    def _sample(self, ready: TrainingModel, when: str, *, wanted: bool) -> None:
        """Answers to held-out prompts, by the first process."""
        if self.plan.processes.first and wanted:
            rows = ready.sample(self.dataset, self.plan.recipe.samples)
            self.record.sampled(when, rows)
        self.plan.processes.wait()

    def _facts(self, ready: TrainingModel) -> dict[str, Any]:
        """How the model was made, for train.json."""
        held_out = [row for row in self.record.rows if row.get("heldout")]
        return {
            "objective": self.task.name,
            "recipe": self.plan.recipe.as_dict(),
            "data": {
                "source": self.dataset.source,
                **self.dataset.digests,
                "counts": dict(self.dataset.counts),
                "runs": list(self.dataset.runs),
            },
            "path": ready.path,
            "path_reason": ready.reason,
            "steps": self.plan.steps,
            "processes": self.plan.processes.count,
            "final": held_out[-1] if held_out else None,
            "versions": versions(),
        }


def versions() -> dict[str, str]:
    """Of the packages that were used, and of Python."""
    found = {"python": python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # bitsandbytes is not needed by models held whole
            continue
    return found
