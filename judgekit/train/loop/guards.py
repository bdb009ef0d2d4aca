"""Errors that stop a training (non-finite numbers, no memory), with advice what to change."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch

from judgekit.errors import TrainingError
from judgekit.train.recipes.recipe import Recipe

__all__ = ["check_gradients", "check_loss", "explain_out_of_memory", "peak_memory"]

NAMED_ROWS = 3  # in a message
NO_MEMORY = re.compile(r"not enough memory|can't allocate memory", re.IGNORECASE)
GIB = 2**30


def check_loss(loss: float, step: int, places: Sequence[str], recipe: Recipe) -> None:
    """Raises `TrainingError` for a loss that is not finite, before the optimizer uses it."""
    if not math.isfinite(loss):
        named = ", ".join(places[:NAMED_ROWS]) + (", ..." if len(places) > NAMED_ROWS else "")
        raise TrainingError(f"the loss of step {step} is {loss} at {named}: {advice(recipe)}")


def check_gradients(gradients: Iterable[torch.Tensor], step: int, recipe: Recipe) -> None:
    """Raises `TrainingError` for gradients that are not finite, before the optimizer uses them."""
    finite = [gradient.isfinite().all() for gradient in gradients]
    if finite and not torch.stack(finite).all():
        raise TrainingError(f"the gradients of step {step} are not finite: {advice(recipe)}")


def advice(recipe: Recipe) -> str:
    """What to change after non-finite numbers.

    The optimizer did not use them, but an earlier step may be the cause, so a checkpoint is no
    place to continue from.
    """
    wider = "; use --dtype bfloat16 or float32" if recipe.dtype == "float16" else ""
    return (
        f"lower --learning-rate ({recipe.learning_rate:g}) or --max-grad-norm "
        f"({recipe.max_grad_norm:g}){wider} and start again with --force"
    )


@contextmanager
def explain_out_of_memory(recipe: Recipe, doing: str) -> Iterator[None]:
    """Turns a lack of memory into a `TrainingError` that says what to lower."""
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise TrainingError(
            f"out of memory while {doing}{used()}: {recipe.memory_advice()}"
        ) from error
    except RuntimeError as error:  # raised by the CPU allocator
        if not NO_MEMORY.search(str(error)):
            raise
        raise TrainingError(f"out of memory while {doing}: {recipe.memory_advice()}") from error


def used() -> str:
    """The memory in use on the GPU, for a message."""
    free, total = torch.cuda.mem_get_info()
    return f" ({(total - free) / GIB:.1f} of {total / GIB:.1f} GiB in use)"


def peak_memory(device: torch.device) -> int:
    """Peak memory in bytes: of tensors on a GPU, elsewhere of this process."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    import resource
    import sys

    peak: Any = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak) * (1 if sys.platform == "darwin" else 1024)
