"""What a training minimizes and measures: the seam between the training loop and the objectives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from judgekit.train.data.examples import Example

__all__ = ["Objective", "RunningSums", "ScoredBatch", "Sums", "means"]

Sums = Mapping[str, tuple[Tensor, int]]  # by metric: a sum, and the number of its terms


@dataclass(frozen=True, slots=True)
class ScoredBatch:
    """The rows of one forward pass with the network's outputs.

    Attributes:
        examples: The n rows.
        inputs: The batch that `packing.pack` made of them.
        outputs: [S], the network's output for each completion, in order (of a ranker
            [2n, 2, tasks]).
        reference: [n, completions per example], log-probabilities under the reference model in
            nats, or None.
    """

    examples: Sequence[Example]
    inputs: Mapping[str, Any]
    outputs: Tensor
    reference: Tensor | None

    @property
    def lengths(self) -> Tensor:
        """[S], the tokens of each completion."""
        lengths: Tensor = self.inputs["lengths"]
        return lengths


class Objective(Protocol):
    """A loss and its metrics. All sums are over the rows of one forward pass."""

    @property
    def ends(self) -> bool:
        """Whether a completion's last token is an input as well, see `packing.pack`."""
        ...

    def weight(self, examples: Sequence[Example]) -> int:
        """The number of terms that the loss is a mean over: pairs, or tokens."""
        ...

    def loss(self, scored: ScoredBatch) -> tuple[Tensor, Sums]:
        """The summed loss, with its gradient, and metrics for each step's row."""
        ...

    def measure(self, network: Any, scored: ScoredBatch) -> Sums:
        """Further metrics of held-out rows, without gradients."""
        ...


class RunningSums:
    """Adds up sums over forward passes, from which `means` makes means over processes."""

    def __init__(self) -> None:
        self._sums: dict[str, Tensor] = {}
        self._counts: dict[str, int] = {}

    def add(self, sums: Sums) -> None:
        for name, (total, count) in sums.items():
            total = total.detach().float()
            self._sums[name] = self._sums[name] + total if name in self._sums else total
            self._counts[name] = self._counts.get(name, 0) + count

    def take(self) -> dict[str, tuple[float, int]]:
        """The sums and counts as plain numbers, in one transfer from the device; resets them."""
        names = list(self._sums)
        totals = torch.stack([self._sums[name] for name in names]).tolist() if names else []
        sums = {n: (total, self._counts[n]) for n, total in zip(names, totals, strict=True)}
        self._sums, self._counts = {}, {}
        return sums


def means(parts: Sequence[Mapping[str, tuple[float, int]]]) -> dict[str, float]:
    """The means over all processes' sums; metrics without terms are left out."""
    totals: dict[str, tuple[float, int]] = {}
    for part in parts:
        for name, (total, count) in part.items():
            before, counted = totals.get(name, (0.0, 0))
            totals[name] = (before + total, counted + count)
    return {name: total / count for name, (total, count) in totals.items() if count}
