"""Preference pairs → a better model: DPO and variants, fine-tuning, reward models, PairRM.

Rows are read, checked and encoded before any weight is loaded; then an objective's loss trains an
adapter over 4-bit weights, or a whole model. This package knows pairs and models, not judging.

Whatever needs torch is imported when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from judgekit.errors import InputError
from judgekit.installing import install_hint
from judgekit.train.objectives.registry import OBJECTIVES, ObjectiveEntry
from judgekit.train.recipes.language_model import DPO, SFT, Reward
from judgekit.train.recipes.ranker import Ranker
from judgekit.train.recipes.recipe import Recipe

if TYPE_CHECKING:
    from judgekit.train.loop.curve import curve_svg as curve_svg
    from judgekit.train.loop.overfitting import signs as signs
    from judgekit.train.loop.run import DryRun as DryRun
    from judgekit.train.loop.run import TrainedModel as TrainedModel
    from judgekit.train.merge import merge_adapter as merge_adapter
    from judgekit.train.objectives.losses import PreferenceLoss as PreferenceLoss
    from judgekit.train.objectives.losses import preference_loss as preference_loss
    from judgekit.train.objectives.losses import reward_loss as reward_loss
    from judgekit.train.training import plan_training as plan_training
    from judgekit.train.training import train as train
    from judgekit.train.training import train_dpo as train_dpo
    from judgekit.train.training import train_ranker as train_ranker
    from judgekit.train.training import train_reward as train_reward
    from judgekit.train.training import train_sft as train_sft

LAZY = {
    "DryRun": "loop.run",
    "PreferenceLoss": "objectives.losses",
    "TrainedModel": "loop.run",
    "curve_svg": "loop.curve",
    "merge_adapter": "merge",
    "plan_training": "training",
    "preference_loss": "objectives.losses",
    "reward_loss": "objectives.losses",
    "signs": "loop.overfitting",
    "train": "training",
    "train_dpo": "training",
    "train_ranker": "training",
    "train_reward": "training",
    "train_sft": "training",
}
EXTRA = {"accelerate", "bitsandbytes", "datasets", "peft", "safetensors", "tokenizers"}
EXTRA |= {"torch", "transformers"}

__all__ = ["DPO", "OBJECTIVES", "SFT", "ObjectiveEntry", "Ranker", "Recipe", "Reward", *LAZY]


def __getattr__(name: str) -> Any:
    if name not in LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(import_module(f"{__name__}.{LAZY[name]}"), name)
    except ModuleNotFoundError as error:
        if error.name not in EXTRA:
            raise
        raise InputError(f"training needs {error.name}; {install_hint('train')}") from error
