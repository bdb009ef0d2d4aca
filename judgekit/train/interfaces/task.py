"""A training as an objective states it: recipe, loss and model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from judgekit.train.interfaces.objective import Objective
from judgekit.train.interfaces.trainable import ModelSource
from judgekit.train.recipes.recipe import Recipe

__all__ = ["Start", "TrainingTask"]

Start = Literal["new", "resume", "restart"]
"""``new``: the folder must hold no training. ``resume``: continue from its newest complete
checkpoint, or begin where it holds none. ``restart``: remove the training that it holds."""


@dataclass(frozen=True)
class TrainingTask:
    """What is trained, by which recipe, towards which objective.

    Attributes:
        name: The objective's name in the registry; it is written to `training.json`.
        recipe: The settings.
        objective: The loss and the metrics.
        find_model: Finds and checks the model to start from, by its small files alone.
    """

    name: str
    recipe: Recipe
    objective: Objective
    find_model: Callable[[], ModelSource]
