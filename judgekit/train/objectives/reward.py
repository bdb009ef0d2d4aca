"""Reward models: one number for an answer, learnt from which of two is better."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson
import torch
from torch import Tensor

from judgekit.errors import InputError
from judgekit.io.files import write_file
from judgekit.train.data.dataset import Dataset, prepare
from judgekit.train.data.encoding import Encoder
from judgekit.train.data.examples import Example
from judgekit.train.data.reward_encoding import RewardEncoder
from judgekit.train.data.rows import PairRow
from judgekit.train.data.rows_reader import Intake, read_pair_rows
from judgekit.train.interfaces.events import OnEvent
from judgekit.train.interfaces.objective import Scored, Sums
from judgekit.train.loop.run import Task, Tuned, run
from judgekit.train.merge import merge
from judgekit.train.network.saving import PRETTY, save_tuned
from judgekit.train.objectives.language import Language, Tuning
from judgekit.train.objectives.losses import accuracy, reward_loss
from judgekit.train.recipes.language_model import Reward

__all__ = ["Compared", "task", "train_reward"]


@dataclass(frozen=True)
class Compared:
    """The objective: that chosen answers score higher than rejected ones (Bradley and Terry).

    `margins`: by at least the pair's margin. `soft`: as surely as the pair's probability says.
    """

    margins: bool = False
    soft: bool = False
    ends: bool = True

    def weight(self, examples: Sequence[Example]) -> int:
        return len(examples)

    def loss(self, scored: Scored) -> tuple[Tensor, Sums]:
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

    def measure(self, network: Any, scored: Scored) -> Sums:  # noqa: ARG002 (the protocol's)
        """Nothing more."""
        return {}


class RewardStart(Language):
    """A model that becomes a reward model: its pairs are shown as the judge shows them."""

    def dataset(self, source: str | Path) -> Dataset:
        at = self.recipe
        encoder = RewardEncoder(
            self.checkpoint.load_tokenizer(), max_length=at.max_length, name=at.model
        )
        return prepare(self.read, encoder.pairs, source, at)

    def load(self) -> RewardTuning:
        return RewardTuning(**vars(super().load()))


class RewardTuning(Tuning):
    """A reward model in training; it is saved whole, its adapter merged."""

    def save(self, folder: Path, facts: Mapping[str, Any]) -> None:
        if not hasattr(self.trainable.model, "peft_config"):
            save_tuned(self.trainable, folder, facts)
            return
        told = folder / "train.json"
        told.unlink(missing_ok=True)
        with TemporaryDirectory(dir=folder, prefix="adapter-") as adapter:
            save_tuned(self.trainable, Path(adapter), facts)
            # Where the model that was trained is not: there may be no room for a second one.
            merge(Path(adapter), folder, device="cpu", force=True)
            write_padding(folder, self.trainable.model.config.pad_token_id)
            (Path(adapter) / "train.json").replace(told)


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


def column(scored: Scored, name: str) -> Tensor:
    """A number of each pair, [n]; that each has one was seen to when the rows were read."""
    return torch.tensor(
        [getattr(example, name) for example in scored.examples], device=scored.outputs.device
    )


def train_reward(
    data: str | Path,
    recipe: Reward,
    *,
    out: Path,
    resume: bool = False,
    force: bool = False,
    on_event: OnEvent | None = None,
) -> Tuned:
    """Makes a reward model of the recipe's model, and saves it in `out` as a whole model.

    `data` as `intake.read_pair_rows` takes it; with `use_margin` each row has a margin, with
    `soft_labels` a probability. `out` holds a sequence classifier of one output with its tokenizer
    and chat template, which transformers and the judge ``reward`` load. Everything else as
    `dpo.train_dpo`.
    """
    return run(task(recipe), data, recipe, out=out, resume=resume, force=force, on_event=on_event)


def task(recipe: Reward) -> Task:
    """What `train_reward` does. Raises `InputError` for settings that exclude one another."""
    if recipe.use_margin and recipe.soft_labels:
        raise InputError("use_margin and soft_labels exclude one another; choose one")
    if recipe.template != "chat":
        raise InputError(
            "a reward model is asked through its chat template; leave out --template plain, and "
            "where the model has none, add a chat_template.jinja to its folder"
        )
    objective = Compared(recipe.use_margin, recipe.soft_labels)
    find = partial(RewardStart.find, recipe, partial(read, recipe), Encoder.pairs, head="score")
    return Task("reward", objective, find)


def read(recipe: Reward, source: str | Path, limit: int | None) -> Intake[PairRow]:
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
