"""The only place that starts an event loop."""

from __future__ import annotations

import asyncio
import gc
import signal
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, TypeVar

__all__ = ["in_loop"]

T = TypeVar("T")
Handler = Any  # of a signal, as `signal.getsignal` returns it
YOUNG_OBJECTS = 50_000


def in_loop(start: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Runs a coroutine to its end in an event loop.

    Where a loop already runs, as in a notebook, the coroutine gets another one on a thread.

    Args:
        start: Makes the coroutine.

    Returns:
        What the coroutine returned.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return with_runner(start)
    return on_thread(start)


def on_thread(start: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """As `with_runner`, on a thread.

    An interrupt cancels the coroutine, and is raised when that has ended: Ctrl-C reaches only the
    main thread, and the run would keep making paid calls in the background.
    """
    begun: Future[Callable[[], object]] = Future()
    result: Future[T] = Future()

    async def stoppable() -> T:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        if task is not None:
            begun.set_result(lambda: loop.call_soon_threadsafe(task.cancel))
        return await start()

    def work() -> None:
        try:
            result.set_result(with_runner(stoppable))
        except BaseException as error:  # noqa: BLE001 (raised again on the caller's thread)
            result.set_exception(error)

    thread = threading.Thread(target=work, name="judgekit-run")
    thread.start()
    try:
        return result.result()
    except KeyboardInterrupt:
        either: list[Future[Any]] = [begun, result]
        wait(either, return_when=FIRST_COMPLETED)
        if begun.done():
            with suppress(RuntimeError):  # its loop may have come to its end by itself
                begun.result()()
        thread.join()
        raise


def with_runner(start: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Runs a coroutine in a new loop, uvloop's where that is installed: it needs less CPU time."""
    try:
        import uvloop
    except ImportError:
        factory = None
    else:
        factory = uvloop.new_event_loop
    before = signal.getsignal(signal.SIGINT)
    ours = threading.current_thread() is threading.main_thread() and callable(before)

    async def interruptible() -> T:
        if ours:
            signal.signal(signal.SIGINT, Interrupts(before, signal.getsignal(signal.SIGINT)))
        return await start()

    if ours:  # which the runner replaces by its own, that cancels the coroutine
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with asyncio.Runner(loop_factory=factory) as runner, fewer_collections():
            return runner.run(interruptible())
    finally:
        if ours:
            signal.signal(signal.SIGINT, before)


class Interrupts:
    """Handles Ctrl-C while a coroutine runs: the first cancels it, whoever handled it before.

    Args:
        before: The handler from before the loop. It is told of each; what it does at the second,
            such as ending the process, is done.
        runner: The handler of asyncio's runner.
    """

    def __init__(self, before: Handler, runner: Handler) -> None:
        self.before = before
        self.runner = runner

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Tells both handlers."""
        try:
            self.before(number, frame)
        except KeyboardInterrupt:
            self.runner(number, frame)


@contextmanager
def fewer_collections() -> Iterator[None]:
    """Collects garbage less often.

    A run has hundreds of calls under way. At the default threshold of 700 new objects the
    collector visits all of them again and again: a fifth of the CPU time of a run with 512 calls.
    """
    before = gc.get_threshold()
    gc.set_threshold(max(before[0], YOUNG_OBJECTS) if before[0] else 0, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
