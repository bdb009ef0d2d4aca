"""Rows to train on, and a few of them as what one forward pass takes."""

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
Microbatch = dict[str, Any]  # inputs (layout.Batch), examples and rows: what they were made of


@dataclass(frozen=True)
class ExampleRows(Dataset[tuple[int, Example]]):
    """Examples with the `places` of their rows in the data, for messages.

    `reference` [n, completions of each]: the reference model's log-probabilities, or None.
    """

    examples: Sequence[Example]
    places: Sequence[str]
    reference: Tensor | None = None

    def __len__(self) -> int:
        return len(self.examples)

    def __getitem__(self, index: int) -> tuple[int, Example]:
        return index, self.examples[index]


def collate(rows: Sequence[tuple[int, Example]], *, ends: bool) -> Microbatch:
    """The rows of one forward pass, packed; `ends` as `layout.pack` has it."""
    examples = [example for _, example in rows]
    return {
        "inputs": pack(examples, ends=ends),
        "examples": examples,
        "rows": [index for index, _ in rows],
    }


def slices(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """The values, `size` at a time."""
    for start in range(0, len(values), size):
        yield values[start : start + size]
