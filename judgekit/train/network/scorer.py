"""A reward model in training: one score for each completion."""

from __future__ import annotations

from typing import Any, Literal

import torch
from torch import Tensor

from judgekit.models.forward import base_model
from judgekit.train.data.packing import Batch
from judgekit.train.network import padded
from judgekit.train.network.attention import attach, hidden_states

__all__ = ["Scorer", "scored", "scores"]


class Scorer(torch.nn.Module):
    """A sequence classifier with one output, over batches that `packing.pack` made with `ends`.

    `model` may have peft's wrapper; `path` is the one that `choose_path` chose.
    """

    def __init__(self, model: Any, *, path: Literal["shared", "padded"]) -> None:
        super().__init__()
        self.model = model
        self.path = path
        if path == "shared":
            attach(model)

    def forward(self, **batch: Any) -> Tensor:
        """The score of each completion, [S], in float32: higher is better."""
        return scores(self.model, batch, self.path)


def scores(model: Any, batch: Batch, path: Literal["shared", "padded"]) -> Tensor:
    """The network's output for each prompt with completion, [S], in float32."""
    network = base_model(model)
    if path == "shared":
        return scored(network, hidden_states(model, batch)[0][batch["ends"]])
    if hasattr(network, "score"):
        # The network would look for padding by the token's id, and a completion may end with that
        # token: choose the last one here.
        return scored(network, padded.ending_states(model, batch))
    rows = padded.PaddedRows(batch)  # an encoder reads its first token
    values: Tensor = network(input_ids=rows.ids, attention_mask=rows.mask).logits
    return values.float().squeeze(-1)


def scored(network: Any, states: Tensor) -> Tensor:
    """A decoder's output for hidden states [S, width]: [S] in float32."""
    values: Tensor = network.score(states)
    return values.float().squeeze(-1)
