"""Rows of examples, and the batch of one forward pass."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from torch import Tensor
from torch.utils.data import Dataset

from judgekit.train.data.examples import Example
from judgekit.train.data.packing import pack

__all__ = ["ExampleRows", "Microbatch", "collate", "slices"]

T = TypeVar("T")
# "inputs" (a packing.Batch), and the "examples" and "rows" that they were made of.
Microbatch = dict[str, Any]


@dataclass(frozen=True)
class ExampleRows(Dataset[tuple[int, Example]]):
    """Examples with their log-probabilities under the reference model.

    Attributes:
        examples: The n examples.
        places: The place of each in the data, for messages.
        reference: [n, completions per example], in nats, or None.
    """

    examples: Sequence[Example]
    places: Sequence[str]
    reference: Tensor | None = None

    def __len__(self) -> int:
        return len(self.examples)

    def __getitem__(self, index: int) -> tuple[int, Example]:
        return index, self.examples[index]


def collate(rows: Sequence[tuple[int, Example]], *, ends: bool) -> Microbatch:
    """Packs the rows of one forward pass; `ends` as in `packing.pack`."""
    examples = [example for _, example in rows]
    return {
        "inputs": pack(examples, ends=ends),
        "examples": examples,
        "rows": [index for index, _ in rows],
    }


def slices(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Slices of at most `size` values, in order."""
    for start in range(0, len(values), size):
        yield values[start : start + size]
