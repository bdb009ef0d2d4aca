"""The models that a training can start from: the seam between the loop and the kinds of network."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import torch

from judgekit.train.data.dataset import Dataset
from judgekit.train.data.examples import Example
from judgekit.train.interfaces.events import LogRow
from judgekit.train.interfaces.schedule import TrainingPlan

__all__ = ["ModelSource", "OnProgress", "TrainingModel"]

OnProgress = Callable[[int, int], None]  # items done, items in all


class TrainingModel(Protocol):
    """A network with its weights loaded, in train mode."""

    @property
    def network(self) -> torch.nn.Module: ...

    @property
    def path(self) -> str:
        """How prompts are encoded: ``shared``, ``padded`` or ``packed``."""
        ...

    @property
    def reason(self) -> str:
        """Why they are encoded so, in words."""
        ...

    def reference_logprobs(
        self, examples: Sequence[Example], plan: TrainingPlan, on_progress: OnProgress
    ) -> torch.Tensor | None:
        """Log-probabilities under the reference model, [n, completions per example], in nats.

        None where the objective needs none.
        """
        ...

    def sample_answers(self, dataset: Dataset) -> list[LogRow]:
        """Answers to held-out prompts, as rows of samples.jsonl; empty for models without text."""
        ...

    def save_checkpoint(self, folder: Path) -> None:
        """Writes the trained weights into a checkpoint's folder."""
        ...

    def load_checkpoint(self, folder: Path) -> None:
        """Reads the weights that `save_checkpoint` wrote."""
        ...

    def save(self, folder: Path, facts: Mapping[str, Any]) -> None:
        """Writes the trained model as others load it; last of all, `facts` in train.json."""
        ...


class ModelSource(Protocol):
    """A model that was found and can be trained; its weights are not read yet."""

    @property
    def fingerprint(self) -> str:
        """Digest of the weights and of how they are held."""
        ...

    @property
    def device(self) -> torch.device: ...

    @property
    def dtype(self) -> torch.dtype:
        """What it computes in."""
        ...

    @property
    def reads_from(self) -> Sequence[str]:
        """The models and adapters that it reads, by name: no training may write there."""
        ...

    def dataset(self, source: str | Path) -> Dataset:
        """The data in this model's tokens."""
        ...

    def estimate(self, dataset: Dataset) -> Mapping[str, Any]:
        """Memory in bytes and time in seconds, without loading anything."""
        ...

    def load(self) -> TrainingModel: ...
