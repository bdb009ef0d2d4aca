"""Workers: they take the items of a queue in order, each item within the budget."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

from judgekit.harness.dispatcher import Dispatcher
from judgekit.harness.limits import Stopped
from judgekit.harness.trial_ask import TrialAsk
from judgekit.types import StopReason, Trial

__all__ = ["within_budget", "work_through"]

Item = TypeVar("Item")
Result = TypeVar("Result")


async def work_through(
    queue: Iterator[Item],
    work: Callable[[Item], Awaitable[None]],
    dispatcher: Dispatcher,
    *,
    concurrency: int,
) -> StopReason | None:
    """Does `work` for every item, begun in the order of the queue, several at the same time.

    Closes the dispatcher. The reply store keeps every reply that was paid for.

    Args:
        queue: The items.
        work: Handles one item; it raises `Stopped` to end the queue early.
        dispatcher: Where the work hands in its calls.
        concurrency: How many items are under way at once; more for an engine that takes windows.

    Returns:
        Why it ended before the end of the queue, None at the end.

    Raises:
        EngineError: No call can be answered.
        StoreError: The reply store cannot be used.
    """
    reason: StopReason | None = None

    async def worker() -> None:
        nonlocal reason
        while reason is None and (item := next(queue, None)) is not None:
            try:
                await work(item)
            except Stopped as stop:
                reason = reason or stop.reason

    workers = concurrency
    if dispatcher.engine.window > 1:  # it finds the next window waiting when it is done with one
        workers = max(concurrency, 2 * dispatcher.engine.window)
    elif dispatcher.limits.in_flight is not None:
        # So many requests are under way while calls of a few items more are claimed in the store,
        # or their replies written down.
        workers += concurrency // 10
    try:
        async with dispatcher, asyncio.TaskGroup() as group:
            for _ in range(workers):
                group.create_task(worker())
    except BaseExceptionGroup as errors:
        raise first_cause(errors) from None
    return reason


def first_cause(error: BaseException) -> BaseException:
    """The error that stopped the run, out of the group of all workers' errors."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


async def within_budget(
    dispatcher: Dispatcher,
    trial: Trial,
    number: int,
    most: Callable[[], tuple[int, float]],
    work: Callable[[TrialAsk], Awaitable[Result]],
) -> Result:
    """Does the work of one trial, once the budget has room for the most that it can use.

    Args:
        dispatcher: Answers the trial's calls.
        trial: The trial.
        number: Its number in the plan.
        most: Returns the most calls and dollars that the trial can use, where no truncated reply
            is asked for again.
        work: Does the work; it gets what the trial asks with.

    Returns:
        What `work` returned.

    Raises:
        BudgetSpent: There is no room for the trial.
    """
    admission = dispatcher.admission
    if not admission.budget.limited:
        return await counted(TrialAsk(dispatcher, trial, number), work)
    async with admission.turn:
        admission.check()
        stored = TrialAsk(dispatcher, trial, number, stored_only=True)
        result = await work(stored)
        if stored.lacks is None:  # free, so it needs no room
            dispatcher.tally.count_stored(stored.from_store, stored.reused)
            return result
        calls, cost = most()
        if dispatcher.limits.retry_truncated is not None:
            calls, cost = 2 * calls, 2 * cost
        # What failed before fails again: a run does not shrink when it is repeated.
        required = dispatcher.store.ended(dispatcher.run, stored.lacks) != "failed"
        if not await admission.admit(calls, cost, required=required):
            return result
    ask = TrialAsk(dispatcher, trial, number, allowed=calls)
    try:
        return await counted(ask, work)
    finally:
        admission.settle(calls, cost, ask.made, ask.paid)


async def counted(ask: TrialAsk, work: Callable[[TrialAsk], Awaitable[Result]]) -> Result:
    """Does the work of one trial, and counts the replies that it had from the store."""
    try:
        return await work(ask)
    finally:
        ask.dispatcher.tally.count_stored(ask.from_store, ask.reused)
