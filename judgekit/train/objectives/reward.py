"""Reward models: one number for an answer, learnt from which of two is better."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson
import torch
from torch import Tensor

from judgekit.errors import InputError
from judgekit.io.files import write_file
from judgekit.train.data.dataset import Encode
from judgekit.train.data.examples import Example
from judgekit.train.data.reward_encoding import RewardEncoder
from judgekit.train.data.rows import PairRow
from judgekit.train.data.rows_reader import LoadedRows, read_pair_rows
from judgekit.train.interfaces.model_use import ModelUse
from judgekit.train.interfaces.objective import ScoredBatch, Sums
from judgekit.train.interfaces.task import TrainingTask
from judgekit.train.merge import merge_adapter
from judgekit.train.network.saving import FACTS, PRETTY, is_adapted, save_trained
from judgekit.train.objectives.language import LanguageModelSource, LanguageTrainingModel
from judgekit.train.objectives.losses import accuracy, reward_loss
from judgekit.train.recipes.language_model import LanguageModelRecipe, Reward

__all__ = ["RewardObjective", "task"]


@dataclass(frozen=True)
class RewardObjective:
    """The objective: that chosen answers score higher than rejected ones (Bradley and Terry).

    `margins`: by at least the pair's margin. `soft`: as surely as the pair's probability says.
    """

    margins: bool = False
    soft: bool = False
    ends: bool = True

    def weight(self, examples: Sequence[Example]) -> int:
        return len(examples)

    def loss(self, scored: ScoredBatch) -> tuple[Tensor, Sums]:
        """Summed over pairs; beside it how the scores differ, and where they lie."""
        scores = scored.outputs.view(-1, 2)
        each = reward_loss(
            scores,
            margins=column(scored, "margin") if self.margins else None,
            probabilities=column(scored, "probability") if self.soft else None,
        )
        found = scores.detach()
        sums = {
            "margin": found[:, 0] - found[:, 1],
            "accuracy": accuracy(found),
            "reward_chosen": found[:, 0],
            "reward_rejected": found[:, 1],
        }
        return each.sum(), {name: (values.sum(), len(each)) for name, values in sums.items()}

    def measure(self, network: Any, scored: ScoredBatch) -> Sums:  # noqa: ARG002 (the protocol's)
        """Nothing more."""
        return {}


class RewardModelSource(LanguageModelSource):
    """A language model that becomes a reward model."""

    def load(self) -> RewardTrainingModel:
        model = super().load()
        return RewardTrainingModel(**{f.name: getattr(model, f.name) for f in fields(model)})


class RewardTrainingModel(LanguageTrainingModel):
    """A reward model in training; it is saved whole, its adapter merged."""

    def save(self, folder: Path, facts: Mapping[str, Any]) -> None:
        if not is_adapted(self.trainable.model):
            save_trained(self.trainable, folder, facts)
            return
        facts_file = folder / FACTS
        facts_file.unlink(missing_ok=True)
        with TemporaryDirectory(dir=folder, prefix="adapter-") as adapter:
            save_trained(self.trainable, Path(adapter), facts)
            # Where the model that was trained is not: there may be no room for a second one.
            merge_adapter(Path(adapter), folder, device="cpu", force=True)
            write_padding(folder, self.trainable.model.config.pad_token_id)
            (Path(adapter) / FACTS).replace(facts_file)


def write_padding(folder: Path, token: int) -> None:
    """Names in a model's config the token that it was trained to take for padding.

    The base's own may be the end of a turn: the score would be read one token too early.
    """
    file = folder / "config.json"
    config = orjson.loads(file.read_bytes())
    for part in (config, config.get("text_config")):
        if part is not None:
            part["pad_token_id"] = token
    write_file(file, orjson.dumps(config, option=PRETTY))


def column(scored: ScoredBatch, name: str) -> Tensor:
    """A number of each pair, [n]; that each has one was seen to when the rows were read."""
    return torch.tensor(
        [getattr(example, name) for example in scored.examples], device=scored.outputs.device
    )


def task(recipe: Reward) -> TrainingTask:
    """A reward model.

    Raises:
        InputError: Settings that exclude one another.
    """
    if recipe.use_margin and recipe.soft_labels:
        raise InputError("use_margin and soft_labels exclude one another; choose one")
    if recipe.template != "chat":
        raise InputError(
            "a reward model is asked through its chat template; leave out --template plain, and "
            "where the model has none, add a chat_template.jinja to its folder"
        )
    objective = RewardObjective(recipe.use_margin, recipe.soft_labels)
    use = ModelUse(head="score", completions=2)
    find_model = partial(RewardModelSource, recipe, use, partial(read, recipe), make_encode)
    return TrainingTask("reward", recipe, objective, find_model)


def make_encode(tokenizer: Any, recipe: LanguageModelRecipe) -> Encode:
    """Pairs in the very tokens that the judge ``reward`` will read."""
    return RewardEncoder(tokenizer, max_length=recipe.max_length, name=recipe.model).pairs


def read(recipe: Reward, source: str | Path, limit: int | None) -> LoadedRows[PairRow]:
    """Raises `InputError` for a row that lacks the number that is to be learnt from."""
    found = read_pair_rows(source, limit=limit)
    for wanted, name, flag in (
        (recipe.use_margin, "margin", "--use-margin"),
        (recipe.soft_labels, "probability", "--soft-labels"),
    ):
        row = next((row for row in found.rows if wanted and getattr(row, name) is None), None)
        if row is not None:
            raise InputError(f"{row.place}: no {name}; each row needs one, or leave out {flag}")
    return found
