"""The plan of a training, made once the number of rows is known."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from judgekit.train.interfaces.distributed import Processes
from judgekit.train.interfaces.order import RowOrder
from judgekit.train.recipes.recipe import Recipe

__all__ = ["TrainingPlan"]


@dataclass(frozen=True)
class TrainingPlan:
    """A training's recipe, device, compute dtype, number of steps and processes."""

    recipe: Recipe
    device: torch.device
    dtype: torch.dtype
    steps: int
    processes: Processes

    def order(self, rows: int) -> RowOrder:
        """The order in which this process sees that many rows."""
        recipe = self.recipe
        return RowOrder(
            rows=rows,
            batch_size=recipe.batch_size,
            accumulate=recipe.accumulate,
            steps=self.steps,
            seed=recipe.seed,
            rank=self.processes.rank,
            processes=self.processes.count,
        )

    def measures(self, step: int) -> bool:
        """Whether the held-out rows are evaluated after this step."""
        return step % (self.recipe.eval_every or self._tenth) == 0 or step == self.steps

    def saves(self, step: int) -> bool:
        """Whether a checkpoint is written after this step."""
        return step % (self.recipe.save_every or self._tenth) == 0 or step == self.steps

    @property
    def _tenth(self) -> int:
        return max(1, self.steps // 10)
