"""A projection (weights and bias) for inference, in floating point or in 8 bits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn.functional import linear

__all__ = ["Dense", "dense"]


class Dense(Protocol):
    """(rows, inputs) → (rows, outputs)."""

    def __call__(self, x: Tensor) -> Tensor: ...


@dataclass(frozen=True, slots=True)
class Float:
    """In the weights' own precision."""

    weight: Tensor
    bias: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        return linear(x, self.weight, self.bias)


@dataclass(frozen=True, slots=True)
class Int8:
    """In 8 bits: weights scaled per output once, inputs per row as they come (Dettmers et al. 2022,
    arXiv:2208.07339, without their outliers). `weight`: (inputs, outputs)."""

    weight: Tensor
    scale: Tensor
    bias: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        rows, scale = in_8_bits(x)
        product = torch._int_mm(rows, self.weight)
        return product.to(x.dtype).mul_(scale).mul_(self.scale).add_(self.bias)


def dense(weight: Tensor, bias: Tensor, *, in_8_bits: bool = False) -> Dense:
    """The projection x·weightᵀ + bias; `weight`: (outputs, inputs)."""
    return int8(weight, bias) if in_8_bits else Float(weight, bias)


def int8(weight: Tensor, bias: Tensor) -> Int8:
    values, scale = in_8_bits(weight)
    return Int8(values.t().contiguous(), scale.flatten(), bias)


def in_8_bits(x: Tensor) -> tuple[Tensor, Tensor]:
    """Each row in whole numbers of -127 to 127, and the rows' scales (rows, 1)."""
    scale = x.abs().amax(-1, keepdim=True).clamp_(min=1e-12).div_(127)
    return (x / scale).round_().to(torch.int8), scale
