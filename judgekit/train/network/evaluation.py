"""What held-out rows say of the model as it is: measured in eval mode, leaving no trace."""

from __future__ import annotations

from typing import Any

import torch

from judgekit.train.data.batches import Rows, collate, slices
from judgekit.train.interfaces.objective import Objective, Scored, Tally, means
from judgekit.train.interfaces.precision import computing
from judgekit.train.interfaces.schedule import Plan

__all__ = ["measure", "moved", "scored_of"]


@torch.no_grad()
def measure(network: Any, objective: Objective, rows: Rows, plan: Plan) -> dict[str, float]:
    """The means of the loss and of the objective's measures over all `rows`, and their number.

    Takes no random numbers and leaves the network in the mode it was in, so a training goes on as
    if it had not been measured. Each process takes its share of the rows.
    """
    tally = Tally()
    was_training = network.training
    network.eval()
    try:
        for indices in slices(plan.processes.share(range(len(rows))), plan.recipe.batch_size):
            batch = moved(collate([rows[i] for i in indices], ends=objective.ends), plan.device)
            with computing(plan.device, plan.dtype):
                outputs = network(**batch["inputs"])
                scored = scored_of(rows, batch, outputs)
                loss, sums = objective.loss(scored)
                tally.add({"loss": (loss, objective.weight(scored.examples)), **sums})
                tally.add(objective.measure(network, scored))
    finally:
        network.train(was_training)
    return {**means(plan.processes.gather(tally.take())), "rows": len(rows)}


def scored_of(rows: Rows, batch: dict[str, Any], outputs: torch.Tensor) -> Scored:
    """A forward pass's outputs with the rows that they are of."""
    reference = rows.reference
    if reference is not None:
        reference = reference[batch["rows"]].to(outputs.device)
    return Scored(batch["examples"], batch["inputs"], outputs, reference)


def moved(value: Any, device: torch.device) -> Any:
    """A batch with its tensors on the device."""
    if isinstance(value, torch.Tensor):
        return value.to(device)
    if isinstance(value, dict):
        return {name: moved(inner, device) for name, inner in value.items()}
    return value
