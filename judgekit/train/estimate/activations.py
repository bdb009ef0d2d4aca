"""The memory that a forward pass keeps for the backward pass, counted without weights.

autograd reports what it keeps. On torch's device `meta` nothing is computed or held, so this works
for any architecture and takes a fraction of a second.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from judgekit.models.forward import base_model

__all__ = ["kept_bytes"]

COUNTED, COUNTED_TWICE = "judgekit_counted", "judgekit_counted_twice"


class FusedAttention(torch.autograd.Function):
    """Keeps what a fused attention kernel keeps: inputs, output, and a number per query.

    It has no backward pass.
    """

    @staticmethod
    def forward(ctx: Any, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        out = query.new_empty(*query.shape[:-1], value.shape[-1])
        norms = query.new_empty(query.shape[:-1], dtype=torch.float32)
        ctx.save_for_backward(query, key, value, out, norms)
        return out


class RepeatedPromptAttention(FusedAttention):
    """The same with copies of keys and values, as for further completions of a prompt."""

    @staticmethod
    def forward(ctx: Any, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        out = FusedAttention.forward(ctx, query, key, value)
        ctx.save_for_backward(*ctx.to_save, key.clone(), value.clone())
        return out


def attend(
    module: Any, query: Tensor, key: Tensor, value: Tensor, *_mask: Any, **_how: Any
) -> tuple[Tensor, None]:
    """An attention for transformers that computes nothing."""
    kernel: Any = (
        RepeatedPromptAttention
        if module.config._attn_implementation == COUNTED_TWICE
        else FusedAttention
    )
    return kernel.apply(query, key, value).transpose(1, 2).contiguous(), None


def kept_bytes(model: Any, rows: int, length: int, *, repeated_prompts: bool = False) -> int:
    """The bytes that autograd keeps, without weights and logits.

    Args:
        model: A model on the device `meta`, perhaps with peft's wrapper.
        rows: Rows in a forward pass.
        length: Tokens of a row.
        repeated_prompts: Whether rows hold prompts with more than one completion.

    Raises:
        RuntimeError: The model's forward pass depends on values, which do not exist.
    """
    import transformers

    library: Any = transformers
    name = COUNTED_TWICE if repeated_prompts else COUNTED
    library.AttentionInterface.register(name, attend)
    network = base_model(model)
    network.set_attn_implementation(name)
    network.train()
    ids = torch.zeros(rows, length, dtype=torch.long, device="meta")
    weights = {weight.untyped_storage()._cdata for weight in network.parameters()}
    tensors: dict[int, Tensor] = {}

    def note(tensor: Tensor) -> Tensor:
        tensors[tensor.untyped_storage()._cdata] = (
            tensor  # holding it keeps its address from being reused
        )
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        network.base_model(
            input_ids=ids,
            position_ids=torch.arange(length, device="meta")[None],
            attention_mask=torch.ones(1, 1, 1, 1, dtype=torch.bool, device="meta"),
            use_cache=False,
        )
    return sum(
        tensor.untyped_storage().nbytes() for at, tensor in tensors.items() if at not in weights
    )
