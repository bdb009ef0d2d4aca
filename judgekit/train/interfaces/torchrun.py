"""What torchrun tells each of the processes that it starts; without it there is one process."""

from __future__ import annotations

import os

__all__ = ["first_process", "local_rank", "process_count"]


def process_count() -> int:
    """The number of processes that train together."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def first_process() -> bool:
    """Whether this process is the one that prints and writes."""
    return os.environ.get("RANK", "0") == "0"


def local_rank() -> int | None:
    """This process's number on its machine, from 0; None without torchrun."""
    rank = os.environ.get("LOCAL_RANK")
    return None if rank is None else int(rank)
