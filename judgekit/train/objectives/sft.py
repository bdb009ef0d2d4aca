"""Supervised fine-tuning: a language model learns to give the answers that it is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from torch import Tensor

from judgekit.train.data.encoding import Encoded, Encoder
from judgekit.train.data.examples import Example
from judgekit.train.data.rows import TextRow
from judgekit.train.data.rows_reader import Intake, read_text_rows
from judgekit.train.interfaces.events import OnEvent
from judgekit.train.interfaces.objective import Scored, Sums
from judgekit.train.loop.run import Task, Tuned, run
from judgekit.train.objectives.language import Language
from judgekit.train.recipes.language_model import SFT

__all__ = ["Imitated", "task", "train_sft"]


@dataclass(frozen=True)
class Imitated:
    """The objective: the answers' tokens, each as likely as can be; a mean over tokens.

    So a long answer counts as many times as it has tokens, whatever it is passed together with.
    """

    ends: bool = False

    def weight(self, examples: Sequence[Example]) -> int:
        return sum(len(tokens) for example in examples for tokens in example.completions)

    def loss(self, scored: Scored) -> tuple[Tensor, Sums]:
        """Summed over tokens; beside it the answers' mean length."""
        lengths = scored.lengths
        return -scored.outputs.sum(), {"length": (lengths.sum(), len(lengths))}

    def measure(self, network: Any, scored: Scored) -> Sums:
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
) -> Tuned:
    """Trains the recipe's model to give the answers in `data`, and saves it in `out`.

    `data` as `intake.read_text_rows` takes it; everything else as `dpo.train_dpo`.
    """
    return run(task(recipe), data, recipe, out=out, resume=resume, force=force, on_event=on_event)


def task(recipe: SFT) -> Task:
    """What `train_sft` does."""
    return Task("sft", Imitated(), partial(Language.find, recipe, read, encode))


def read(source: str | Path, limit: int | None) -> Intake[TextRow]:
    return read_text_rows(source, limit=limit)


def encode(encoder: Encoder, rows: Sequence[TextRow]) -> Encoded:
    return encoder.texts(rows)
