"""Language models as what a training starts from: DPO's and SFT's policies, and reward models."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from judgekit.models.loading import Checkpoint
from judgekit.train.data.dataset import Dataset, Read, prepare
from judgekit.train.data.encoding import EncodedRows, Encoder
from judgekit.train.data.examples import Example
from judgekit.train.data.rows import Conversation
from judgekit.train.data.transcripts import format_transcript
from judgekit.train.estimate.memory import estimate
from judgekit.train.interfaces.events import LogRow
from judgekit.train.interfaces.schedule import TrainingPlan
from judgekit.train.interfaces.trainable import OnProgress
from judgekit.train.network import checkpoints
from judgekit.train.network.lora import Head, TrainableModel, check_model, load_trainable
from judgekit.train.network.policy import Policy, Scorer, choose_path
from judgekit.train.network.reference_logprobs import ReferenceLogprobs, ReferenceStore
from judgekit.train.network.samples import sample_answers
from judgekit.train.network.saving import base_name, save_adapter, save_trained
from judgekit.train.recipes.language_model import Recipe

__all__ = ["LanguageModelSource", "LanguageTrainingModel", "as_text"]

STORE = Path(".judgekit/reference.db")
EncodeWith = Callable[[Encoder, Sequence[Any]], EncodedRows]


@dataclass(frozen=True)
class LanguageModelSource:
    """A causal language model (`head` ``lm``), or one with a head of one output (``score``)."""

    checkpoint: Checkpoint
    recipe: Recipe
    read: Read
    encode: EncodeWith
    head: Head = "lm"
    compares: bool = False  # whether the objective wants the reference's log-probabilities

    @classmethod
    def find(
        cls,
        recipe: Recipe,
        read: Read,
        encode: EncodeWith,
        *,
        head: Head = "lm",
        compares: bool = False,
    ) -> LanguageModelSource:
        """Finds and checks the recipe's model, by its small files."""
        return cls(check_model(recipe), recipe, read, encode, head, compares)

    @cached_property
    def fingerprint(self) -> str:
        return self.checkpoint.fingerprint

    @property
    def device(self) -> torch.device:
        found: torch.device = self.checkpoint.device
        return found

    @property
    def dtype(self) -> torch.dtype:
        found: torch.dtype = self.checkpoint.dtype
        return found

    def dataset(self, source: str | Path) -> Dataset:
        at = self.recipe
        encoder = Encoder(
            self.checkpoint.load_tokenizer(),
            template=at.template,
            max_length=at.max_length,
            max_prompt_length=at.max_prompt_length,
            name=at.model,
        )
        return prepare(self.read, lambda rows: self.encode(encoder, rows), source, at)

    def estimate(self, dataset: Dataset) -> Mapping[str, Any]:
        return estimate(self.checkpoint, self.recipe, dataset.tokens).as_dict()

    def load(self) -> LanguageTrainingModel:
        trainable = load_trainable(self.recipe, head=self.head)
        path, reason = choose_path(trainable.model, self.recipe.path, self.recipe.max_length)
        make: Callable[..., Policy | Scorer] = Policy if self.head == "lm" else Scorer
        network = make(trainable.model, path=path)
        return LanguageTrainingModel(trainable, network, path, reason, self.compares)


@dataclass(frozen=True)
class LanguageTrainingModel:
    """A language model in training."""

    trainable: TrainableModel
    network: Policy | Scorer
    path: str
    reason: str
    compares: bool

    def reference(
        self, examples: Sequence[Example], plan: TrainingPlan, told: OnProgress
    ) -> torch.Tensor | None:
        if not (self.compares and examples):
            return None
        store = ReferenceStore(STORE)
        return ReferenceLogprobs(self.network, self.trainable.fingerprint, store, plan).of(
            examples, told
        )

    def sample(self, dataset: Dataset, count: int) -> list[LogRow]:
        if self.trainable.head != "lm":
            return []
        rows = dataset.shown[:count]
        prompts = [example.prompt for example in dataset.held_out.examples[:count]]
        said = sample_answers(self.trainable.model, self.trainable.tokenizer, prompts)
        return [
            {"place": row.place, "prompt": as_text(row.prompt), "answer": answer}
            for row, answer in zip(rows, said, strict=True)
        ]

    def keep(self, folder: Path) -> None:
        if hasattr(self.trainable.model, "peft_config"):
            save_adapter(self.trainable.model, folder, base_name(self.trainable.checkpoint))
        else:
            checkpoints.save_whole(self.trainable.model, folder)

    def restore(self, folder: Path) -> None:
        if hasattr(self.trainable.model, "peft_config"):
            checkpoints.load_adapter(self.trainable.model, folder)
        else:
            checkpoints.load_whole(self.trainable.model, folder)

    def save(self, folder: Path, facts: Mapping[str, Any]) -> None:
        save_trained(self.trainable, folder, facts)


def as_text(prompt: Conversation | str) -> str:
    """A prompt for people: one message as it is, more of them as a transcript."""
    if isinstance(prompt, str):
        return prompt
    return prompt[0].content if len(prompt) == 1 else format_transcript(prompt)
