"""Whether a process that left its mark somewhere still runs."""

from __future__ import annotations

import os
import platform
from functools import cache
from pathlib import Path

from judgekit.types import digest

__all__ = ["is_running", "process_space"]


@cache
def process_space() -> str:
    """Names the processes among which a number means the same one: this machine since its start.

    A container counts by itself: its numbers are not those of its host.
    """
    marks = [platform.node()]
    for mark in ("/proc/sys/kernel/random/boot_id", "/proc/self/ns/pid"):
        path = Path(mark)  # of Linux; elsewhere the machine's name has to do
        try:
            marks.append(str(path.readlink()) if path.is_symlink() else path.read_text("ascii"))
        except OSError:
            continue
    return digest(*marks, size=6)


def is_running(process: int) -> bool:
    """Whether a process of this number runs; taken for granted where asking could end it."""
    if os.name != "posix":
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
