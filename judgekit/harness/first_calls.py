"""The first calls of a run: if they all fail alike, the rest is not asked."""

from __future__ import annotations

import asyncio
import re

from judgekit.errors import CallFailure, EngineError
from judgekit.types import Status

__all__ = ["FirstCalls"]

NUMBERED = re.compile(r"\S*\d\S*")  # counts, ids of requests


class FirstCalls:
    """Holds back calls until the server has answered one.

    At most `window` calls are made before; the next ones wait for what becomes of these. If all of
    them fail with the same message (numbers apart), for a reason that calls share
    (`CallFailure.common`), the run ends. A reply, a refusal of one case or another message lets all
    calls through; a lost connection or the like says nothing, and another call takes its place.

    Args:
        window: How many calls; None holds none back.
    """

    def __init__(self, window: int | None) -> None:
        self._window = window
        self._free = window or 0
        self._alike = 0
        self._failure_text = ""
        self._changed = asyncio.Event()

    async def admit(self) -> None:
        """Waits until one more call may be made."""
        while self._window is not None and not self._free:
            await self._changed.wait()
        self._free -= 1

    def let_through(self) -> None:
        """Holds back no call any more: one was answered, now or in an earlier run."""
        self._window = None
        self._wake()

    def failed(self, failure: CallFailure) -> None:
        """Takes note of a call that was given up.

        Raises:
            EngineError: All the first calls failed alike.
        """
        if self._window is None:
            return
        if not failure.common and failure.status is Status.FAILED:
            self._free += 1
            self._wake()
            return
        failure_text = NUMBERED.sub("#", f"{failure.name} {failure}")
        if not failure.common or self._failure_text not in ("", failure_text):
            self.let_through()
            return
        self._failure_text = failure_text
        self._alike += 1
        if self._alike >= self._window:
            raise EngineError(
                f"the first {self._alike} calls failed alike, and none was answered ({failure}); "
                f"put that right and run the same command again"
            )

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
