"""Preference pairs → a better model: DPO and its relatives, in 4 bits or whole.

`rows` are read and checked (`intake`) and become tokens (`encoding`) before any weight is loaded.
A `policy` gives the log-probabilities of completions, the pure `losses` make a number of them, and
`trainer` moves the adapter. This package sees pairs and models; of judging it knows nothing.

What needs torch is imported when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from judgekit.errors import InputError
from judgekit.installing import install_hint
from judgekit.train.recipes.language_model import DPO, SFT, Reward

if TYPE_CHECKING:
    from judgekit.train.loop.run import Tuned as Tuned
    from judgekit.train.merge import merge as merge
    from judgekit.train.objectives.dpo import train_dpo as train_dpo
    from judgekit.train.objectives.dry_run import plan_training as plan_training
    from judgekit.train.objectives.ranker import train_ranker as train_ranker
    from judgekit.train.objectives.reward import train_reward as train_reward
    from judgekit.train.objectives.sft import train_sft as train_sft
    from judgekit.train.recipes.ranker import Ranker as Ranker

LAZY = {
    "Ranker": "recipes.ranker",
    "Tuned": "loop.run",
    "merge": "merge",
    "plan_training": "objectives.dry_run",
    "train_dpo": "objectives.dpo",
    "train_ranker": "objectives.ranker",
    "train_reward": "objectives.reward",
    "train_sft": "objectives.sft",
}
EXTRA = {"accelerate", "bitsandbytes", "datasets", "peft", "safetensors", "tokenizers"}
EXTRA |= {"torch", "transformers"}

__all__ = ["DPO", "SFT", "Reward", *LAZY]


def __getattr__(name: str) -> Any:
    if name not in LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(import_module(f"{__name__}.{LAZY[name]}"), name)
    except ModuleNotFoundError as error:
        if error.name not in EXTRA:
            raise
        raise InputError(f"training needs {error.name}; {install_hint('train')}") from error
