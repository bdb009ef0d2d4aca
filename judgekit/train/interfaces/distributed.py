"""The processes that train together: one, or several that torchrun started."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import torch

__all__ = ["ALONE", "Processes", "join"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Processes:
    """The rank of this process among `count`. Only the `first` one writes and reports."""

    rank: int = 0
    count: int = 1

    @property
    def first(self) -> bool:
        return self.rank == 0

    def wait(self) -> None:
        """Waits until all processes have come here."""
        if self.count > 1:
            torch.distributed.barrier()

    def gather(self, value: T) -> list[T]:
        """The values of all processes by rank, in every process."""
        if self.count == 1:
            return [value]
        gathered: list[T | None] = [None] * self.count
        torch.distributed.all_gather_object(gathered, value)
        return [each for each in gathered if each is not None]

    def share(self, values: Sequence[T]) -> Sequence[T]:
        """This process's share of values that all processes hold."""
        return values[self.rank :: self.count]


ALONE = Processes()


def join(*, cpu: bool) -> Processes:
    """Joins the processes that torchrun started; one process without torchrun."""
    import accelerate  # type: ignore[import-untyped]

    state = accelerate.PartialState(cpu=cpu)
    return Processes(state.process_index, state.num_processes)
