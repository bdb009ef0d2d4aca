"""What a training minimises and measures: the seam between the trainer and DPO, SFT, reward."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from judgekit.train.data.examples import Example

__all__ = ["Objective", "RunningSums", "ScoredBatch", "Sums", "means"]

Sums = Mapping[str, tuple[Tensor, int]]  # by name: a sum, and over how many it is a mean


@dataclass(frozen=True, slots=True)
class ScoredBatch:
    """The rows of one forward pass, with what the network gave for them.

    `outputs`, `lengths` [S]: for each completion in order, what the network says and its tokens.
    `reference` [n, completions of each]: the reference model's log-probabilities, or None.
    """

    examples: Sequence[Example]
    inputs: Mapping[str, Any]
    outputs: Tensor
    reference: Tensor | None

    @property
    def lengths(self) -> Tensor:
        found: Tensor = self.inputs["lengths"]
        return found


class Objective(Protocol):
    """What is to be minimised. All sums are over the rows of one forward pass."""

    @property
    def ends(self) -> bool:
        """Whether a completion's last token is an input too, as `layout.pack` has it."""
        ...

    def weight(self, examples: Sequence[Example]) -> int:
        """How many of what the loss is a mean over: pairs, or tokens."""
        ...

    def loss(self, scored: ScoredBatch) -> tuple[Tensor, Sums]:
        """The summed loss, with its gradient, and measures for each step's row."""
        ...

    def measure(self, network: Any, scored: ScoredBatch) -> Sums:
        """More measures, of held-out rows; no gradients."""
        ...


class RunningSums:
    """Sums that become means, added up over passes and processes."""

    def __init__(self) -> None:
        self._sums: dict[str, Tensor] = {}
        self._counts: dict[str, int] = {}

    def add(self, sums: Sums) -> None:
        for name, (total, count) in sums.items():
            total = total.detach().float()
            self._sums[name] = self._sums[name] + total if name in self._sums else total
            self._counts[name] = self._counts.get(name, 0) + count

    def take(self) -> dict[str, tuple[float, int]]:
        """Sums and counts as plain numbers, read from the device at once; none is left here."""
        names = list(self._sums)
        totals = torch.stack([self._sums[name] for name in names]).tolist() if names else []
        found = {n: (total, self._counts[n]) for n, total in zip(names, totals, strict=True)}
        self._sums, self._counts = {}, {}
        return found


def means(parts: Sequence[Mapping[str, tuple[float, int]]]) -> dict[str, float]:
    """The means over what each process took; what was never counted is left out."""
    totals: dict[str, tuple[float, int]] = {}
    for part in parts:
        for name, (total, count) in part.items():
            before, counted = totals.get(name, (0.0, 0))
            totals[name] = (before + total, counted + count)
    return {name: total / count for name, (total, count) in totals.items() if count}
