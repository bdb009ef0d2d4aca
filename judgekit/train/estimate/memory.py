"""Estimates the memory and time of a training before any weight is loaded."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from judgekit.models.library_errors import library_errors
from judgekit.models.loading import Checkpoint, quiet_libraries
from judgekit.train.data.encoding import TokenCounts
from judgekit.train.estimate.activations import kept_bytes
from judgekit.train.estimate.model_size import ModelSize
from judgekit.train.estimate.throughput import Workload, measured_speed, total_operations
from judgekit.train.interfaces.model_use import Head, ModelUse
from judgekit.train.network.lora import TASKS, empty_model, lora_config
from judgekit.train.network.lora_targets import untie_for
from judgekit.train.recipes.language_model import LanguageModelRecipe

__all__ = ["ResourceEstimate", "estimate", "free_bytes", "state_bytes"]

# 8-bit optimizers: smaller tensors keep float32 states; weights that share a scale.
SMALL, STATE_BLOCK = 4096, 256
QMAPS = 2 * 256 * 4  # bytes of tables that all their tensors share
CHUNK = 256  # positions whose logits are held at once
MEMINFO = Path("/proc/meminfo")


@dataclass(frozen=True, slots=True)
class ResourceEstimate:
    """Memory in bytes at the longest batch, and time in seconds, of this process.

    `weights`, `adapter` and `optimizer` are exact to the byte. On a Llama of 111 million parameters
    (1 024 tokens, CPU) the total was within 2 % of the growth of the process if malloc returns
    freed memory (``MALLOC_MMAP_THRESHOLD_=1048576``); by default glibc keeps up to as much again
    as the activations. On a GPU, the context and torch's cached blocks are additional.

    Attributes:
        weights: The model's weights as they are held.
        adapter: The adapter with its gradients; of a whole model, its gradients.
        optimizer: The optimizer's state.
        activations: What is kept for the backward pass.
        logits: The logits of one chunk, and what is computed from them.
        trainable: Trained parameters.
        parameters: All parameters.
        seconds: A lower bound; None if it was not estimated.
        device: The device.
        free: Free memory of the device; None if it does not report it.
        advice: What to lower if it does not fit.
    """

    weights: int
    adapter: int
    optimizer: int
    activations: int
    logits: int
    trainable: int
    parameters: int
    seconds: float | None
    device: str
    free: int | None
    advice: str = ""

    @property
    def total(self) -> int:
        return self.weights + self.adapter + self.optimizer + self.activations + self.logits

    @property
    def fits(self) -> bool:
        return self.free is None or self.total <= self.free

    def as_dict(self) -> dict[str, Any]:
        """The estimate as JSON."""
        return {**asdict(self), "total": self.total, "fits": self.fits}


def estimate(
    checkpoint: Checkpoint, recipe: LanguageModelRecipe, use: ModelUse, tokens: TokenCounts
) -> ResourceEstimate:
    """Estimates a training. Nothing is loaded.

    The time follows from the speed of one layer, measured on the device for a tenth of a second.
    It is a lower bound, since it counts matrix products alone.

    Args:
        checkpoint: The model.
        recipe: The settings.
        use: How the objective uses the model.
        tokens: The data.

    Raises:
        InputError: See `check_model`.
    """
    model = empty_model(checkpoint, use.head)
    config = adapter_config(model, checkpoint, recipe, use.head)
    learns = config is None or untie_for(model, config.target_modules)
    dtype = torch.float32 if config is None else checkpoint.dtype
    at, load = ModelSize.of(model, checkpoint, dtype), Workload.of(recipe, use, tokens)
    model = with_adapter(model.to(checkpoint.dtype), config)
    trained = [weight.numel() for weight in model.parameters() if weight.requires_grad]
    work = total_operations(at, load, recipe, sum(trained), head=learns)
    result = ResourceEstimate(
        weights=at.weights,
        adapter=trained_bytes(sum(trained), checkpoint, config),
        optimizer=state_bytes(trained, recipe.optimizer),
        activations=activation_bytes(model, at, load, checkpoint, recipe),
        logits=logit_bytes(at, load, checkpoint),
        trainable=sum(trained),
        parameters=at.parameters,
        seconds=work / measured_speed(checkpoint, load.batch),
        device=str(checkpoint.device),
        free=free_bytes(checkpoint.device),
    )
    return result if result.fits else replace(result, advice=recipe.memory_advice())


def adapter_config(
    model: Any, checkpoint: Checkpoint, recipe: LanguageModelRecipe, head: Head
) -> Any | None:
    """The config of the adapter to train, for peft; None if the whole model is trained."""
    if not recipe.lora:
        return None
    if checkpoint.adapter is None:
        return lora_config(model, recipe, head)
    import peft

    library: Any = peft
    with library_errors(f"cannot read the adapter {str(checkpoint.adapter)!r}"):
        config = library.LoraConfig.from_pretrained(checkpoint.adapter)
    config.task_type, config.inference_mode = TASKS[head], False
    return config


def with_adapter(model: Any, config: Any | None) -> Any:
    """The model with its adapter, on the device `meta`.

    All in one dtype: under autocast the adapter's products are computed in it too.
    """
    import peft

    library: Any = peft
    if config is None:
        return model.requires_grad_(True)
    failed = "the adapter does not fit the model"
    with library_errors(failed), torch.device("meta"), quiet_libraries():
        return library.get_peft_model(model, config, autocast_adapter_dtype=False)


def trained_bytes(trained: int, checkpoint: Checkpoint, config: Any | None) -> int:
    """Trained weights in float32 and their gradients; a whole model's weights count elsewhere.

    An adapter that is continued has a frozen copy.
    """
    copies = 1 if config is None else 2 if checkpoint.adapter is None else 3
    return 4 * copies * trained


def state_bytes(trained: list[int], optimizer: str) -> int:
    """The optimizer's state for tensors of these sizes: two numbers per weight."""
    if optimizer == "adamw":
        return sum(8 * n for n in trained)
    blocks = (-(-n // STATE_BLOCK) for n in trained if n >= SMALL)
    small_bytes = sum(8 * n for n in trained if n < SMALL)
    return small_bytes + sum(2 * n for n in trained if n >= SMALL) + 8 * sum(blocks) + QMAPS


def activation_bytes(
    model: Any, at: ModelSize, load: Workload, checkpoint: Checkpoint, recipe: LanguageModelRecipe
) -> int:
    """What is kept for the backward pass, and one dequantized 4-bit layer."""
    total = kept_bytes(model, load.rows, load.length, repeated_prompts=load.repeated_prompts)
    size: int = checkpoint.dtype.itemsize
    states = load.rows * load.length * at.width * size
    if recipe.checkpoint_activations:  # each layer's input is kept, and one layer is recomputed
        total = total // at.layers + at.layers * states
    if not recipe.lora and size < 4:  # autocast's copies of the weights
        total += (at.body + at.head) * size
    return total + at.largest


def logit_bytes(at: ModelSize, load: Workload, checkpoint: Checkpoint) -> int:
    """A chunk's logits in the compute dtype and in float32, their softmax, states' gradients."""
    size: int = checkpoint.dtype.itemsize
    vocabulary = at.head // at.width
    chunk = min(CHUNK, load.rows * load.length) * vocabulary
    states = load.rows * load.length * at.width
    return chunk * (size + 2 * 4) + states * size


def free_bytes(device: torch.device) -> int | None:
    """Free memory of the device in bytes; None if it does not report it."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    if device.type != "cpu":
        return None
    if MEMINFO.exists():  # counts caches as free, unlike sysconf
        for line in MEMINFO.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    if "SC_AVPHYS_PAGES" in os.sysconf_names:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return None
