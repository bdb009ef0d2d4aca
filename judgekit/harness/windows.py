"""Windows of calls for an engine that answers many at once.

A batched local model is fastest with full windows, and repeatable only if the windows hold the
same calls each time: calls are taken in the order of the plan. A window goes out when it is full,
or when every trial under way waits for a reply, so that nothing else can come.
"""

from __future__ import annotations

import asyncio

from judgekit.engines import Engine
from judgekit.errors import CallFailure, EngineError, JudgekitError
from judgekit.types import Call, Reply

__all__ = ["Windows"]

Waiting = tuple[int, Call, "asyncio.Future[Reply | CallFailure]"]


class Windows:
    """Gathers calls into windows; one window is with the engine at a time."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.active = 0  # trials under way, kept by the run
        self._waiting: list[Waiting] = []
        self._task: asyncio.Task[None] | None = None
        self._checking = False

    async def answer(self, call: Call, place: int) -> Reply | CallFailure:
        """One attempt at a call, in whichever window it goes out; `place` is its trial's."""
        future: asyncio.Future[Reply | CallFailure] = asyncio.get_running_loop().create_future()
        self._waiting.append((place, call, future))
        self.check()
        return await future

    def check(self) -> None:
        """Looks, once the loop is idle, whether a window can go out."""
        if not self._checking:
            self._checking = True
            asyncio.get_running_loop().call_soon(self._look)

    def _look(self) -> None:
        self._checking = False
        if self._task is not None or not self._waiting:
            return
        if len(self._waiting) >= self.engine.window or len(self._waiting) >= self.active:
            self._task = asyncio.create_task(self._send())

    async def _send(self) -> None:
        self._waiting.sort(key=lambda waiting: waiting[0])
        window = self._waiting[: self.engine.window]
        del self._waiting[: self.engine.window]
        calls = [call for _, call, _ in window]
        try:
            results = await self.engine.answer(calls)
        except JudgekitError as error:
            settle(window, error)
        except Exception as error:  # noqa: BLE001 (somebody's engine: the fault is these calls')
            failure = CallFailure(type(error).__name__, f"the engine broke: {error!r}")
            settle(window, [failure] * len(window))
        else:
            if len(results) != len(calls):
                settle(
                    window,
                    EngineError(f"the engine gave {len(results)} replies to {len(calls)} calls"),
                )
            else:
                settle(window, list(results))
        finally:
            self._task = None
            self.check()


def settle(
    window: list[Waiting],
    results: list[Reply | CallFailure] | JudgekitError,
) -> None:
    """Hands each waiting call its result; an error that ends the run goes to all of them."""
    for position, (_, _, future) in enumerate(window):
        if future.done():
            continue
        if isinstance(results, JudgekitError):
            future.set_exception(results)
        else:
            future.set_result(results[position])
