"""Estimates the memory of training a ranker before its weights are loaded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from judgekit.train.data.encoding import TokenCounts
from judgekit.train.data.examples import Example
from judgekit.train.data.packing import pack
from judgekit.train.estimate.memory import ResourceEstimate, free_bytes, state_bytes
from judgekit.train.network.ranker_checkpoint import RankerCheckpoint
from judgekit.train.network.ranker_network import RankerNetwork
from judgekit.train.recipes.ranker import Ranker

__all__ = ["estimate"]

FLOAT = 4  # bytes


def estimate(
    checkpoint: RankerCheckpoint,
    recipe: Ranker,
    tasks: int,
    device: torch.device,
    tokens: TokenCounts,
) -> Mapping[str, Any]:
    """As `memory.estimate`, for a batch of pairs as long as the longest; without time."""
    with torch.device("meta"):
        network = checkpoint.empty_network(recipe, tasks)
    sizes = [weight.numel() for weight in network.parameters()]
    weights = sum(sizes)
    result = ResourceEstimate(
        weights=FLOAT * weights,
        adapter=FLOAT * weights,  # gradients
        optimizer=state_bytes(sizes, recipe.optimizer),
        activations=kept_bytes(network, recipe.batch_size, tokens.longest),
        logits=0,
        trainable=weights,
        parameters=weights,
        seconds=None,
        device=str(device),
        free=free_bytes(device),
    )
    return result.as_dict()


def kept_bytes(network: RankerNetwork, pairs: int, length: int) -> int:
    """The bytes that autograd keeps for pairs of `length` tokens.

    `network` is on the device `meta`, where nothing is computed or held.
    """
    third = max(2, length // 3)
    example = Example((0,) * third, ((0,) * third, (0,) * max(2, length - 2 * third)))
    batch = pack([example] * pairs, ends=True)
    weights = {weight.untyped_storage()._cdata for weight in network.parameters()}
    tensors: dict[int, Tensor] = {}

    def note(tensor: Tensor) -> Tensor:
        tensors[tensor.untyped_storage()._cdata] = (
            tensor  # holding it keeps its address from being reused
        )
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        network(batch["input_ids"].to("meta"), batch["spans"])
    total = sum(t.untyped_storage().nbytes() for at, t in tensors.items() if at not in weights)
    return int(total)
