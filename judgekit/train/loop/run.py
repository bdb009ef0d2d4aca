"""From data and a recipe to the folder of a trained model: the flow that all objectives share.

Everything that can be wrong with data, recipe or folder is found before a weight is read.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from platform import python_version
from typing import Any, get_args

import torch

from judgekit.errors import InputError
from judgekit.naming import unknown
from judgekit.train.data.dataset import Dataset
from judgekit.train.interfaces.distributed import join
from judgekit.train.interfaces.events import (
    LogRow,
    ModelLoaded,
    OnEvent,
    ReferenceProgress,
    TrainingStarted,
)
from judgekit.train.interfaces.order import RowOrder
from judgekit.train.interfaces.schedule import TrainingPlan
from judgekit.train.interfaces.task import Start, TrainingTask
from judgekit.train.interfaces.trainable import ModelSource, TrainingModel
from judgekit.train.loop.folder import TrainingFolder
from judgekit.train.loop.guards import explain_out_of_memory, peak_memory
from judgekit.train.loop.log import TrainingLog, read_metrics, read_samples
from judgekit.train.loop.overfitting import signs
from judgekit.train.loop.resuming import ResumePoint
from judgekit.train.loop.trackers import check_trackers

__all__ = ["DryRun", "TrainedModel", "dry_run", "run"]

PACKAGES = ("judgekit", "torch", "transformers", "peft", "bitsandbytes", "accelerate")


@dataclass(frozen=True)
class TrainedModel:
    """A finished training.

    Attributes:
        folder: Where the model was saved.
        metrics: The rows of metrics.jsonl; those of held-out data have ``heldout``.
        facts: The content of train.json.
    """

    folder: Path
    metrics: list[LogRow]
    facts: Mapping[str, Any]

    @property
    def held_out(self) -> list[LogRow]:
        """The metrics of held-out data, from before the first step to after the last."""
        return [row for row in self.metrics if row.get("heldout")]

    @property
    def samples(self) -> list[LogRow]:
        """The rows of samples.jsonl: answers to held-out prompts ``before`` and ``after``."""
        return read_samples(TrainingFolder(self.folder).samples)

    def signs(self) -> list[str]:
        """Signs of over-optimization, a sentence each; mostly none. See `overfitting.signs`."""
        return signs(self.metrics, self.samples)


@dataclass(frozen=True)
class DryRun:
    """What a training would be.

    Attributes:
        estimate: Memory in bytes and time in seconds, as JSON.
        counts: Rows: read, used for training, held out, and left out by reason.
        steps: Optimizer steps.
    """

    estimate: Mapping[str, Any]
    counts: Mapping[str, int]
    steps: int


@dataclass(frozen=True)
class Prepared:
    """A task with its model found, its data in tokens, and its steps counted."""

    task: TrainingTask
    source: ModelSource
    dataset: Dataset
    plan: TrainingPlan

    @property
    def identity(self) -> dict[str, Any]:
        """What tells this training from another, for `training.json`."""
        return {
            "objective": self.task.name,
            "recipe": self.task.recipe.as_dict(),
            "weights": self.source.fingerprint,
            **self.dataset.digests,
            "processes": self.plan.processes.count,
        }


def prepare(task: TrainingTask, data: str | Path) -> Prepared:
    """Checks data and recipe, and reads no weights. Raises `InputError`."""
    recipe = task.recipe
    recipe.check_ranges()
    check_trackers(recipe.report_to)
    processes = join(cpu=recipe.device == "cpu" or not torch.cuda.is_available())
    source = task.find_model()
    dataset = source.dataset(data)
    step_rows = recipe.batch_size * recipe.accumulate * processes.count
    steps = recipe.steps or RowOrder.steps_of(recipe.epochs, len(dataset.train), step_rows)
    plan = TrainingPlan(recipe, source.device, source.dtype, steps, processes)
    return Prepared(task, source, dataset, plan)


def dry_run(task: TrainingTask, data: str | Path) -> DryRun:
    """Checks data and recipe as `run` does, and reads no weights. Raises `InputError`."""
    prepared = prepare(task, data)
    estimate = prepared.source.estimate(prepared.dataset)
    return DryRun(estimate, prepared.dataset.counts, prepared.plan.steps)


def run(
    task: TrainingTask, data: str | Path, *, out: Path, start: Start, on_event: OnEvent | None
) -> TrainedModel:
    """Trains, and saves the trained model in `out`: see `judgekit.train.train`."""
    if start not in get_args(Start):
        raise InputError(unknown("start", str(start), get_args(Start)))
    prepared = prepare(task, data)
    processes, identity = prepared.plan.processes, prepared.identity
    folder = TrainingFolder(Path(out))
    folder.check(identity, prepared.source.reads_from, start)
    log = TrainingLog(folder, on_event, first=processes.first)
    if start == "resume" and (facts := folder.finished()) is not None:
        log.saved(folder.path, final=True)
        return TrainedModel(folder.path, read_metrics(folder.metrics), facts)
    begins = folder.resume_point(start)
    log.begin(begins.step)
    estimate = prepared.source.estimate(prepared.dataset)
    processes.wait()  # all have looked at the folder before one changes it
    if processes.first:
        folder.begin(identity, start)
    processes.wait()
    log.write()
    return Training(prepared, estimate, folder, begins, log).run()


@dataclass(frozen=True)
class Training:
    """A training whose data and folder are checked."""

    prepared: Prepared
    estimate: Mapping[str, Any]
    folder: TrainingFolder
    begins: ResumePoint
    log: TrainingLog

    @property
    def plan(self) -> TrainingPlan:
        return self.prepared.plan

    def run(self) -> TrainedModel:
        """From loading the weights to the saved folder."""
        began = time.monotonic()
        step, notes = self.begins.step, self.begins.notes
        counts = self.prepared.dataset.counts
        self.log.emit(TrainingStarted(self.estimate, counts, self.plan.steps, step, tuple(notes)))
        model = self._load()
        if step == 0:
            self._sample_answers(model, "before")
        self._train(model, self.begins.checkpoint)
        facts = {
            **self._facts(model),
            "estimate": dict(self.estimate),
            "seconds": round(time.monotonic() - began, 1),
            "peak_memory": peak_memory(self.plan.device),
        }
        self._sample_answers(model, "after")
        self.log.draw_curve()
        if self.plan.processes.first:
            model.save(self.folder.path, facts)
        self.plan.processes.wait()
        self.log.saved(self.folder.path, final=True)
        return TrainedModel(self.folder.path, self.log.rows, self.folder.finished() or facts)

    def _load(self) -> TrainingModel:
        with explain_out_of_memory(self.plan.recipe, "loading the model"):
            model = self.prepared.source.load()
        self.log.emit(ModelLoaded(model.path, model.reason))
        return model

    def _train(self, model: TrainingModel, checkpoint: Path | None) -> None:
        from judgekit.train.loop.trainer import Trainer

        def on_progress(done: int, total: int) -> None:
            self.log.emit(ReferenceProgress(done, total))

        dataset = self.prepared.dataset
        with explain_out_of_memory(self.plan.recipe, "training"):
            rows, held_out = (
                replace(
                    rows,
                    reference=model.reference_logprobs(rows.examples, self.plan, on_progress),
                )
                for rows in (dataset.train, dataset.held_out)
            )
            trainer = Trainer(
                model,
                self.prepared.task.objective,
                rows,
                held_out,
                self.plan,
                self.log,
                self.folder.checkpoints,
            )
            trainer.run(checkpoint)

    def _sample_answers(self, model: TrainingModel, when: str) -> None:
        """Answers to held-out prompts, by the first process."""
        if self.plan.processes.first:
            self.log.sampled(when, model.sample_answers(self.prepared.dataset))
        self.plan.processes.wait()

    def _facts(self, model: TrainingModel) -> dict[str, Any]:
        """How the model was made, for train.json."""
        held_out = [row for row in self.log.rows if row.get("heldout")]
        dataset = self.prepared.dataset
        return {
            "objective": self.prepared.task.name,
            "recipe": self.plan.recipe.as_dict(),
            "data": {
                "source": dataset.source,
                **dataset.digests,
                "counts": dict(dataset.counts),
                "runs": list(dataset.runs),
            },
            "path": model.path,
            "path_reason": model.reason,
            "steps": self.plan.steps,
            "processes": self.plan.processes.count,
            "final": held_out[-1] if held_out else None,
            "versions": versions(),
        }


def versions() -> dict[str, str]:
    """The versions of Python and of the packages that were used."""
    by_package = {"python": python_version()}
    for name in PACKAGES:
        try:
            by_package[name] = version(name)
        except PackageNotFoundError:  # bitsandbytes is only needed for 4-bit weights
            continue
    return by_package
