"""Supervised fine-tuning: a language model learns to give the answers that it is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from torch import Tensor

from judgekit.train.data.encoding import EncodedRows, Encoder
from judgekit.train.data.examples import Example
from judgekit.train.data.rows import TextRow
from judgekit.train.data.rows_reader import LoadedRows, read_text_rows
from judgekit.train.interfaces.events import OnEvent
from judgekit.train.interfaces.objective import ScoredBatch, Sums
from judgekit.train.loop.run import TrainedModel, TrainingTask, run
from judgekit.train.objectives.language import LanguageModelSource
from judgekit.train.recipes.language_model import SFT

__all__ = ["ImitationObjective", "task", "train_sft"]


@dataclass(frozen=True)
class ImitationObjective:
    """The objective: the answers' tokens, each as likely as can be; a mean over tokens.

    So a long answer counts as many times as it has tokens, whatever it is passed together with.
    """

    ends: bool = False

    def weight(self, examples: Sequence[Example]) -> int:
        return sum(len(tokens) for example in examples for tokens in example.completions)

    def loss(self, scored: ScoredBatch) -> tuple[Tensor, Sums]:
        """Summed over tokens; beside it the answers' mean length."""
        lengths = scored.lengths
        return -scored.outputs.sum(), {"length": (lengths.sum(), len(lengths))}

    def measure(self, network: Any, scored: ScoredBatch) -> Sums:
        """Per token: KL from the model that training started from."""
        if not hasattr(network.model, "disable_adapter"):
            return {}
        return {"kl": (network.divergence(scored.inputs).sum(), self.weight(scored.examples))}


def train_sft(
    data: str | Path,
    recipe: SFT,
    *,
    out: Path,
    resume: bool = False,
    force: bool = False,
    on_event: OnEvent | None = None,
) -> TrainedModel:
    """Trains the recipe's model to give the answers in `data`, and saves it in `out`.

    `data` as `intake.read_text_rows` takes it; everything else as `dpo.train_dpo`.
    """
    return run(task(recipe), data, recipe, out=out, resume=resume, force=force, on_event=on_event)


def task(recipe: SFT) -> TrainingTask:
    """What `train_sft` does."""
    return TrainingTask(
        "sft", ImitationObjective(), partial(LanguageModelSource.find, recipe, read, encode)
    )


def read(source: str | Path, limit: int | None) -> LoadedRows[TextRow]:
    return read_text_rows(source, limit=limit)


def encode(encoder: Encoder, rows: Sequence[TextRow]) -> EncodedRows:
    return encoder.texts(rows)
