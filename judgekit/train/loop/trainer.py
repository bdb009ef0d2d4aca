"""The training loop: transformers' Trainer with judgekit's batches, losses and log.

The Trainer resumes, runs several processes, and has the optimizers and schedules. An `Objective`
defines the loss, a `RowOrder` the order of rows.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import torch
import transformers
from torch.utils.data import DataLoader
from typing_extensions import override

from judgekit.train.data.batches import ExampleRows, Microbatch, collate
from judgekit.train.interfaces.objective import Objective, RunningSums, means
from judgekit.train.interfaces.precision import mixed_precision
from judgekit.train.interfaces.schedule import TrainingPlan
from judgekit.train.interfaces.trainable import TrainingModel
from judgekit.train.loop.guards import check_gradients, check_loss
from judgekit.train.loop.log import TrainingLog
from judgekit.train.loop.trackers import trackers
from judgekit.train.network import checkpoints
from judgekit.train.network.evaluation import measure, score_batch
from judgekit.train.recipes.recipe import Recipe

__all__ = ["Trainer", "arguments"]

OPTIMIZERS = {
    "adamw": "adamw_torch",
    "adamw_8bit": "adamw_bnb_8bit",
    "paged_adamw_8bit": "paged_adamw_8bit",
}
SCHEDULES = {"cosine": "cosine", "linear": "linear", "constant": "constant_with_warmup"}


def arguments(plan: TrainingPlan, folder: Path) -> Any:
    """The recipe as TrainingArguments of transformers; checkpoints go into `folder`."""
    recipe, library = plan.recipe, transformers
    args: Any = library.TrainingArguments(
        output_dir=str(folder),
        max_steps=plan.steps,
        per_device_train_batch_size=recipe.batch_size,
        gradient_accumulation_steps=recipe.accumulate,
        learning_rate=recipe.learning_rate,
        lr_scheduler_type=SCHEDULES[recipe.schedule],
        warmup_steps=round(recipe.warmup * plan.steps),
        optim=optimizer(recipe, plan.device),
        weight_decay=recipe.weight_decay,
        max_grad_norm=recipe.max_grad_norm,
        seed=recipe.seed,
        use_cpu=plan.device.type == "cpu",
        fp16=plan.dtype == torch.float16 and plan.device.type == "cuda",  # scales the loss
        logging_steps=1,
        logging_nan_inf_filter=False,
        eval_strategy="no",
        save_strategy="no",
        report_to=[],  # see `trackers`
        run_name=folder.absolute().parent.name,
        disable_tqdm=True,
        remove_unused_columns=False,
        label_names=[],
        dataloader_pin_memory=False,
        ddp_find_unused_parameters=False,
    )
    if plan.processes.count == 1 and args.device != plan.device:
        # The Trainer would take the first GPU, whichever was asked for.
        args.__dict__["_setup_devices"] = plan.device
    args._n_gpu = min(args.n_gpu, 1)  # or it would split each batch over all GPUs
    return args


def optimizer(recipe: Recipe, device: torch.device) -> str:
    """The optimizer's name in transformers; without a GPU a paged one is used unpaged."""
    paged = recipe.optimizer == "paged_adamw_8bit"
    return OPTIMIZERS["adamw_8bit" if paged and device.type != "cuda" else recipe.optimizer]


class Trainer(transformers.Trainer):
    """Trains a network on `rows` with an objective, and evaluates it on `held_out`.

    Checkpoints go into `folder`. Raises `TrainingError` for numbers that are not finite, before the
    optimizer uses them.
    """

    def __init__(
        self,
        model: TrainingModel,
        objective: Objective,
        rows: ExampleRows,
        held_out: ExampleRows,
        plan: TrainingPlan,
        log: TrainingLog,
        folder: Path,
    ) -> None:
        super().__init__(
            model=model.network,
            args=arguments(plan, folder),
            data_collator=partial(collate, ends=objective.ends),
            train_dataset=rows,
            callbacks=[StepCallback(self, model.network, plan), *trackers(plan.recipe.report_to)],
        )
        self.remove_callback(transformers.PrinterCallback)
        # `compute_loss` divides by the number of terms of a step.
        self.model_accepts_loss_kwargs = True
        self.training_model: TrainingModel = model
        self.objective: Objective = objective
        self.plan: TrainingPlan = plan
        self.training_log: TrainingLog = log
        self.rows, self.held_out, self.order = rows, held_out, plan.order(len(rows))
        self._folder, self._tally = folder, RunningSums()
        self._began = time.monotonic()

    def run(self, start: Path | None) -> None:
        """Trains to the last step, from the beginning or from a checkpoint."""
        seconds = [row["seconds"] for row in self.training_log.rows if "seconds" in row]
        self._began = time.monotonic() - max(seconds, default=0.0)
        if start is None:
            self.evaluate()
        transformers.set_seed(self.plan.recipe.seed)  # whatever was drawn before
        self.train(resume_from_checkpoint=None if start is None else str(start))

    # transformers calls the methods below.

    @override
    def get_train_dataloader(self) -> DataLoader[Any]:
        """The batches of all steps, as one epoch."""
        return DataLoader(self.rows, batch_sampler=self.order, collate_fn=self.data_collator)

    @override
    def get_batch_samples(
        self, epoch_iterator: Iterator[Microbatch], num_batches: int, device: torch.device
    ) -> tuple[list[Microbatch], int]:
        """The batches of one step, and the number of terms of its loss over all processes."""
        batches = [next(epoch_iterator) for _ in range(num_batches)]
        mine = sum(self.objective.weight(batch["examples"]) for batch in batches)
        return batches, sum(self.plan.processes.gather(mine))

    @override
    def compute_loss(
        self,
        model: Any,
        inputs: Microbatch,
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> torch.Tensor:
        """The share of one forward pass in the step's mean loss."""
        with mixed_precision(self.plan.device, self.plan.dtype):
            outputs = model(**inputs["inputs"])
        scored = score_batch(self.rows, inputs, outputs)
        total, sums = self.objective.loss(scored)
        places = [self.rows.places[i] for i in inputs["rows"]]
        check_loss(float(total.detach()), self.state.global_step + 1, places, self.plan.recipe)
        self._tally.add(sums)
        # Gradients of several processes are averaged, but should be added.
        scale = self.plan.processes.count / (num_items_in_batch or 1)
        return total * scale

    @override
    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """Logs a step's row; transformers' summary at the end is left out."""
        if "loss" not in logs:
            return
        step = self.state.global_step
        row = {
            "step": step,
            "epoch": round(step * self.order.step_rows / len(self.rows), 4),
            "loss": logs["loss"],
            "learning_rate": logs["learning_rate"],
            "grad_norm": float(logs["grad_norm"]),
            **means(self.plan.processes.gather(self._tally.take())),
            "seconds": round(time.monotonic() - self._began, 3),
        }
        self.training_log.step(row, self.plan.steps)
        self._report(row)

    @override
    def evaluate(self, *_args: Any, **_kwargs: Any) -> dict[str, float]:
        """Evaluates the held-out rows, if there are any, and logs the row."""
        self.control.should_evaluate = False
        if not self.held_out:
            return {}
        metrics = measure(self.model, self.objective, self.held_out, self.plan)
        step, recipe = self.state.global_step, self.plan.recipe
        check_loss(metrics["loss"], step, ["held-out rows"], recipe)
        row = {"step": step, "heldout": True, **metrics}
        self.training_log.evaluated(row)
        self._report({f"eval_{name}": value for name, value in metrics.items()})
        return {}

    def _report(self, row: Mapping[str, float]) -> None:
        """Gives a row to the trackers, which show the numbers of held-out rows under ``eval/``."""
        self.control = self.callback_handler.on_log(self.args, self.state, self.control, dict(row))

    @override
    def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:
        if self.args.should_save:
            self.training_model.save_checkpoint(Path(output_dir or self._folder))

    @override
    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        super()._save_checkpoint(model, trial)
        self.plan.processes.wait()  # each process writes its own random state
        if self.plan.processes.first:
            checkpoint = self._folder / f"checkpoint-{self.state.global_step}"
            checkpoints.seal(checkpoint)
            checkpoints.drop_older(self._folder, self.plan.recipe.keep_checkpoints)
            self.training_log.saved(checkpoint)

    @override
    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        with checkpoints.reading(Path(resume_from_checkpoint)):
            self.training_model.load_checkpoint(Path(resume_from_checkpoint))

    @override
    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        with checkpoints.reading(Path(checkpoint or "")):
            super()._load_optimizer_and_scheduler(checkpoint)

    @override
    def _load_rng_state(self, checkpoint: str | None) -> None:
        with checkpoints.reading(Path(checkpoint or "")):
            super()._load_rng_state(checkpoint)


class StepCallback(transformers.TrainerCallback):
    """Decides when to evaluate and save, and checks gradients before they are used."""

    def __init__(self, trainer: Trainer, network: torch.nn.Module, plan: TrainingPlan) -> None:
        self._trainer, self._network, self._plan = trainer, network, plan

    @override
    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> Any:
        control.should_evaluate = self._plan.measures(state.global_step)
        control.should_save = self._plan.saves(state.global_step)
        return control

    @override
    def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if self._trainer.accelerator.scaler is None:  # a scaler skips such steps itself
            gradients = [p.grad for p in self._network.parameters() if p.grad is not None]
            check_gradients(gradients, state.global_step + 1, self._plan.recipe)
