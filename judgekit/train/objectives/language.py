"""Language models as models to train: DPO's and SFT's policies, and reward models."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from judgekit.models.loading import Checkpoint
from judgekit.train.data.dataset import Dataset, Encode, Read, prepare
from judgekit.train.data.encoding import Encoder
from judgekit.train.data.examples import Example
from judgekit.train.data.rows import Conversation
from judgekit.train.data.transcripts import format_transcript
from judgekit.train.estimate.memory import estimate
from judgekit.train.interfaces.events import LogRow
from judgekit.train.interfaces.model_use import ModelUse
from judgekit.train.interfaces.schedule import TrainingPlan
from judgekit.train.interfaces.trainable import OnProgress
from judgekit.train.network import checkpoints
from judgekit.train.network.continue_adapter import read_config
from judgekit.train.network.lora import TrainableModel, check_model, load_trainable
from judgekit.train.network.policy import Policy, Scorer, choose_path
from judgekit.train.network.reference_logprobs import ReferenceLogprobs, ReferenceStore
from judgekit.train.network.samples import sample_answers
from judgekit.train.network.saving import base_name, is_adapted, save_adapter, save_trained
from judgekit.train.recipes.language_model import LanguageModelRecipe

__all__ = ["LanguageModelSource", "LanguageTrainingModel", "prompt_text", "text_encoder"]

STORE = Path(".judgekit/reference.db")

MakeEncode = Callable[[Any, LanguageModelRecipe], Encode]  # of a tokenizer and the recipe


@dataclass(frozen=True)
class LanguageModelSource:
    """The recipe's language model, found and checked by its small files.

    Attributes:
        recipe: The settings.
        use: How the objective uses the model.
        read: Reads rows of the data.
        make_encode: Gives the function that makes tokens of rows.

    Raises:
        InputError: See `check_model`.
    """

    recipe: LanguageModelRecipe
    use: ModelUse
    read: Read
    make_encode: MakeEncode
    checkpoint: Checkpoint = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "checkpoint", check_model(self.recipe, head=self.use.head))

    @cached_property
    def fingerprint(self) -> str:
        return self.checkpoint.fingerprint

    @property
    def device(self) -> torch.device:
        device: torch.device = self.checkpoint.device
        return device

    @property
    def dtype(self) -> torch.dtype:
        dtype: torch.dtype = self.checkpoint.dtype
        return dtype

    @property
    def reads_from(self) -> Sequence[str]:
        model, adapter = self.recipe.model, self.recipe.adapter
        if adapter is None:
            return [model]
        folder = Path(adapter).expanduser()
        base = None
        if folder.is_dir():
            base = read_config(folder, adapter).get("base_model_name_or_path")
        return [model, adapter, *([base] if isinstance(base, str) else [])]

    def dataset(self, source: str | Path) -> Dataset:
        encode = self.make_encode(self.checkpoint.load_tokenizer(), self.recipe)
        return prepare(self.read, encode, source, self.recipe)

    def estimate(self, dataset: Dataset) -> Mapping[str, Any]:
        return estimate(self.checkpoint, self.recipe, self.use, dataset.tokens).as_dict()

    def load(self) -> LanguageTrainingModel:
        trainable = load_trainable(self.recipe, head=self.use.head)
        path, reason = choose_path(trainable.model, self.recipe.path, self.recipe.max_length)
        network_class: type[Policy | Scorer] = Policy if self.use.head == "lm" else Scorer
        network = network_class(trainable.model, path=path)
        return LanguageTrainingModel(self.recipe, self.use, trainable, network, path, reason)


@dataclass(frozen=True)
class LanguageTrainingModel:
    """A language model in training."""

    recipe: LanguageModelRecipe
    use: ModelUse
    trainable: TrainableModel
    network: Policy | Scorer
    path: str
    reason: str

    def reference_logprobs(
        self, examples: Sequence[Example], plan: TrainingPlan, on_progress: OnProgress
    ) -> torch.Tensor | None:
        if not (self.use.reference and examples):
            return None
        store = ReferenceStore(STORE)
        reference = ReferenceLogprobs(self.network, self.trainable.fingerprint, store, plan)
        return reference.of(examples, on_progress)

    def sample_answers(self, dataset: Dataset) -> list[LogRow]:
        if self.use.head != "lm":
            return []
        count = self.recipe.samples
        rows = dataset.held_out_rows[:count]
        prompts = [example.prompt for example in dataset.held_out.examples[:count]]
        answers = sample_answers(self.trainable.model, self.trainable.tokenizer, prompts)
        return [
            {"place": row.place, "prompt": prompt_text(row.prompt), "answer": answer}
            for row, answer in zip(rows, answers, strict=True)
        ]

    def save_checkpoint(self, folder: Path) -> None:
        if is_adapted(self.trainable.model):
            save_adapter(self.trainable.model, folder, base_name(self.trainable.checkpoint))
        else:
            checkpoints.save_whole(self.trainable.model, folder)

    def load_checkpoint(self, folder: Path) -> None:
        if is_adapted(self.trainable.model):
            checkpoints.load_adapter(self.trainable.model, folder)
        else:
            checkpoints.load_whole(self.trainable.model, folder)

    def save(self, folder: Path, facts: Mapping[str, Any]) -> None:
        save_trained(self.trainable, folder, facts)


def text_encoder(tokenizer: Any, recipe: LanguageModelRecipe) -> Encoder:
    """The encoder of DPO and SFT, as the recipe sets it.

    Raises:
        InputError: The tokenizer or the lengths cannot serve.
    """
    return Encoder(
        tokenizer,
        template=recipe.template,
        max_length=recipe.max_length,
        max_prompt_length=recipe.max_prompt_length,
        name=recipe.model,
    )


def prompt_text(prompt: Conversation | str) -> str:
    """A prompt for people to read: one message as it is, several as a transcript."""
    if isinstance(prompt, str):
        return prompt
    return prompt[0].content if len(prompt) == 1 else format_transcript(prompt)
