"""Preference optimisation of a language model: DPO and its relatives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from torch import Tensor

from judgekit.train.data.encoding import EncodedRows, Encoder
from judgekit.train.data.examples import Example
from judgekit.train.data.rows import PairRow
from judgekit.train.data.rows_reader import LoadedRows, read_pair_rows
from judgekit.train.interfaces.events import OnEvent
from judgekit.train.interfaces.objective import ScoredBatch, Sums
from judgekit.train.loop.run import TrainedModel, TrainingTask, run
from judgekit.train.objectives.language import LanguageModelSource
from judgekit.train.objectives.losses import PreferenceLoss, accuracy, preference_loss, rewards
from judgekit.train.recipes.language_model import DPO

__all__ = ["PreferenceObjective", "task", "train_dpo"]

# Of implicit rewards: the reference was computed beside other rows, which moves the last digits.
SAME = 1e-4
SIDES = ("chosen", "rejected")


@dataclass(frozen=True)
class PreferenceObjective:
    """The objective: that chosen answers are preferred to rejected ones."""

    how: PreferenceLoss
    ends: bool = False

    def weight(self, examples: Sequence[Example]) -> int:
        return len(examples)

    def loss(self, scored: ScoredBatch) -> tuple[Tensor, Sums]:
        """Summed over pairs; beside it the implicit rewards and the answers' tokens."""
        policy, lengths = by_pair(scored.outputs), by_pair(scored.lengths)
        each = preference_loss(policy, scored.reference, lengths, self.how)
        gained = rewards(policy, scored.reference, self.how, lengths)
        pairs = len(each)
        sums = {"margin": gained[:, 0] - gained[:, 1], "accuracy": accuracy(gained, SAME)}
        for side, name in enumerate(SIDES):
            sums[f"reward_{name}"] = gained[:, side]
            sums[f"{name}_length"] = lengths[:, side]
        return each.sum(), {name: (values.sum(), pairs) for name, values in sums.items()}

    def measure(self, network: Any, scored: ScoredBatch) -> Sums:
        """Per token of chosen and rejected: log-probability, and KL from the reference."""
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


def train_dpo(
    data: str | Path,
    recipe: DPO,
    *,
    out: Path,
    resume: bool = False,
    force: bool = False,
    on_event: OnEvent | None = None,
) -> TrainedModel:
    """Trains the recipe's model on preferences, and saves it in `out`.

    `data` is a file or a hub id (`intake.read_pair_rows`). `resume` goes on from the newest whole
    checkpoint in `out`, `force` starts again there. Under torchrun every process calls this; the
    first one writes. Raises `InputError` for data, a recipe or a folder that cannot be used, before
    any weight is read, `EngineError` where the weights cannot be, and `TrainingError` where the
    training cannot go on; its checkpoints stay.
    """
    return run(task(recipe), data, recipe, out=out, resume=resume, force=force, on_event=on_event)


def task(recipe: DPO) -> TrainingTask:
    """What `train_dpo` does."""
    beta = recipe.beta if recipe.beta is not None else 2.0 if recipe.loss == "simpo" else 0.1
    how = PreferenceLoss(recipe.loss, beta, recipe.label_smoothing, recipe.gamma)
    find = partial(LanguageModelSource.find, recipe, read, encode, compares=recipe.loss != "simpo")
    return TrainingTask("dpo", PreferenceObjective(how), find)


def read(source: str | Path, limit: int | None) -> LoadedRows[PairRow]:
    return read_pair_rows(source, limit=limit)


def encode(encoder: Encoder, rows: Sequence[PairRow]) -> EncodedRows:
    return encoder.pairs(rows)
