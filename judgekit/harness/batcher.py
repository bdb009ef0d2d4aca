"""Windows of calls for an engine that answers many at once.

A batched local model is fastest with full windows. Calls are taken in the order of the plan. A
window is sent when it is full, or when no call has come for a moment: a trial that waits for
something else must not keep the others from their replies.
"""

from __future__ import annotations

import asyncio

from judgekit.errors import CallFailure, EngineError, JudgekitError
from judgekit.extension.engine import Engine
from judgekit.types import Call, Reply

__all__ = ["Batcher"]

MOMENT_S = 0.05  # short beside what a model takes for a window, long beside making a call

Answer = Reply | CallFailure
Waiting = tuple[int, Call, "asyncio.Future[Answer]"]


class Batcher:
    """Gathers calls into windows, and sends one window at a time to the engine."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._waiting: list[Waiting] = []
        self._sending: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    async def answer(self, call: Call, place: int) -> Answer:
        """One attempt at a call.

        Args:
            call: The call.
            place: The number of its trial in the plan: earlier trials are sent first.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        self._waiting.append((place, call, future))
        self._send_if_due()
        return await future

    async def aclose(self) -> None:
        """Cancels the window that the engine is answering, and drops the calls that wait."""
        self._waiting.clear()
        if self._sending is not None:
            self._sending.cancel()
            await asyncio.gather(self._sending, return_exceptions=True)
        if self._timer is not None:
            self._timer.cancel()

    def _send_if_due(self, *, idle: bool = False) -> None:
        """Sends a window if one is due; otherwise looks again after a moment without new calls."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._sending is not None or not self._waiting:
            return
        if idle or len(self._waiting) >= self.engine.window:
            self._sending = asyncio.create_task(self._send())
        else:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(MOMENT_S, lambda: self._send_if_due(idle=True))

    async def _send(self) -> None:
        self._waiting.sort(key=lambda waiting: waiting[0])
        window = self._waiting[: self.engine.window]
        del self._waiting[: self.engine.window]
        calls = [call for _, call, _ in window]
        try:
            results = list(await self.engine.answer(calls))
        except CallFailure as failure:
            settle(window, [failure] * len(window))
        except JudgekitError as error:
            settle(window, error)
        except Exception as error:  # noqa: BLE001 (somebody's engine: the fault is these calls')
            broken = CallFailure(type(error).__name__, f"the engine broke: {error!r}")
            settle(window, [broken] * len(window))
        else:
            mismatch = f"the engine gave {len(results)} replies to {len(calls)} calls"
            settle(window, results if len(results) == len(calls) else EngineError(mismatch))
        finally:
            self._sending = None
            self._send_if_due()


def settle(window: list[Waiting], results: list[Answer] | JudgekitError) -> None:
    """Gives each waiting call its result; an error that ends the run goes to all of them."""
    for position, (_, _, future) in enumerate(window):
        if future.done():
            continue
        if isinstance(results, JudgekitError):
            future.set_exception(results)
        else:
            future.set_result(results[position])
