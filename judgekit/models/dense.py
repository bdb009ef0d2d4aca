"""A linear layer (weights and bias) for inference, in floating point or in 8 bits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn.functional import linear

__all__ = ["Dense", "dense"]


class Dense(Protocol):
    """A linear layer: (rows, inputs) → (rows, outputs)."""

    def __call__(self, x: Tensor) -> Tensor: ...


@dataclass(frozen=True, slots=True)
class FloatDense:
    """A linear layer in its weights' precision. `weight`: (outputs, inputs)."""

    weight: Tensor
    bias: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        return linear(x, self.weight, self.bias)


@dataclass(frozen=True, slots=True)
class Int8Dense:
    """A linear layer in 8 bits (Dettmers et al. 2022, arXiv:2208.07339, without outliers).

    Weights are scaled once per output, inputs per row when they arrive. `weight`: (inputs,
    outputs).
    """

    weight: Tensor
    scale: Tensor
    bias: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        rows, scale = quantise_rows(x)
        product = torch._int_mm(rows, self.weight)
        return product.to(x.dtype).mul_(scale).mul_(self.scale).add_(self.bias)


def dense(weight: Tensor, bias: Tensor, *, in_8_bits: bool = False) -> Dense:
    """The linear layer x·weightᵀ + bias.

    Args:
        weight: (outputs, inputs), in floating point.
        bias: (outputs,).
        in_8_bits: Whether to quantise weights and inputs to 8 bits.
    """
    return int8_dense(weight, bias) if in_8_bits else FloatDense(weight, bias)


def int8_dense(weight: Tensor, bias: Tensor) -> Int8Dense:
    values, scale = quantise_rows(weight)
    return Int8Dense(values.t().contiguous(), scale.flatten(), bias)


def quantise_rows(x: Tensor) -> tuple[Tensor, Tensor]:
    """Quantises each row to integers of -127 to 127.

    Args:
        x: (rows, columns), in floating point.

    Returns:
        The integers (rows, columns), and the rows' scales (rows, 1).
    """
    scale = x.abs().amax(-1, keepdim=True).clamp_(min=1e-12).div_(127)
    return (x / scale).round_().to(torch.int8), scale
