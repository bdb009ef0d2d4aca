"""What a training starts from: the seam between the flow and the kinds of network it can train."""

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

OnProgress = Callable[[int, int], None]  # how many are done, of how many


class TrainingModel(Protocol):
    """A network with its weights loaded, in train mode."""

    @property
    def network(self) -> torch.nn.Module: ...

    @property
    def path(self) -> str:
        """How prompts are encoded."""
        ...

    @property
    def reason(self) -> str:
        """Why so, in words."""
        ...

    def reference(
        self, examples: Sequence[Example], plan: TrainingPlan, told: OnProgress
    ) -> torch.Tensor | None:
        """[n, completions of each]: what the objective compares with, or None."""
        ...

    def sample(self, dataset: Dataset, count: int) -> list[LogRow]:
        """Answers to `count` held-out prompts, as samples.jsonl shows them; or none."""
        ...

    def keep(self, folder: Path) -> None:
        """Writes the trained weights into a checkpoint's folder."""
        ...

    def restore(self, folder: Path) -> None:
        """Reads what `keep` wrote."""
        ...

    def save(self, folder: Path, facts: Mapping[str, Any]) -> None:
        """Writes the tuned model as others load it; the facts in train.json, last."""
        ...


class ModelSource(Protocol):
    """A checkpoint that was found and can be trained; its weights are not read yet."""

    @property
    def fingerprint(self) -> str: ...

    @property
    def device(self) -> torch.device: ...

    @property
    def dtype(self) -> torch.dtype:
        """What it computes in."""
        ...

    def dataset(self, source: str | Path) -> Dataset: ...

    def estimate(self, dataset: Dataset) -> Mapping[str, Any]:
        """Memory in bytes and time, before anything is loaded."""
        ...

    def load(self) -> TrainingModel: ...
