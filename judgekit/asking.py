"""How a plan is put to a judge: its calls to an engine, or its batches to the judge itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from judgekit.appoint import Answerer
from judgekit.engines import Engine
from judgekit.errors import InputError
from judgekit.harness.ask import Tally
from judgekit.harness.plan import Plan
from judgekit.harness.replies import ReplyStore
from judgekit.harness.run import OnCase, OnProgress, run_batches, run_trials
from judgekit.judging import BatchJudge, Judge

__all__ = ["AskAll", "asker"]

AskAll = Callable[[Plan, OnCase], Awaitable[str]]
"""Judges a whole plan, and says why it ended before, or nothing."""


def asker(
    judge: Judge,
    answerer: Answerer | None,
    engine: Engine | None,
    store: ReplyStore,
    tally: Tally,
    on_progress: OnProgress | None,
) -> AskAll:
    """What judges a run's plan, at once or a part after the other: one budget for all of them.

    Raises `InputError` where the judge asks an engine, and there is none.
    """
    if isinstance(judge, BatchJudge):
        batches = judge

        async def score(plan: Plan, on_case: OnCase) -> str:
            return await run_batches(plan, batches, store, tally, on_case, on_progress=on_progress)

        return score
    if engine is None or answerer is None:
        raise InputError(f"the judge {type(judge).__name__} asks an engine, and has none")
    budget = answerer.budget()
    many = answerer.settings.concurrency
    kept = answerer.desk(engine, store, tally, budget)  # it counts requests a minute

    async def ask(plan: Plan, on_case: OnCase) -> str:
        # Where calls go in windows, these are closed with the desk.
        desk = kept if engine.window == 1 else answerer.desk(engine, store, tally, budget)
        return await run_trials(
            plan, judge, desk, on_case, concurrency=many, on_progress=on_progress
        )

    return ask
