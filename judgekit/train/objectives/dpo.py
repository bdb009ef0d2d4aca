"""Preference optimization of a language model: DPO and its variants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from torch import Tensor

from judgekit.train.data.dataset import Encode
from judgekit.train.data.examples import Example
from judgekit.train.data.rows import PairRow
from judgekit.train.data.rows_reader import LoadedRows, read_pair_rows
from judgekit.train.interfaces.model_use import ModelUse
from judgekit.train.interfaces.objective import ScoredBatch, Sums
from judgekit.train.interfaces.task import TrainingTask
from judgekit.train.objectives.language import LanguageModelSource, text_encoder
from judgekit.train.objectives.losses import PreferenceLoss, accuracy, preference_loss, rewards
from judgekit.train.recipes.language_model import DPO, LanguageModelRecipe

__all__ = ["PreferenceObjective", "task"]

# Differences of implicit rewards up to this are ties: the reference was computed in other batches,
# which changes the last digits.
TIE = 1e-4
SIDES = ("chosen", "rejected")


@dataclass(frozen=True)
class PreferenceObjective:
    """Makes chosen answers more likely than rejected ones."""

    function: PreferenceLoss
    ends: bool = False

    def weight(self, examples: Sequence[Example]) -> int:
        return len(examples)

    def loss(self, scored: ScoredBatch) -> tuple[Tensor, Sums]:
        """The loss summed over pairs; metrics: implicit rewards and answer lengths in tokens."""
        policy, lengths = by_pair(scored.outputs), by_pair(scored.lengths)
        each = preference_loss(policy, scored.reference, lengths, self.function)
        implied = rewards(policy, scored.reference, self.function, lengths)
        pairs = len(each)
        sums = {"margin": implied[:, 0] - implied[:, 1], "accuracy": accuracy(implied, TIE)}
        for side, name in enumerate(SIDES):
            sums[f"reward_{name}"] = implied[:, side]
            sums[f"{name}_length"] = lengths[:, side]
        return each.sum(), {name: (values.sum(), pairs) for name, values in sums.items()}

    def measure(self, network: Any, scored: ScoredBatch) -> Sums:
        """Per token of chosen and rejected answers: log-probability and KL from the reference."""
        values = {"logp": by_pair(scored.outputs)}
        if hasattr(network.model, "disable_adapter"):
            values["kl"] = by_pair(network.divergence(scored.inputs))
        tokens = [
            sum(len(example.completions[side]) for example in scored.examples) for side in (0, 1)
        ]
        return {
            f"{measure}_{name}": (of[:, side].sum(), tokens[side])
            for measure, of in values.items()
            for side, name in enumerate(SIDES)
        }


def by_pair(values: Tensor) -> Tensor:
    """Values of completions [2n] as [n, 2]: chosen, rejected."""
    return values.view(-1, 2)


def task(recipe: DPO) -> TrainingTask:
    """DPO, or the variant that the recipe's loss names."""
    beta = recipe.beta if recipe.beta is not None else 2.0 if recipe.loss == "simpo" else 0.1
    loss = PreferenceLoss(recipe.loss, beta, recipe.label_smoothing, recipe.gamma)
    use = ModelUse(completions=2, reference=recipe.loss != "simpo")
    find_model = partial(LanguageModelSource, recipe, use, partial(read, recipe), make_encode)
    return TrainingTask("dpo", recipe, PreferenceObjective(loss), find_model)


def read(recipe: DPO, source: str | Path, limit: int | None) -> LoadedRows[PairRow]:
    return read_pair_rows(source, limit=limit, columns=recipe.columns)


def make_encode(tokenizer: Any, recipe: LanguageModelRecipe) -> Encode:
    return text_encoder(tokenizer, recipe).pairs
