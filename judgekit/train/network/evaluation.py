"""Evaluation on held-out rows, in eval mode and without side effects."""

from __future__ import annotations

from typing import Any

import torch

from judgekit.train.data.batches import ExampleRows, collate, slices
from judgekit.train.interfaces.objective import Objective, RunningSums, ScoredBatch, means
from judgekit.train.interfaces.precision import mixed_precision
from judgekit.train.interfaces.schedule import TrainingPlan

__all__ = ["measure", "score_batch", "to_device"]


@torch.no_grad()
def measure(
    network: Any, objective: Objective, rows: ExampleRows, plan: TrainingPlan
) -> dict[str, float]:
    """The mean loss and metrics over all rows, and the number of rows under ``rows``.

    It draws no random numbers and restores the network's mode, so that training continues as
    without it. Each process evaluates its share of the rows.
    """
    tally = RunningSums()
    was_training = network.training
    network.eval()
    try:
        for indices in slices(plan.processes.share(range(len(rows))), plan.recipe.batch_size):
            batch = to_device(collate([rows[i] for i in indices], ends=objective.ends), plan.device)
            with mixed_precision(plan.device, plan.dtype):
                outputs = network(**batch["inputs"])
                scored = score_batch(rows, batch, outputs)
                loss, sums = objective.loss(scored)
                tally.add({"loss": (loss, objective.weight(scored.examples)), **sums})
                tally.add(objective.measure(network, scored))
    finally:
        network.train(was_training)
    return {**means(plan.processes.gather(tally.take())), "rows": len(rows)}


def score_batch(rows: ExampleRows, batch: dict[str, Any], outputs: torch.Tensor) -> ScoredBatch:
    """A forward pass's outputs together with their rows."""
    reference = rows.reference
    if reference is not None:
        reference = reference[batch["rows"]].to(outputs.device)
    return ScoredBatch(batch["examples"], batch["inputs"], outputs, reference)


def to_device(value: Any, device: torch.device) -> Any:
    """A batch with its tensors on the device."""
    if isinstance(value, torch.Tensor):
        return value.to(device)
    if isinstance(value, dict):
        return {name: to_device(inner, device) for name, inner in value.items()}
    return value
