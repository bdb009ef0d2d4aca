"""A progress bar on the terminal: rate, time left, cost, failures. Silent elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from judgekit.config.prices import Price
from judgekit.harness.tally import Tally

__all__ = ["progress_bar"]

EVERY_S = 0.2


@contextmanager
def progress_bar(
    price: Price | None, doing: str = "judging", wanted: str = "a verdict"
) -> Iterator[Callable[[Tally], None] | None]:
    """Gives the callback that moves the bar, or None where nobody is looking.

    `wanted`: what a trial that is not valid goes without.
    """
    if not sys.stderr.isatty():
        yield None
        return
    from rich import progress

    from judgekit.cli.render.console import stderr_console

    bar = progress.Progress(
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TextColumn("{task.fields[rate]}"),
        progress.TimeRemainingColumn(),
        progress.TextColumn("{task.fields[note]}"),
        console=stderr_console(),
        transient=True,
    )
    with bar:
        task = bar.add_task(doing, total=None, rate="", note="")
        started = last = time.monotonic()

        def move(tally: Tally) -> None:
            nonlocal last
            now = time.monotonic()
            if now - last < EVERY_S and tally.judged < tally.trials:
                return
            last = now
            bar.update(
                task,
                completed=tally.judged,
                total=tally.trials,
                rate=f"{tally.judged / max(1e-9, now - started):.0f}/s",
                note=tally.note(price, wanted),
            )

        yield move
