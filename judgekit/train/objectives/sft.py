"""Supervised fine-tuning: a language model learns to give the answers in the data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from torch import Tensor

from judgekit.train.data.dataset import Encode
from judgekit.train.data.examples import Example
from judgekit.train.data.rows import TextRow
from judgekit.train.data.rows_reader import LoadedRows, read_text_rows
from judgekit.train.interfaces.model_use import ModelUse
from judgekit.train.interfaces.objective import ScoredBatch, Sums
from judgekit.train.interfaces.task import TrainingTask
from judgekit.train.objectives.language import LanguageModelSource, text_encoder
from judgekit.train.recipes.language_model import SFT, LanguageModelRecipe

__all__ = ["ImitationObjective", "task"]


@dataclass(frozen=True)
class ImitationObjective:
    """The negative log-likelihood of the answers' tokens, a mean over tokens.

    A long answer counts as often as it has tokens, whichever rows share its batch.
    """

    ends: bool = False

    def weight(self, examples: Sequence[Example]) -> int:
        return sum(len(tokens) for example in examples for tokens in example.completions)

    def loss(self, scored: ScoredBatch) -> tuple[Tensor, Sums]:
        """The loss summed over tokens; metric: the answers' length in tokens."""
        lengths = scored.lengths
        return -scored.outputs.sum(), {"length": (lengths.sum(), len(lengths))}

    def measure(self, network: Any, scored: ScoredBatch) -> Sums:
        """KL per token from the model that training started from."""
        if not hasattr(network.model, "disable_adapter"):
            return {}
        return {"kl": (network.divergence(scored.inputs).sum(), self.weight(scored.examples))}


def task(recipe: SFT) -> TrainingTask:
    """Supervised fine-tuning."""
    use, rows = ModelUse(completions=1), partial(read, recipe)
    find_model = partial(LanguageModelSource, recipe, use, rows, make_encode)
    return TrainingTask("sft", recipe, ImitationObjective(), find_model)


def read(recipe: SFT, source: str | Path, limit: int | None) -> LoadedRows[TextRow]:
    return read_text_rows(source, limit=limit, columns=recipe.columns)


def make_encode(tokenizer: Any, recipe: LanguageModelRecipe) -> Encode:
    return text_encoder(tokenizer, recipe).texts
