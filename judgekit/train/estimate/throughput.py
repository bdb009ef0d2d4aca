"""The operations of a training, and the speed of the device."""

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
WIDTH = 1024  # of the timed layer
MAX_TOKENS = 1024  # more are not faster


@dataclass(frozen=True, slots=True)
class Workload:
    """What one process has to compute.

    Attributes:
        rows: Rows of a forward pass, at most.
        length: Tokens of a row, at most.
        repeated_prompts: Whether rows hold prompts with several completions.
        batch: Tokens of a forward pass, on average.
        inputs: Tokens that go through the model in the whole training.
        outputs: Tokens that are predicted.
        reference_inputs: Tokens through the reference model, before the training.
        reference_outputs: Tokens that the reference model predicts.
    """

    rows: int
    length: int
    repeated_prompts: bool
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

    Per token and weight 2 in the forward pass, 2 for the gradient of the inputs, and 2 more if the
    weight is trained; 2 more if activations are recomputed. Attention's products are left out:
    they matter only if texts are longer than the hidden size.

    Args:
        at: The model.
        load: The data.
        recipe: The settings.
        trained: The adapter's weights.
        head: Whether the head is trained.
    """
    again = 2 if recipe.checkpoint_activations else 0
    learnt, frozen = (trained, at.body) if recipe.lora else (at.body, 0)
    body = (4 + again) * frozen + (6 + again) * learnt
    ends = (4 if not head else 6 if recipe.lora else 8) * at.head
    reference = 2 * (at.body * load.reference_inputs + at.head * load.reference_outputs)
    return body * load.inputs + ends * load.outputs + reference


def measured_speed(checkpoint: Checkpoint, tokens: int) -> float:
    """Multiplications and additions per second in a layer held like the model's.

    Forward and backward, with the `tokens` of a batch: a 4-bit layer is dequantized for each
    product, which is slow for few tokens.
    """
    layer, tokens = sample_layer(checkpoint), min(tokens, MAX_TOKENS)
    inputs = torch.randn(
        tokens, WIDTH, device=checkpoint.device, dtype=checkpoint.dtype, requires_grad=True
    )
    gradient = torch.ones_like(inputs)

    def once() -> None:
        layer(inputs).backward(gradient)
        if checkpoint.device.type == "cuda":
            torch.cuda.synchronize(checkpoint.device)

    once()  # warm up
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
