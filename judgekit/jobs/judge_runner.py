"""How a plan is put to a judge: its calls to an engine, or its batches to the judge itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from judgekit.errors import InputError
from judgekit.extension.engine import Engine
from judgekit.harness.dispatcher import Tally
from judgekit.harness.plan import Plan
from judgekit.harness.reply_store import ReplyStore
from judgekit.harness.trials import OnCase, OnProgress, run_batches, run_trials
from judgekit.jobs.bindings import BoundEngine
from judgekit.judging import BatchJudge, Judge
from judgekit.types import StopReason

__all__ = ["RunTrials", "trial_runner"]

RunTrials = Callable[[Plan, OnCase], Awaitable[StopReason | None]]
"""Judges a plan; returns why it ended before the last trial, None at the end."""


def trial_runner(
    judge: Judge,
    bound_engine: BoundEngine | None,
    engine: Engine | None,
    store: ReplyStore,
    tally: Tally,
    on_progress: OnProgress | None,
) -> RunTrials:
    """What judges a run's plan, at once or a part after the other: one budget for all of them.

    Raises `InputError` where the judge asks an engine, and there is none.
    """
    if isinstance(judge, BatchJudge):
        batches = judge

        async def score(plan: Plan, on_case: OnCase) -> StopReason | None:
            return await run_batches(plan, batches, store, tally, on_case, on_progress=on_progress)

        return score
    if engine is None or bound_engine is None:
        raise InputError(f"the judge {type(judge).__name__} asks an engine, and has none")
    budget = bound_engine.budget()
    many = bound_engine.settings.concurrency
    kept = bound_engine.dispatcher(engine, store, tally, budget)  # it counts requests a minute

    async def ask(plan: Plan, on_case: OnCase) -> StopReason | None:
        # Where calls go in windows, these are closed with the dispatcher.
        dispatcher = (
            kept if engine.window == 1 else bound_engine.dispatcher(engine, store, tally, budget)
        )
        return await run_trials(
            plan, judge, dispatcher, on_case, concurrency=many, on_progress=on_progress
        )

    return ask
