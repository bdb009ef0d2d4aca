"""Recipes for language models: DPO, supervised fine-tuning and reward models.

The defaults are what we would choose today (docs/guides/train.md gives the reasons).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from judgekit.config.fields import setting
from judgekit.train.recipes.recipe import DATA, EVALUATION, MODEL, OPTIMIZATION, Recipe

__all__ = ["DPO", "SFT", "LanguageModelRecipe", "LossName", "Reward"]

LORA = "Adapter"

LossName = Literal["sigmoid", "ipo", "hinge", "robust", "simpo"]


@dataclass(frozen=True, kw_only=True)
class LanguageModelRecipe(Recipe):
    """What the objectives of language models share. Lengths in tokens."""

    adapter: str | None = setting(
        None, "Adapter to continue training; its initial state is the reference.", MODEL
    )
    quant: Literal["none", "4bit", "nf4", "fp4"] = setting(
        "nf4", "Quantization of the frozen weights (4bit means nf4).", MODEL
    )
    double_quant: bool = setting(True, "Quantize the scales of the 4-bit blocks as well.", MODEL)
    path: Literal["auto", "shared", "padded"] = setting(
        "auto", "Encode each prompt once for both answers (shared), or pad rows.", MODEL
    )
    lora: bool = setting(
        True, "Train a LoRA adapter; --no-lora trains all weights (with --quant none).", LORA
    )
    lora_r: int = setting(16, "Rank of the adapter.", LORA)
    lora_alpha: float = setting(32.0, "Scale of the adapter: updates count alpha / r.", LORA)
    lora_dropout: float = setting(0.0, "Dropout on the adapter's inputs.", LORA)
    lora_targets: tuple[str, ...] = setting(
        ("all-linear",),
        "Comma-separated modules that get an adapter; all-linear leaves out lm_head.",
        LORA,
    )
    max_length: int = setting(
        1024, "Tokens of a prompt with one answer; longer answers are truncated.", DATA
    )
    max_prompt_length: int = setting(
        512, "Tokens of a prompt; longer ones lose their beginning.", DATA
    )
    template: Literal["chat", "plain"] = setting(
        "chat", "Format rows with the model's chat template, or as plain text.", DATA
    )
    samples: int = setting(
        4, "Held-out prompts that the model answers before and after.", EVALUATION, least=0
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.quant == "4bit":  # one name in train.json, so that --resume knows both
            object.__setattr__(self, "quant", "nf4")

    def memory_savings(self) -> list[str]:
        savings = super().memory_savings()
        if not self.lora:
            savings.append("training an adapter instead of the whole model")
        elif self.quant == "none":
            savings.append("--quant nf4")
        return [*savings, f"a lower --max-length (now {self.max_length})"]


@dataclass(frozen=True, kw_only=True)
class SFT(LanguageModelRecipe):
    """Supervised fine-tuning: the model learns to give the answers in the data."""

    learning_rate: float = setting(1e-4, "Peak learning rate.", OPTIMIZATION, above=0)


# The recipe of a published lecture on DPO of Mistral-7B on one T4, to the letter.
LECTURE: Mapping[str, Any] = {
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
}


@dataclass(frozen=True, kw_only=True)
class DPO(LanguageModelRecipe):
    """Direct preference optimization; `judgekit.train.objectives.losses` defines the losses."""

    presets = {"default": {}, "lecture": LECTURE}  # noqa: RUF012 (a field by its annotation)

    loss: LossName = setting("sigmoid", "Loss on pairs; sigmoid is DPO.", OPTIMIZATION)
    beta: float | None = setting(
        None,
        "Strength of the pull to the reference (tau of ipo). Default: 0.1; simpo 2.",
        OPTIMIZATION,
    )
    label_smoothing: float = setting(
        0.0, "Share of the pairs assumed to be labelled the wrong way round.", OPTIMIZATION
    )
    gamma: float = setting(0.5, "SimPO's target margin, in units of its rewards.", OPTIMIZATION)


@dataclass(frozen=True, kw_only=True)
class Reward(LanguageModelRecipe):
    """A reward model with one output (Bradley and Terry 1952)."""

    learning_rate: float = setting(5e-5, "Peak learning rate.", OPTIMIZATION, above=0)
    use_margin: bool = setting(
        False, "Require scores to differ by at least the pair's margin.", OPTIMIZATION
    )
    soft_labels: bool = setting(
        False, "Learn the judge's probabilities instead of hard labels.", OPTIMIZATION
    )
