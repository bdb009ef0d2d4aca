"""The precision of a forward pass."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch

__all__ = ["mixed_precision"]


def mixed_precision(device: torch.device, dtype: torch.dtype) -> AbstractContextManager[object]:
    """Autocast: matrix products in `dtype`, sums and norms in float32; nothing for float32.

    The adapter's weights are float32 (in bfloat16 most updates would round to zero at usual
    learning rates). Without autocast they would turn activations into float32 and take twice the
    memory. Policy and reference both use this function, so that they compute alike.
    """
    if dtype == torch.float32:
        return nullcontext()
    return torch.autocast(device.type, dtype=dtype)
