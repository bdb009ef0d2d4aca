"""A progress bar in a notebook: a display that is renewed in its place. None elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from judgekit.config.prices import Price
from judgekit.harness.tally import Tally
from judgekit.harness.trials import OnProgress

__all__ = ["Progress", "kernel_display", "notebook_progress"]

EVERY_S = 0.2

Display = Callable[..., Any]
"""`IPython.display.display`: shows an object, and returns what replaces it by another."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is, as a notebook shows it."""

    done: int
    total: int
    text: str

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return f'<progress value="{self.done}" max="{max(1, self.total)}"></progress> {self.text}'


def kernel_display() -> Display | None:
    """How this process shows objects, where it is a notebook's kernel; None elsewhere.

    IPython is not imported for it: a kernel has done that.
    """
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    if shell is None or getattr(shell, "kernel", None) is None:
        return None
    display: Display = sys.modules["IPython.display"].display
    return display


def notebook_progress(
    price: Price | None,
    *,
    done: str = "judged",
    wanted: str = "a verdict",
    display: Display | None = None,
) -> OnProgress | None:
    """The callback that moves a bar in the notebook's output, or None outside of notebooks.

    Args:
        price: The price of the calls, where it is known.
        done: What was done with a trial.
        wanted: What a trial that is not valid goes without.
        display: How to show it; None takes that of the kernel.
    """
    show = display or kernel_display()
    if show is None:
        return None
    handle: Any = None
    last = 0.0

    def move(tally: Tally) -> None:
        nonlocal handle, last
        now = time.monotonic()
        if handle is not None and now - last < EVERY_S and tally.judged < tally.trials:
            return
        last = now
        noted = tally.note(price, wanted)
        text = f"{tally.judged} of {tally.trials} {done}" + (f" · {noted}" if noted else "")
        progress = Progress(tally.judged, tally.trials, text)
        if handle is None:
            handle = show(progress, display_id=True)
        else:
            handle.update(progress)

    return move
