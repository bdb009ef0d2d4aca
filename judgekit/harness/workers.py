"""Workers that take a plan's items one after the other, each item within the budget."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

from judgekit.harness.dispatcher import Dispatcher, TrialAsk
from judgekit.harness.limits import Stopped
from judgekit.types import Trial

__all__ = ["within_budget", "work_through"]

Item = TypeVar("Item")
Made = TypeVar("Made")


async def work_through(
    queue: Iterator[Item],
    work: Callable[[Item], Awaitable[None]],
    dispatcher: Dispatcher,
    *,
    concurrency: int,
) -> str:
    """Does `work` for every item, begun in the order of the queue, several at the same time.

    Returns why it ended before the queue (`work` lets a `Stopped` pass, a budget's or another), or
    an empty string. Closes the dispatcher. Raises what breaks a run off: `EngineError`,
    `StoreError`, cancellation; the reply store keeps what was paid.
    """
    stopped = ""

    async def worker() -> None:
        nonlocal stopped
        while not stopped and (item := next(queue, None)) is not None:
            try:
                await work(item)
            except Stopped as stop:
                stopped = stopped or str(stop)

    # An engine that takes windows finds the next one waiting when it is done with one.
    workers = max(concurrency, 2 * dispatcher.engine.window if dispatcher.engine.window > 1 else 1)
    try:
        async with dispatcher, asyncio.TaskGroup() as group:
            for _ in range(workers):
                group.create_task(worker())
    except BaseExceptionGroup as errors:
        raise first_cause(errors) from None
    return stopped


def first_cause(error: BaseException) -> BaseException:
    """The one error that stopped the run, out of the group of all workers'."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


async def within_budget(
    dispatcher: Dispatcher,
    trial: Trial,
    number: int,
    most: Callable[[], tuple[int, float]],
    work: Callable[[TrialAsk], Awaitable[Made]],
) -> Made:
    """What `work` makes of a trial, once its turn has come and the budget has room for its most.

    `number` is its place in the plan; `most` gives the most calls and dollars that it can use,
    truncated replies asked once. Raises `BudgetSpent` where that does not fit.
    """
    budget = dispatcher.budget
    if not budget.limited:
        return await work(TrialAsk(dispatcher, trial, number))
    calls, cost = most()
    if dispatcher.limits.retry_truncated is not None:
        calls, cost = 2 * calls, 2 * cost
    await budget.admit(calls, cost)
    ask = TrialAsk(dispatcher, trial, number, allowed=calls)
    try:
        return await work(ask)
    finally:
        budget.settle(calls, cost, ask.made, ask.paid)
