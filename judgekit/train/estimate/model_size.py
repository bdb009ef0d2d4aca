"""The size of a model by its config alone: parameters, bytes, and weights per token."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from judgekit.models.four_bit import BLOCK
from judgekit.models.loading import Checkpoint
from judgekit.train.network.lora import SCORE_HEADS
from judgekit.train.network.lora_targets import head_of, is_target, linear_modules

__all__ = ["ModelSize", "bytes_in_4bit"]

NESTED = 256  # scales that share a scale, in double quantization
CODE, NESTED_CODE = 16 * 4, 256 * 4 + 4  # bytes of tables of each 4-bit layer


@dataclass(frozen=True, slots=True)
class ModelSize:
    """A model without its adapter.

    Attributes:
        parameters: The number of weights.
        weights: Bytes of weights and buffers.
        body: Weights that each input token is multiplied with.
        head: Weights that each predicted token is multiplied with.
        largest: Bytes of the largest 4-bit layer when it is dequantized for a product.
        layers: The number of layers.
        width: The hidden size.
    """

    parameters: int
    weights: int
    body: int
    head: int
    largest: int
    layers: int
    width: int

    @classmethod
    def of(cls, model: Any, checkpoint: Checkpoint, dtype: Any) -> ModelSize:
        """The size of a model on the device `meta`; `dtype` is that of weights outside 4 bits."""
        double = in_4bit(checkpoint)
        small = set() if double is None else {id(m.weight) for m in quantised_modules(model)}
        weights = list(model.parameters())  # tied weights count once
        head = head_of(model)
        linear = linear_modules(model)
        size = dtype.itemsize
        config = model.config.get_text_config()
        return cls(
            parameters=sum(w.numel() for w in weights),
            weights=sum(
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
    """Whether scales of 4-bit weights are quantized as well; None without 4-bit weights."""
    if checkpoint.quant:
        return checkpoint.double_quant
    quantization = getattr(checkpoint.config, "quantization_config", None)
    if quantization is None:
        return None
    config = quantization if isinstance(quantization, dict) else quantization.to_dict()
    return bool(config.get("bnb_4bit_use_double_quant"))


def quantised_modules(model: Any) -> Iterator[Any]:
    """The modules in 4 bits, as `models.four_bit` chooses them."""
    head = head_of(model)
    for name, module in linear_modules(model).items():
        if name != head and not is_target(name, SCORE_HEADS) and not module.in_features % BLOCK:
            yield module


def bytes_in_4bit(weights: int, *, double: bool) -> int:
    """Bytes of a layer in bitsandbytes: 4 bits per weight, a scale per block, and tables."""
    blocks = -(-weights // BLOCK)
    packed = -(-weights // 2) + CODE
    if not double:
        return packed + 4 * blocks
    return packed + blocks + 4 * -(-blocks // NESTED) + NESTED_CODE
