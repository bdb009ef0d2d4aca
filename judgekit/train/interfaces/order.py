"""The order of rows in training: it depends on the seed, not on the number of processes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import torch

__all__ = ["RowOrder"]


@dataclass(frozen=True)
class RowOrder:
    """A batch sampler: the indices of the rows in each forward pass of one process.

    A step takes `batch_size` × `accumulate` × `processes` rows from one endless stream, which
    shuffles the rows again after each epoch. So every step is a mean over equally many rows, the
    last step of an epoch included, and two processes see in one step what one process with twice
    the `accumulate` does. It iterates from the first step; a resumed training skips.
    """

    rows: int
    batch_size: int
    accumulate: int
    steps: int
    seed: int = 0
    rank: int = 0
    processes: int = 1

    @property
    def step_rows(self) -> int:
        """Rows in one optimizer step, over all processes."""
        return self.batch_size * self.accumulate * self.processes

    def __len__(self) -> int:
        return self.steps * self.accumulate

    def __iter__(self) -> Iterator[list[int]]:
        stream = self._stream()
        for _ in range(self.steps):
            step = list(islice(stream, self.step_rows))
            for first in range(0, self.step_rows, self.batch_size * self.processes):
                start = first + self.rank * self.batch_size
                yield step[start : start + self.batch_size]

    def _stream(self) -> Iterator[int]:
        random = torch.Generator()
        random.manual_seed(self.seed)
        while True:
            yield from torch.randperm(self.rows, generator=random).tolist()

    @staticmethod
    def steps_of(epochs: float, rows: int, step_rows: int) -> int:
        """The number of optimizer steps for `epochs` passes over the rows, rounded up."""
        return max(1, math.ceil(round(epochs * rows / step_rows, 6)))
