"""How a training goes, once its rows are known."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from judgekit.train.interfaces.distributed import Processes
from judgekit.train.interfaces.order import RowOrder
from judgekit.train.recipes.recipe import Recipe

__all__ = ["TrainingPlan"]


@dataclass(frozen=True)
class TrainingPlan:
    """A training's recipe, where and in what it computes, its steps, and who takes part."""

    recipe: Recipe
    device: torch.device
    dtype: torch.dtype
    steps: int
    processes: Processes

    def order(self, rows: int) -> RowOrder:
        """Which of that many rows this process sees, pass by pass."""
        at = self.recipe
        return RowOrder(
            rows=rows,
            batch_size=at.batch_size,
            accumulate=at.accumulate,
            steps=self.steps,
            seed=at.seed,
            rank=self.processes.rank,
            processes=self.processes.count,
        )

    def measures(self, step: int) -> bool:
        """Whether the held-out rows are measured after this step."""
        return step % (self.recipe.eval_every or self._tenth) == 0 or step == self.steps

    def saves(self, step: int) -> bool:
        """Whether a checkpoint is written after this step."""
        return step % (self.recipe.save_every or self._tenth) == 0 or step == self.steps

    @property
    def _tenth(self) -> int:
        return max(1, self.steps // 10)
