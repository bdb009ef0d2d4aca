"""PairRM, trained: from preference pairs, or from candidates whose quality is measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson
import torch

from judgekit.errors import InputError
from judgekit.io.files import write_file
from judgekit.models.folders import folder_digest
from judgekit.models.loading import find_device
from judgekit.models.pairrm_tokens import PairTokenizer
from judgekit.train.data.dataset import Dataset, prepare
from judgekit.train.data.encoding import Encoded
from judgekit.train.data.examples import Example
from judgekit.train.data.quality import BertScore, qualities
from judgekit.train.data.ranker_batches import encode
from judgekit.train.data.ranker_rows import RankerRow, from_pair, read_candidates
from judgekit.train.data.rows_reader import Intake, read_pair_rows
from judgekit.train.estimate.ranker_memory import estimate
from judgekit.train.interfaces.events import OnEvent, Row
from judgekit.train.interfaces.schedule import Plan
from judgekit.train.interfaces.trainable import Told
from judgekit.train.loop.run import Task, Tuned, run
from judgekit.train.network import checkpoints
from judgekit.train.network.lora import device_here
from judgekit.train.network.ranker_checkpoint import RankerCheckpoint, find_checkpoint
from judgekit.train.network.ranker_network import RankerNetwork
from judgekit.train.network.saving import SCHEMA
from judgekit.train.objectives.ranker_objective import RankerObjective
from judgekit.train.recipes.ranker import Ranker

__all__ = ["train_ranker"]

Read = Callable[[str | Path, int | None], Intake[Any]]


def train_ranker(
    data: str | Path,
    recipe: Ranker,
    *,
    out: Path,
    resume: bool = False,
    force: bool = False,
    on_event: OnEvent | None = None,
) -> Tuned:
    """Trains a PairRM, and saves it in `out` in the layout of `llm-blender/PairRM-hf`.

    `data`: preferences, as `intake.read_pair_rows` takes them; with `metrics` a file of answers,
    several to a prompt, with references (`judgekit.io.load_candidates`). Each pair is shown in both
    orders. metrics.jsonl has the accuracy on held-out pairs before the first step and after the
    last. Everything else as `dpo.train_dpo`.
    """
    loop = recipe.loop()
    return run(task(recipe), data, loop, out=out, resume=resume, force=force, on_event=on_event)


def task(recipe: Ranker) -> Task:
    """What `train_ranker` does."""
    return Task("ranker", RankerObjective(recipe.loss), partial(RankerStart.find, recipe))


@dataclass(frozen=True)
class RankerStart:
    """A PairRM, or an encoder that becomes one, with as many heads as there are `tasks`."""

    checkpoint: RankerCheckpoint
    recipe: Ranker
    tasks: int
    device: torch.device
    dtype = torch.float32  # the network sees to fewer bits by itself: see `RankerNetwork`

    @classmethod
    def find(cls, recipe: Ranker) -> RankerStart:
        """Finds and checks the recipe's model. Raises `InputError`, also for metrics that are as
        many as its heads are not."""
        checkpoint = find_checkpoint(recipe)
        asked = len(recipe.metrics)
        if checkpoint.tasks and asked > 1 and asked != checkpoint.tasks:
            raise InputError(
                f"{recipe.model!r} has {checkpoint.tasks} heads for {asked} metrics; name one "
                f"metric, or as many as heads, or start from an encoder"
            )
        device = find_device(device_here(recipe.device))
        return cls(checkpoint, recipe, checkpoint.tasks or max(1, asked), device)

    @cached_property
    def fingerprint(self) -> str:
        return folder_digest(self.checkpoint.folder)

    def dataset(self, source: str | Path) -> Dataset:
        with TemporaryDirectory() as folder:  # the tokenizer may have grown since it was a file
            self.checkpoint.save_tokenizer(Path(folder))
            tokenizer = PairTokenizer(Path(folder), self.checkpoint.limits)

        def encoded(rows: Sequence[RankerRow]) -> Encoded:
            examples, counts = encode(rows, tokenizer, self.tasks)
            return Encoded(list(examples), list(range(len(rows))), counts)

        read: Read = self._candidates if self.recipe.metrics else self._pairs
        return prepare(read, encoded, source, self.recipe.loop())

    def estimate(self, dataset: Dataset) -> Mapping[str, Any]:
        return estimate(self.checkpoint, self.recipe, self.tasks, self.device, dataset.tokens)

    def load(self) -> RankerReady:
        network = self.checkpoint.network(self.recipe, self.tasks).to(self.device)
        return RankerReady(self.checkpoint, self.recipe, network.train())

    def _pairs(self, source: str | Path, limit: int | None) -> Intake[Any]:
        found = read_pair_rows(source, limit=limit)
        return Intake(found.source, [from_pair(row) for row in found.rows], found.dropped)

    def _candidates(self, source: str | Path, limit: int | None) -> Intake[Any]:
        at = self.recipe
        measure = partial(qualities, at.metrics, bertscore=self._bertscore)
        rows = read_candidates(
            Path(source), measure, most=at.pairs_per_prompt, seed=at.seed, limit=limit
        )
        return Intake(str(source), rows, {})

    @cached_property
    def _bertscore(self) -> BertScore | None:
        at = self.recipe
        if "bertscore" not in at.metrics or at.bertscore_model is None:
            return None
        return BertScore(at.bertscore_model, layer=at.bertscore_layer, device=str(self.device))


@dataclass(frozen=True)
class RankerReady:
    """A ranker in training."""

    checkpoint: RankerCheckpoint
    recipe: Ranker
    network: RankerNetwork
    path = "packed"
    reason = "without padding, as the judge computes it"

    def reference(self, examples: Sequence[Example], plan: Plan, told: Told) -> None:
        """There is none."""

    def sample(self, dataset: Dataset, count: int) -> list[Row]:  # noqa: ARG002 (the protocol's)
        """It answers nothing."""
        return []

    def keep(self, folder: Path) -> None:
        self.checkpoint.save(self.network, folder, self.recipe.dropout)

    def restore(self, folder: Path) -> None:
        checkpoints.load_whole(self.network, folder)

    def save(self, folder: Path, facts: Mapping[str, Any]) -> None:
        told = folder / "train.json"
        told.unlink(missing_ok=True)
        self.keep(folder)
        row = {"schema_version": SCHEMA, "model": {"name": self.recipe.model}, **facts}
        write_file(told, orjson.dumps(row, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
