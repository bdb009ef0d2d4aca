"""What a model is made of, by its config alone: parameters, bytes as they are held, products."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from judgekit.models.four_bit import BLOCK
from judgekit.models.loading import Checkpoint
from judgekit.train.network.lora import SCORE_HEADS
from judgekit.train.network.lora_targets import head_of, is_target, linear_modules

__all__ = ["ModelSize", "bytes_in_4bit"]

NESTED = 256  # scales of 4-bit blocks that share a scale, in double quantisation
CODE, NESTED_CODE = 16 * 4, 256 * 4 + 4  # bytes of tables that each layer in 4 bits has


@dataclass(frozen=True, slots=True)
class ModelSize:
    """A model without its adapter.

    `held`: bytes of its weights and buffers. `body` and `head`: weights that every token of the
    input, and every token that is predicted, is multiplied with. `largest`: of one layer in 4 bits
    when it is made whole for a product, in bytes.
    """

    parameters: int
    held: int
    body: int
    head: int
    largest: int
    layers: int
    width: int

    @classmethod
    def of(cls, model: Any, checkpoint: Checkpoint, dtype: Any) -> ModelSize:
        """Of a model on the device `meta`; `dtype` is that of weights that are not in 4 bits."""
        double = in_4bit(checkpoint)
        small = set() if double is None else {id(m.weight) for m in quantised(model)}
        weights = list(model.parameters())  # those that are tied once
        head = head_of(model)
        linear = linear_modules(model)
        size = dtype.itemsize
        config = model.config.get_text_config()
        return cls(
            parameters=sum(w.numel() for w in weights),
            held=sum(
                bytes_in_4bit(w.numel(), double=bool(double))
                if id(w) in small
                else w.numel() * size
                for w in weights
            )
            + sum(b.numel() * b.itemsize for b in model.buffers()),
            body=sum(module.weight.numel() for name, module in linear.items() if name != head),
            head=linear[head].weight.numel() if head in linear else 0,
            largest=max((w.numel() * size for w in weights if id(w) in small), default=0),
            layers=config.num_hidden_layers,
            width=config.hidden_size,
        )


def in_4bit(checkpoint: Checkpoint) -> bool | None:
    """Whether the scales of 4-bit weights are quantised too; None where no weights are."""
    if checkpoint.quant:
        return checkpoint.double_quant
    held = getattr(checkpoint.config, "quantization_config", None)
    if held is None:
        return None
    told = held if isinstance(held, dict) else held.to_dict()
    return bool(told.get("bnb_4bit_use_double_quant"))


def quantised(model: Any) -> Iterator[Any]:
    """The modules that are held in 4 bits, as `models.four_bit` chooses them."""
    head = head_of(model)
    for name, module in linear_modules(model).items():
        if name != head and not is_target(name, SCORE_HEADS) and not module.in_features % BLOCK:
            yield module


def bytes_in_4bit(weights: int, *, double: bool) -> int:
    """What bitsandbytes holds of a layer: 4 bits a weight, a scale for each block, tables."""
    blocks = -(-weights // BLOCK)
    packed = -(-weights // 2) + CODE
    if not double:
        return packed + 4 * blocks
    return packed + blocks + 4 * -(-blocks // NESTED) + NESTED_CODE
