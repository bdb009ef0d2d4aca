"""What a training will take, in memory and time, before any weight is loaded."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from judgekit.models.loading import Checkpoint, quietly
from judgekit.train.data.encoding import TokenCounts
from judgekit.train.estimate.activations import kept_bytes
from judgekit.train.estimate.model_size import ModelSize
from judgekit.train.estimate.throughput import Workload, measured_speed, total_operations
from judgekit.train.interfaces.model_use import Head, ModelUse
from judgekit.train.network.lora import TASKS, empty_model, lora_config
from judgekit.train.network.lora_targets import head_of, is_target, untie
from judgekit.train.recipes.language_model import LanguageModelRecipe

__all__ = ["ResourceEstimate", "estimate", "free_bytes", "state_bytes"]

SMALL, STATE_BLOCK = 4096, 256  # 8-bit optimizers: smaller tensors stay whole; a scale for each
QMAPS = 2 * 256 * 4  # bytes of the tables that all their tensors share
CHUNK = 256  # positions whose logits are held at once
MEMINFO = Path("/proc/meminfo")


@dataclass(frozen=True, slots=True)
class ResourceEstimate:
    """Memory in bytes at the longest batch; time in seconds, of this process.

    `weights` as they are held; `adapter`: what is trained beside them, with its gradients (of a
    model that is trained whole, its gradients); `optimizer`: its state. `activations` are kept
    for the backward pass; `logits`: of one chunk, with what is computed from them. `free` is None
    where the device does not say. `advice`: what to lower where it does not fit.

    `weights`, `adapter` and `optimizer` are exact to the byte. On a Llama of 111 million parameters
    (1 024 tokens, CPU) the total was within 2 % of the growth of the process, where malloc gives
    back what is freed (``MALLOC_MMAP_THRESHOLD_=1048576``); glibc by default keeps up to as much
    again as the activations. On a GPU, the context and torch's spare blocks come on top.
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
        """All of it as JSON."""
        return {**asdict(self), "total": self.total, "fits": self.fits}


def estimate(
    checkpoint: Checkpoint, recipe: LanguageModelRecipe, use: ModelUse, tokens: TokenCounts
) -> ResourceEstimate:
    """What training this recipe on that many tokens will take. Nothing is loaded.

    The time comes from the speed of one layer, measured on the device for a tenth of a second; of
    a whole training it is the lower bound that products of matrices set. Raises `InputError` as
    `check_model` does.
    """
    model = empty_model(checkpoint, use.head)
    config = adapter_config(model, checkpoint, recipe, use.head)
    learns = config is None or is_target(head_of(model), config.target_modules)
    if config is not None and learns:
        untie(model)
    whole = torch.float32 if config is None else checkpoint.dtype
    at, load = ModelSize.of(model, checkpoint, whole), Workload.of(recipe, use, tokens)
    model = with_adapter(model.to(checkpoint.dtype), config)
    trained = [weight.numel() for weight in model.parameters() if weight.requires_grad]
    work = total_operations(at, load, recipe, sum(trained), head=learns)
    found = ResourceEstimate(
        weights=at.held,
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
    return found if found.fits else replace(found, advice=recipe.memory_advice())


def adapter_config(
    model: Any, checkpoint: Checkpoint, recipe: LanguageModelRecipe, head: Head
) -> Any | None:
    """The adapter that will be trained, as peft knows it; None where all of the model is."""
    if not recipe.lora:
        return None
    if checkpoint.adapter is None:
        return lora_config(model, recipe, head)
    import peft

    library: Any = peft
    config = library.LoraConfig.from_pretrained(checkpoint.adapter)
    config.task_type, config.inference_mode = TASKS[head], False
    return config


def with_adapter(model: Any, config: Any | None) -> Any:
    """The model as it will be trained, on the device `meta`.

    All of it in one dtype: where that has 16 bits, autocast makes the adapter's products in it too.
    """
    import peft

    library: Any = peft
    if config is None:
        return model.requires_grad_(True)
    with torch.device("meta"), quietly():
        return library.get_peft_model(model, config, autocast_adapter_dtype=False)


def trained_bytes(trained: int, checkpoint: Checkpoint, config: Any | None) -> int:
    """Weights in float32 and their gradients; of the whole model the weights are counted already.

    An adapter that training goes on from stays beside it as it was.
    """
    copies = 1 if config is None else 2 if checkpoint.adapter is None else 3
    return 4 * copies * trained


def state_bytes(trained: list[int], optimizer: str) -> int:
    """What an optimizer keeps of tensors of these sizes: two numbers for each weight."""
    if optimizer == "adamw":
        return sum(8 * n for n in trained)
    blocks = (-(-n // STATE_BLOCK) for n in trained if n >= SMALL)
    plain = sum(8 * n for n in trained if n < SMALL)
    return plain + sum(2 * n for n in trained if n >= SMALL) + 8 * sum(blocks) + QMAPS


def activation_bytes(
    model: Any, at: ModelSize, load: Workload, checkpoint: Checkpoint, recipe: LanguageModelRecipe
) -> int:
    """What is kept for the backward pass, and one 4-bit layer made whole."""
    kept = kept_bytes(model, load.rows, load.length, again=load.again)
    size: int = checkpoint.dtype.itemsize
    states = load.rows * load.length * at.width * size
    if recipe.checkpoint_activations:  # each layer's input stays, and one layer is run again
        kept = kept // at.layers + at.layers * states
    if not recipe.lora and size < 4:  # autocast's copies of the weights
        kept += (at.body + at.head) * size
    return kept + at.largest


def logit_bytes(at: ModelSize, load: Workload, checkpoint: Checkpoint) -> int:
    """Logits of a chunk in what the head computes in and in float32, and their softmax; the
    gradient of each state."""
    size: int = checkpoint.dtype.itemsize
    vocabulary = at.head // at.width
    chunk = min(CHUNK, load.rows * load.length) * vocabulary
    states = load.rows * load.length * at.width
    return chunk * (size + 2 * 4) + states * size


def free_bytes(device: torch.device) -> int | None:
    """Memory of the device that is not in use; None where it does not say."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    if device.type != "cpu":
        return None
    if MEMINFO.exists():  # what could be freed counts as free, unlike in sysconf's number
        for line in MEMINFO.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    if "SC_AVPHYS_PAGES" in os.sysconf_names:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return None
