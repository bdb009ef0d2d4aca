"""Training a PairRM, from preference pairs or from candidates whose quality is measured."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from judgekit.errors import InputError
from judgekit.models.folders import folder_digest
from judgekit.models.loading import find_device
from judgekit.models.pairrm_tokens import PairTokenizer
from judgekit.train.data.dataset import Dataset, prepare
from judgekit.train.data.encoding import EncodedRows
from judgekit.train.data.examples import Example
from judgekit.train.data.quality import BertScore, qualities
from judgekit.train.data.ranker_batches import encode
from judgekit.train.data.ranker_rows import RankerRow, from_pair, read_candidates
from judgekit.train.data.rows_reader import LoadedRows, read_pair_rows
from judgekit.train.estimate.ranker_memory import estimate
from judgekit.train.interfaces.events import LogRow
from judgekit.train.interfaces.schedule import TrainingPlan
from judgekit.train.interfaces.task import TrainingTask
from judgekit.train.interfaces.trainable import OnProgress
from judgekit.train.network import checkpoints
from judgekit.train.network.lora import device_here
from judgekit.train.network.ranker_checkpoint import RankerCheckpoint, find_checkpoint
from judgekit.train.network.ranker_network import RankerNetwork
from judgekit.train.network.saving import FACTS, write_facts
from judgekit.train.objectives.ranker_objective import RankerObjective
from judgekit.train.recipes.ranker import Ranker

__all__ = ["task"]

Read = Callable[[str | Path, int | None], LoadedRows[Any]]


def task(recipe: Ranker) -> TrainingTask:
    """A PairRM."""
    find_model = partial(RankerSource.find, recipe)
    return TrainingTask("ranker", recipe, RankerObjective(recipe.loss), find_model)


log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RankerSource:
    """A PairRM, or an encoder that becomes one, with as many heads as there are `tasks`."""

    checkpoint: RankerCheckpoint
    recipe: Ranker
    tasks: int
    device: torch.device
    dtype = torch.float32  # the network chooses lower precision itself, see `RankerNetwork`

    @classmethod
    def find(cls, recipe: Ranker) -> RankerSource:
        """Finds and checks the recipe's model.

        Raises:
            InputError: No such model, or it has another number of heads than there are metrics.
        """
        checkpoint = find_checkpoint(recipe)
        count = len(recipe.metrics)
        if checkpoint.tasks and count > 1 and count != checkpoint.tasks:
            raise InputError(
                f"{recipe.model!r} has {checkpoint.tasks} heads for {count} metrics; name one "
                f"metric, or as many as heads, or start from an encoder"
            )
        device = find_device(device_here(recipe.device))
        return cls(checkpoint, recipe, checkpoint.tasks or max(1, count), device)

    @property
    def reads_from(self) -> Sequence[str]:
        return [self.recipe.model]

    @cached_property
    def fingerprint(self) -> str:
        return folder_digest(self.checkpoint.folder)

    def dataset(self, source: str | Path) -> Dataset:
        with TemporaryDirectory() as folder:  # the tokenizer may have tokens that its file lacks
            self.checkpoint.save_tokenizer(Path(folder))
            tokenizer = PairTokenizer(Path(folder), self.checkpoint.limits)

        def encoded(rows: Sequence[RankerRow]) -> EncodedRows:
            examples, counts = encode(rows, tokenizer, self.tasks)
            return EncodedRows(list(examples), list(range(len(rows))), counts)

        read: Read = self._candidates if self.recipe.metrics else self._pairs
        return prepare(read, encoded, source, self.recipe)

    def estimate(self, dataset: Dataset) -> Mapping[str, Any]:
        return estimate(self.checkpoint, self.recipe, self.tasks, self.device, dataset.tokens)

    def load(self) -> RankerTrainingModel:
        network = self.checkpoint.network(self.recipe, self.tasks).to(self.device)
        return RankerTrainingModel(self.checkpoint, self.recipe, network.train())

    def _pairs(self, source: str | Path, limit: int | None) -> LoadedRows[Any]:
        pairs = read_pair_rows(source, limit=limit, columns=self.recipe.columns)
        if any(row.tools for row in pairs.rows):
            log.warning("the column tools is left out: a ranker shows no tools")
        return LoadedRows(pairs.source, [from_pair(row) for row in pairs.rows], pairs.dropped)

    def _candidates(self, source: str | Path, limit: int | None) -> LoadedRows[Any]:
        recipe = self.recipe
        measure = partial(qualities, recipe.metrics, bertscore=self._bertscore)
        rows = read_candidates(
            Path(source),
            measure,
            most=recipe.pairs_per_prompt,
            seed=recipe.seed,
            limit=limit,
            columns=recipe.columns,
        )
        return LoadedRows(str(source), rows, {})

    @cached_property
    def _bertscore(self) -> BertScore | None:
        recipe = self.recipe
        if "bertscore" not in recipe.metrics or recipe.bertscore_model is None:
            return None
        return BertScore(
            recipe.bertscore_model, layer=recipe.bertscore_layer, device=str(self.device)
        )


@dataclass(frozen=True)
class RankerTrainingModel:
    """A ranker in training."""

    checkpoint: RankerCheckpoint
    recipe: Ranker
    network: RankerNetwork
    path = "packed"
    reason = "rows are packed without padding, as the judge does"

    def reference_logprobs(
        self, examples: Sequence[Example], plan: TrainingPlan, on_progress: OnProgress
    ) -> None:
        """A ranker is trained without a reference."""

    def sample_answers(self, dataset: Dataset) -> list[LogRow]:  # noqa: ARG002 (the protocol's)
        """A ranker writes no answers."""
        return []

    def save_checkpoint(self, folder: Path) -> None:
        self.checkpoint.save(self.network, folder, self.recipe.dropout)

    def load_checkpoint(self, folder: Path) -> None:
        checkpoints.load_whole(self.network, folder)

    def save(self, folder: Path, facts: Mapping[str, Any]) -> None:
        (folder / FACTS).unlink(missing_ok=True)
        self.save_checkpoint(folder)
        write_facts(folder, {"name": self.recipe.model}, facts)
