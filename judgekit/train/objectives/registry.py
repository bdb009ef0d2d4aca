"""The training objectives: one entry each, from which commands, dry runs and estimates derive.

To add an objective, write its module with a function `task` and add an entry here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from judgekit.errors import InputError
from judgekit.train.recipes.language_model import DPO, SFT, Reward
from judgekit.train.recipes.ranker import Ranker
from judgekit.train.recipes.recipe import Recipe

if TYPE_CHECKING:
    from judgekit.train.interfaces.task import TrainingTask

__all__ = ["OBJECTIVES", "ObjectiveEntry", "task_of"]


@dataclass(frozen=True, slots=True)
class ObjectiveEntry:
    """A training objective.

    Attributes:
        name: The command, as in ``judgekit train dpo``, and the name in train.json.
        recipe: The class of its settings; each field is a flag.
        module: The module that has ``task(recipe) -> TrainingTask``. It may import torch, so it is
            imported when a training starts or is planned.
        help: The command's help, in one line.
    """

    name: str
    recipe: type[Recipe]
    module: str
    help: str

    def task(self, recipe: Recipe) -> TrainingTask:
        """The training that a recipe describes.

        Args:
            recipe: Of this objective.

        Returns:
            What the trainer runs.

        Raises:
            InputError: The recipe's settings exclude one another.
        """
        task: TrainingTask = import_module(self.module).task(recipe)
        return task


OBJECTIVES: Sequence[ObjectiveEntry] = (
    ObjectiveEntry(
        "dpo",
        DPO,
        "judgekit.train.objectives.dpo",
        "Train on preference pairs: DPO, IPO, SimPO and other variants.",
    ),
    ObjectiveEntry(
        "sft",
        SFT,
        "judgekit.train.objectives.sft",
        "Train on answers: supervised fine-tuning.",
    ),
    ObjectiveEntry(
        "reward",
        Reward,
        "judgekit.train.objectives.reward",
        "Train a reward model on preference pairs; the judge `reward` loads it.",
    ),
    ObjectiveEntry(
        "ranker",
        Ranker,
        "judgekit.train.objectives.ranker",
        "Train a PairRM on preference pairs or measured candidates; the judge `pairrm` loads it.",
    ),
)


def task_of(recipe: Recipe) -> TrainingTask:
    """The training that a recipe of any registered objective describes.

    Raises:
        InputError: No objective has recipes of this class, or its settings exclude one another.
    """
    for entry in OBJECTIVES:
        if type(recipe) is entry.recipe:
            return entry.task(recipe)
    names = ", ".join(entry.recipe.__name__ for entry in OBJECTIVES)
    raise InputError(f"{type(recipe).__name__!r} is no recipe of an objective; take one of {names}")
