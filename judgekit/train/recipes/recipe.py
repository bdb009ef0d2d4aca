"""What every training is told: the model, the optimizer, the data, and how often to evaluate.

The fields are the keywords of `judgekit.train` and, under the same names, the command-line flags.
An objective's recipe is a subclass that adds its own fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, Self

from judgekit.config.fields import as_json, check_range, fit_values, setting
from judgekit.errors import InputError
from judgekit.naming import unknown

__all__ = ["DATA", "EVALUATION", "MODEL", "OPTIMIZATION", "Recipe", "TrackerName"]

TrackerName = Literal["wandb", "tensorboard", "trackio", "mlflow"]

# Panels of the help screen.
MODEL, OPTIMIZATION, DATA, EVALUATION = "Model", "Optimization", "Data", "Evaluation"
NO_PRESETS: Mapping[str, Mapping[str, Any]] = {"default": {}}


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """The settings that the training loop uses, whatever the objective."""

    presets = NO_PRESETS  # named sets of values for `of`; no annotation: it is no field

    model: str = setting("", "Model to start from: a folder or a hub id.", MODEL)
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = setting(
        "auto", "Compute dtype; auto chooses by device.", MODEL
    )
    device: str = setting("auto", "Device to train on: cpu, cuda, cuda:1.", MODEL)
    checkpoint_activations: bool = setting(
        False,
        "Recompute activations in the backward pass: less memory, about a third slower.",
        MODEL,
    )
    learning_rate: float = setting(2e-5, "Peak learning rate.", OPTIMIZATION, above=0)
    schedule: Literal["cosine", "linear", "constant"] = setting(
        "cosine", "Learning-rate schedule after warmup.", OPTIMIZATION
    )
    warmup: float = setting(
        0.1, "Share of the steps over which the learning rate rises.", OPTIMIZATION, least=0, most=1
    )
    optimizer: Literal["adamw", "adamw_8bit", "paged_adamw_8bit"] = setting(
        "adamw_8bit", "Optimizer.", OPTIMIZATION
    )
    weight_decay: float = setting(0.0, "Weight decay.", OPTIMIZATION, least=0)
    max_grad_norm: float = setting(
        1.0, "Gradients are clipped to this norm.", OPTIMIZATION, above=0
    )
    epochs: float = setting(
        1.0, "Passes over the data, unless --steps is given.", OPTIMIZATION, above=0
    )
    steps: int | None = setting(
        None, "Optimizer steps, instead of --epochs.", OPTIMIZATION, least=1
    )
    batch_size: int = setting(2, "Rows per forward pass and process.", OPTIMIZATION, least=1)
    accumulate: int = setting(8, "Forward passes per optimizer step.", OPTIMIZATION, least=1)
    seed: int = setting(0, "Seed of row order, new weights and dropout.", OPTIMIZATION)
    columns: Mapping[str, str] = setting(
        dict,
        "Columns under other names, or paths into them: prompt=doc.question,chosen=best.",
        DATA,
    )
    limit: int | None = setting(None, "Use only the first N rows.", DATA, least=1)
    eval_data: Path | None = setting(
        None, "File of held-out rows, instead of a share of the data.", DATA
    )
    eval_share: float = setting(
        0.05, "Share of the prompts to hold out; 0 holds out none.", DATA, least=0, most=1
    )
    eval_every: int | None = setting(
        None,
        "Evaluate on the held-out rows every N steps. Default: ten times.",
        EVALUATION,
        least=1,
    )
    save_every: int | None = setting(
        None, "Write a checkpoint every N steps. Default: ten times.", EVALUATION, least=1
    )
    keep_checkpoints: int = setting(2, "Number of checkpoints to keep.", EVALUATION, least=1)
    report_to: tuple[str, ...] = setting(
        (), "Also report to: wandb, tensorboard, trackio, mlflow.", EVALUATION
    )

    def __post_init__(self) -> None:
        for name, value in fit_values(type(self), vars(self)).items():
            object.__setattr__(self, name, value)
        if not self.model:
            raise InputError("training needs a model to start from: add --model FOLDER or HUB-ID")

    @classmethod
    def of(cls, given: Mapping[str, Any], preset: str = "default") -> Self:
        """Makes a recipe from keywords, which go over the values of a preset.

        Args:
            given: Values by field name.
            preset: One of `presets`; only `DPO` has others than ``default``.

        Returns:
            The recipe.

        Raises:
            InputError: An unknown field or preset (the message names the nearest), or a value of
                the wrong type.
        """
        if preset not in cls.presets:
            raise InputError(unknown("preset", preset, cls.presets))
        known = [f.name for f in fields(cls)]
        for name in given:
            if name not in known:
                raise InputError(unknown("setting", name, known))
        return cls(**{**cls.presets[preset], **given})

    def as_dict(self) -> dict[str, Any]:
        """The recipe as JSON, for `train.json`."""
        return {name: as_json(value) for name, value in vars(self).items()}

    def check_ranges(self) -> None:
        """Raises `InputError` for the first number outside its range."""
        for declared in fields(self):
            check_range(declared, getattr(self, declared.name))

    def memory_advice(self) -> str:
        """What to try where memory does not suffice."""
        return "try " + ", or ".join(self.memory_savings())

    def memory_savings(self) -> list[str]:
        """Flags that lower the memory this recipe needs, the cheapest to give up first."""
        savings = []
        if self.batch_size > 1:
            savings.append(
                f"--batch-size {self.batch_size // 2} --accumulate {self.accumulate * 2} "
                f"(now {self.batch_size} and {self.accumulate}; trains the same)"
            )
        if not self.checkpoint_activations:
            savings.append("--checkpoint-activations")
        return savings
