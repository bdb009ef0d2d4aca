"""How much a training has to compute, and how fast this device does it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import torch

from judgekit.models.loading import Checkpoint
from judgekit.train.data.encoding import TokenCounts
from judgekit.train.estimate.model_size import ModelSize, in_4bit
from judgekit.train.interfaces.model_use import ModelUse
from judgekit.train.interfaces.torchrun import process_count
from judgekit.train.recipes.language_model import LanguageModelRecipe

__all__ = ["Workload", "measured_speed", "total_operations"]

MEASURED_S = 0.1
WIDTH = 1024  # of the layer that is timed
MOST = 1024  # tokens; more are not faster


@dataclass(frozen=True, slots=True)
class Workload:
    """What one process has to do.

    A forward pass has at most `rows` of `length` tokens (`again`: with prompts that have several
    completions), and on average `batch` tokens in all. In the whole training `inputs` tokens go
    through the model and `outputs` are predicted; before it, `reference_inputs` and
    `reference_outputs` for the reference model.
    """

    rows: int
    length: int
    again: bool
    batch: int
    inputs: float
    outputs: float
    reference_inputs: float = 0.0
    reference_outputs: float = 0.0

    @classmethod
    def of(cls, recipe: LanguageModelRecipe, use: ModelUse, tokens: TokenCounts) -> Workload:
        processes = process_count()
        shared = recipe.path != "padded"
        inputs = tokens.prompt * (1 if shared else use.completions) + tokens.completion
        rows = tokens.n * recipe.epochs / processes
        if recipe.steps is not None:
            rows = float(recipe.steps * recipe.batch_size * recipe.accumulate)
        each, once = rows / tokens.n, use.reference / processes
        return cls(
            1 if shared else use.completions * recipe.batch_size,
            tokens.longest * recipe.batch_size if shared else tokens.longest_text,
            shared and use.completions > 1,
            max(1, recipe.batch_size * inputs // tokens.n),
            inputs * each,
            tokens.completion * each,
            inputs * once,
            tokens.completion * once,
        )


def total_operations(
    at: ModelSize, load: Workload, recipe: LanguageModelRecipe, trained: int, *, head: bool
) -> float:
    """Multiplications and additions of the whole training.

    For each token and weight 2 forward, 2 to send the gradient back through it, and 2 more where
    the weight itself is trained; 2 again where activations are computed twice. `trained` are the
    adapter's weights; `head`: whether the head learns. Attention's own products are left out: they
    count where texts are longer than the model is wide.
    """
    again = 2 if recipe.checkpoint_activations else 0
    learnt, frozen = (trained, at.body) if recipe.lora else (at.body, 0)
    body = (4 + again) * frozen + (6 + again) * learnt
    ends = (4 if not head else 6 if recipe.lora else 8) * at.head
    reference = 2 * (at.body * load.reference_inputs + at.head * load.reference_outputs)
    return body * load.inputs + ends * load.outputs + reference


def measured_speed(checkpoint: Checkpoint, tokens: int) -> float:
    """Multiplications and additions in a second: of a layer that is held as the model's are.

    Forward and backward, with as many `tokens` as a batch has: a layer in 4 bits is made whole for
    each product, which few tokens hardly pay for.
    """
    layer, tokens = sample_layer(checkpoint), min(tokens, MOST)
    inputs = torch.randn(
        tokens, WIDTH, device=checkpoint.device, dtype=checkpoint.dtype, requires_grad=True
    )
    gradient = torch.ones_like(inputs)

    def once() -> None:
        layer(inputs).backward(gradient)
        if checkpoint.device.type == "cuda":
            torch.cuda.synchronize(checkpoint.device)

    once()  # what is slow the first time only
    start, passes = time.perf_counter(), 0
    while (passed := time.perf_counter() - start) < MEASURED_S:
        once()
        passes += 1
    return 4 * tokens * WIDTH * WIDTH * passes / passed


def sample_layer(checkpoint: Checkpoint) -> Any:
    """One frozen layer on the checkpoint's device."""
    double = in_4bit(checkpoint)
    if double is None:
        layer: Any = torch.nn.Linear(WIDTH, WIDTH, bias=False, dtype=checkpoint.dtype)
    else:
        import bitsandbytes

        library: Any = bitsandbytes
        layer = library.nn.Linear4bit(
            WIDTH,
            WIDTH,
            bias=False,
            compute_dtype=checkpoint.dtype,
            compress_statistics=double,
            quant_type="fp4" if checkpoint.quant == "fp4" else "nf4",
        )
    return layer.requires_grad_(False).to(checkpoint.device)
