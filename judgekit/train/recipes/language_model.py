"""How a model is trained: the keywords of `judgekit.train`, and under the same names the flags.

The defaults are what we would choose today (docs/training.md says why, value by value).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, Self

from judgekit.config.fields import as_json, fitted, setting
from judgekit.errors import InputError
from judgekit.naming import unknown

__all__ = ["DPO", "PRESETS", "SFT", "LossName", "Preset", "Recipe", "Reward"]

MODEL, LORA, STEPS, DATA, WATCH = "Model", "Adapter", "Steps", "Data", "Watching"

LossName = Literal["sigmoid", "ipo", "hinge", "robust", "simpo"]
Preset = Literal["default", "lecture"]


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What all objectives share. Lengths in tokens."""

    model: str = setting("", "The model to start from: a folder or a hub id.", MODEL)
    adapter: str | None = setting(
        None,
        "An adapter to go on from: it is trained further, and what it was is the reference.",
        MODEL,
    )
    quant: Literal["nf4", "fp4", "none"] = setting(
        "nf4", "Hold the model's own weights in 4 bits, or (none) whole.", MODEL
    )
    double_quant: bool = setting(True, "Hold the 4-bit blocks' scales in 8 bits.", MODEL)
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = setting(
        "auto", "What to compute in: bfloat16 on a GPU that has it, float32 on a CPU.", MODEL
    )
    device: str = setting("auto", "Where to train: cpu, cuda, cuda:1.", MODEL)
    path: Literal["auto", "shared", "padded"] = setting(
        "auto", "Encode each prompt once for both answers (shared), or pad rows.", MODEL
    )
    checkpoint_activations: bool = setting(
        False, "Compute activations again in the backward pass: less memory, a third slower.", MODEL
    )
    lora: bool = setting(True, "Train an adapter; without, the whole model (quant none).", LORA)
    lora_r: int = setting(16, "The adapter's rank.", LORA)
    lora_alpha: float = setting(32.0, "The adapter's scale: its update counts alpha / r.", LORA)
    lora_dropout: float = setting(0.0, "Share of the adapter's inputs dropped.", LORA)
    lora_targets: tuple[str, ...] = setting(
        ("all-linear",), "Modules that get an adapter; all-linear is all but lm_head.", LORA
    )
    learning_rate: float = setting(2e-5, "The highest learning rate.", STEPS)
    schedule: Literal["cosine", "linear", "constant"] = setting(
        "cosine", "How the learning rate falls.", STEPS
    )
    warmup: float = setting(0.1, "Share of the steps in which the learning rate rises.", STEPS)
    optimizer: Literal["adamw", "adamw_8bit", "paged_adamw_8bit"] = setting(
        "adamw_8bit", "The optimizer.", STEPS
    )
    weight_decay: float = setting(0.0, "Weight decay.", STEPS)
    max_grad_norm: float = setting(1.0, "Gradients are scaled down to this norm.", STEPS)
    epochs: float = setting(1.0, "Times through the data, where steps are not given.", STEPS)
    steps: int | None = setting(None, "Optimizer steps, instead of epochs.", STEPS)
    batch_size: int = setting(2, "Rows in one forward pass, on each process.", STEPS)
    accumulate: int = setting(8, "Forward passes in one optimizer step.", STEPS)
    seed: int = setting(0, "Of the order of rows, the adapter's start and dropout.", STEPS)
    max_length: int = setting(1024, "Tokens of a prompt with one answer; answers are cut.", DATA)
    max_prompt_length: int = setting(512, "Tokens of a prompt; its beginning is cut.", DATA)
    template: Literal["chat", "plain"] = setting(
        "chat", "Show rows through the model's chat template, or as plain text.", DATA
    )
    limit: int | None = setting(None, "Only the first N rows.", DATA)
    eval_data: Path | None = setting(None, "Held-out rows, instead of a share of the data.", DATA)
    eval_share: float = setting(
        0.05, "Share of the prompts held out for measuring; 0 for none.", DATA
    )
    eval_every: int | None = setting(
        None, "Measure on held-out rows every N steps; by default ten times.", WATCH
    )
    save_every: int | None = setting(
        None, "Write a checkpoint every N steps; by default ten times.", WATCH
    )
    keep_checkpoints: int = setting(2, "How many checkpoints stay.", WATCH)
    samples: int = setting(4, "Held-out prompts to be answered before and after.", WATCH)

    def __post_init__(self) -> None:
        for name, value in fitted(type(self), vars(self)).items():
            object.__setattr__(self, name, value)
        if not self.model:
            raise InputError("training needs a model to start from: add --model FOLDER or HUB-ID")

    @classmethod
    def of(cls, given: Mapping[str, Any], preset: Preset = "default") -> Self:
        """From keywords over a preset; an unknown one is an error that names the nearest."""
        known = [f.name for f in fields(cls)]
        for name in given:
            if name not in known:
                raise InputError(unknown("setting", name, known))
        return cls(**{**PRESETS[preset], **given})

    def as_dict(self) -> dict[str, Any]:
        """The recipe as JSON, for `train.json`."""
        return {name: as_json(value) for name, value in vars(self).items()}


@dataclass(frozen=True, kw_only=True)
class SFT(Recipe):
    """Supervised fine-tuning: imitate the answers."""

    learning_rate: float = setting(1e-4, "The highest learning rate.", STEPS)


@dataclass(frozen=True, kw_only=True)
class DPO(Recipe):
    """Preference optimisation; `judgekit.train.objectives.losses` defines the losses."""

    loss: LossName = setting("sigmoid", "The loss: DPO's sigmoid, or a relative.", STEPS)
    beta: float | None = setting(
        None, "How strongly the reference holds (IPO's tau); by default 0.1, of simpo 2.", STEPS
    )
    label_smoothing: float = setting(
        0.0, "Share of the pairs taken to be the wrong way round.", STEPS
    )
    gamma: float = setting(0.5, "SimPO's margin, in units of its rewards.", STEPS)


@dataclass(frozen=True, kw_only=True)
class Reward(Recipe):
    """A reward model of one output (Bradley and Terry)."""

    learning_rate: float = setting(5e-5, "The highest learning rate.", STEPS)
    use_margin: bool = setting(False, "Ask for a difference of at least the pair's margin.", STEPS)
    soft_labels: bool = setting(
        False, "Learn the judge's probabilities instead of certain labels.", STEPS
    )


PRESETS: Mapping[Preset, Mapping[str, Any]] = {
    "default": {},
    # The recipe of a published lecture on DPO of Mistral-7B on one T4, to the letter.
    "lecture": {
        "quant": "fp4",
        "double_quant": False,
        "dtype": "bfloat16",
        "lora_r": 32,
        "lora_alpha": 64.0,
        "lora_dropout": 0.05,
        "lora_targets": (
            *("q_proj", "k_proj", "v_proj", "gate_proj", "up_proj", "down_proj"),
            "lm_head",
        ),
        "learning_rate": 2e-5,
        "schedule": "cosine",
        "warmup": 0.0,
        "optimizer": "paged_adamw_8bit",
        "steps": 50,
        "batch_size": 1,
        "accumulate": 4,
        "max_length": 256,
        "max_prompt_length": 128,
        "template": "plain",
        "limit": 1000,
    },
}
