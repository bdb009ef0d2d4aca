"""What a forward pass computes in."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch

__all__ = ["mixed_precision"]


def mixed_precision(device: torch.device, dtype: torch.dtype) -> AbstractContextManager[object]:
    """Matrix products in `dtype`, sums and norms in float32 where it has half the bits.

    The adapter's weights are float32 (in bfloat16 most would not move at a usual learning rate);
    without this they would draw the activations up to float32 and cost twice the memory. One
    place decides, so that the reference is computed as the policy is.
    """
    if dtype == torch.float32:
        return nullcontext()
    return torch.autocast(device.type, dtype=dtype)
