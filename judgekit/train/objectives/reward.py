"""Reward models: a score for an answer, learnt from preferences."""

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
    """Makes chosen answers score higher than rejected ones (Bradley and Terry 1952).

    Attributes:
        margins: By at least the pair's margin.
        soft: With the pair's probability as the label.
    """

    margins: bool = False
    soft: bool = False
    ends: bool = True

    def weight(self, examples: Sequence[Example]) -> int:
        return len(examples)

    def loss(self, scored: ScoredBatch) -> tuple[Tensor, Sums]:
        """The loss summed over pairs; metrics: the scores and their difference."""
        scores = scored.outputs.view(-1, 2)
        each = reward_loss(
            scores,
            margins=column(scored, "margin") if self.margins else None,
            probabilities=column(scored, "probability") if self.soft else None,
        )
        detached_scores = scores.detach()
        sums = {
            "margin": detached_scores[:, 0] - detached_scores[:, 1],
            "accuracy": accuracy(detached_scores),
            "reward_chosen": detached_scores[:, 0],
            "reward_rejected": detached_scores[:, 1],
        }
        return each.sum(), {name: (values.sum(), len(each)) for name, values in sums.items()}

    def measure(self, network: Any, scored: ScoredBatch) -> Sums:  # noqa: ARG002 (the protocol's)
        """No further metrics."""
        return {}


class RewardModelSource(LanguageModelSource):
    """A language model that becomes a reward model."""

    def load(self) -> RewardTrainingModel:
        model = super().load()
        return RewardTrainingModel(**{f.name: getattr(model, f.name) for f in fields(model)})


class RewardTrainingModel(LanguageTrainingModel):
    """A reward model in training; it is saved as a whole model, with its adapter merged."""

    def save(self, folder: Path, facts: Mapping[str, Any]) -> None:
        if not is_adapted(self.trainable.model):
            save_trained(self.trainable, folder, facts)
            return
        facts_file = folder / FACTS
        facts_file.unlink(missing_ok=True)
        with TemporaryDirectory(dir=folder, prefix="adapter-") as adapter:
            save_trained(self.trainable, Path(adapter), facts)
            # On the CPU: the GPU may have no room for a second model.
            merge_adapter(Path(adapter), folder, device="cpu", force=True)
            write_padding(folder, self.trainable.model.config.pad_token_id)
            (Path(adapter) / FACTS).replace(facts_file)


def write_padding(folder: Path, token: int) -> None:
    """Sets the padding token of a model's config to the one that it was trained with.

    The base model's may be the end of a turn: the score would be read one token too early.
    """
    file = folder / "config.json"
    config = orjson.loads(file.read_bytes())
    for part in (config, config.get("text_config")):
        if part is not None:
            part["pad_token_id"] = token
    write_file(file, orjson.dumps(config, option=PRETTY))


def column(scored: ScoredBatch, name: str) -> Tensor:
    """A number of each pair, [n]; `read` made sure that each pair has one."""
    return torch.tensor(
        [getattr(example, name) for example in scored.examples], device=scored.outputs.device
    )


def task(recipe: Reward) -> TrainingTask:
    """A reward model.

    Raises:
        InputError: Settings that exclude one another.
    """
    if recipe.use_margin and recipe.soft_labels:
        raise InputError("--use-margin and --soft-labels exclude each other; choose one")
    if recipe.template != "chat":
        raise InputError(
            "a reward model reads its chat template; leave out --template plain, and if the model "
            "has no template, add a chat_template.jinja to its folder"
        )
    objective = RewardObjective(recipe.use_margin, recipe.soft_labels)
    use = ModelUse(head="score", completions=2)
    find_model = partial(RewardModelSource, recipe, use, partial(read, recipe), make_encode)
    return TrainingTask("reward", recipe, objective, find_model)


def make_encode(tokenizer: Any, recipe: LanguageModelRecipe) -> Encode:
    """Pairs in the very tokens that the judge ``reward`` will read."""
    return RewardEncoder(tokenizer, max_length=recipe.max_length, name=recipe.model).pairs


def read(recipe: Reward, source: str | Path, limit: int | None) -> LoadedRows[PairRow]:
    """Raises `InputError` for a row that lacks the number to learn from."""
    pairs = read_pair_rows(source, limit=limit, columns=recipe.columns)
    for use, name, flag in (
        (recipe.use_margin, "margin", "--use-margin"),
        (recipe.soft_labels, "probability", "--soft-labels"),
    ):
        row = next((row for row in pairs.rows if use and getattr(row, name) is None), None)
        if row is not None:
            raise InputError(f"{row.place}: no {name}; each row needs one, or leave out {flag}")
    return pairs
