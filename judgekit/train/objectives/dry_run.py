"""What a training would be, before any weight is read."""

from __future__ import annotations

from pathlib import Path

from judgekit.train.loop.run import DryRun, dry_run
from judgekit.train.objectives import dpo, ranker, reward, sft
from judgekit.train.recipes.language_model import DPO, SFT, Reward
from judgekit.train.recipes.ranker import Ranker

__all__ = ["plan_training"]


def plan_training(data: str | Path, recipe: DPO | SFT | Reward | Ranker) -> DryRun:
    """Checks data and recipe, and estimates memory, time and steps. Raises `InputError`."""
    match recipe:
        case DPO():
            return dry_run(dpo.task(recipe), data, recipe)
        case SFT():
            return dry_run(sft.task(recipe), data, recipe)
        case Reward():
            return dry_run(reward.task(recipe), data, recipe)
        case Ranker():
            return dry_run(ranker.task(recipe), data, recipe.loop())
