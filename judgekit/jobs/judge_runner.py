"""How a plan is put to a judge: its calls to an engine, or its batches to the judge itself."""

from __future__ import annotations

from typing import Protocol

from judgekit.config.prices import Price
from judgekit.errors import InputError
from judgekit.extension.engine import Engine
from judgekit.harness.dispatcher import Dispatcher
from judgekit.harness.limits import Admission, Budget
from judgekit.harness.plan import Plan
from judgekit.harness.reply_store import ReplyStore
from judgekit.harness.tally import Tally
from judgekit.harness.trials import OnCase, OnProgress, run_batches, run_trials
from judgekit.jobs.bindings import BoundEngine
from judgekit.judging import BatchJudge, Judge
from judgekit.types import StopReason

__all__ = ["BatchRunner", "CallRunner", "RunTrials", "admission_of", "judge_runner"]


class RunTrials(Protocol):
    """Judges plans: a run's whole plan at once, or parts of it one after the other.

    `window` is how many trials keep it busy: a schedule that judges a plan in parts hands over
    no fewer where it can.
    """

    @property
    def window(self) -> int: ...

    async def __call__(self, plan: Plan, on_case: OnCase) -> StopReason | None:
        """Judges a plan; returns why it ended before the last trial, None at the end."""
        ...


class BatchRunner:
    """Puts batches of trials to a judge that scores them itself."""

    window = 0

    def __init__(
        self, judge: BatchJudge, store: ReplyStore, tally: Tally, on_progress: OnProgress | None
    ) -> None:
        self._judge = judge
        self._store = store
        self._tally = tally
        self._on_progress = on_progress

    async def __call__(self, plan: Plan, on_case: OnCase) -> StopReason | None:
        """Judges a plan, as `RunTrials` says."""
        return await run_batches(
            plan, self._judge, self._store, self._tally, on_case, on_progress=self._on_progress
        )


class CallRunner:
    """Puts a judge's calls to an engine, all within one admission to the budget."""

    def __init__(
        self,
        judge: Judge,
        bound_engine: BoundEngine,
        engine: Engine,
        store: ReplyStore,
        budget: Budget,
        tally: Tally,
        on_progress: OnProgress | None,
        run: str,
    ) -> None:
        self._judge = judge
        self._bound_engine = bound_engine
        self._engine = engine
        self._store = store
        self._tally = tally
        self._on_progress = on_progress
        self._run = run
        self._admission = admission_of(run, store, budget, bound_engine.price)
        self._paced = self._dispatcher()  # one for the whole run: it counts requests a minute

    @property
    def window(self) -> int:
        """How many calls the engine answers at once."""
        return self._engine.window

    async def __call__(self, plan: Plan, on_case: OnCase) -> StopReason | None:
        """Judges a plan, as `RunTrials` says."""
        # A dispatcher's windows are closed with it, so each plan needs its own.
        dispatcher = self._paced if self.window == 1 else self._dispatcher()
        return await run_trials(
            plan,
            self._judge,
            dispatcher,
            on_case,
            concurrency=self._bound_engine.settings.concurrency,
            on_progress=self._on_progress,
        )

    def _dispatcher(self) -> Dispatcher:
        return self._bound_engine.dispatcher(
            self._engine, self._store, self._tally, self._admission, self._run
        )


def admission_of(run: str, store: ReplyStore, budget: Budget, price: Price | None) -> Admission:
    """A run's admission to a budget, in which what it used when it was started before counts.

    Args:
        run: The run's name in the store.
        store: Where its calls are booked.
        budget: What the run may ask and spend.
        price: The price of the engine's tokens, None where it is not known.
    """
    used = store.totals(run)
    return Admission(budget, price, run, (used.calls, used.against_limits(price)))


def judge_runner(
    judge: Judge,
    bound_engine: BoundEngine | None,
    engine: Engine | None,
    store: ReplyStore,
    budget: Budget,
    tally: Tally,
    on_progress: OnProgress | None,
    run: str,
) -> RunTrials:
    """What judges a run's plans with this judge.

    Args:
        judge: The judge.
        bound_engine: The engine it asks with its limits, None for a judge that asks none.
        engine: That engine, made for this run.
        store: Where replies and batch verdicts are kept.
        budget: What the run may ask and spend.
        tally: Counts what is done.
        on_progress: Called after each trial, or after each batch.
        run: Under which name the store books what the calls use.

    Raises:
        InputError: The judge asks an engine, and there is none.
    """
    if isinstance(judge, BatchJudge):
        return BatchRunner(judge, store, tally, on_progress)
    if engine is None or bound_engine is None:
        raise InputError(f"the judge {type(judge).__name__} asks an engine, and has none")
    return CallRunner(judge, bound_engine, engine, store, budget, tally, on_progress, run)
