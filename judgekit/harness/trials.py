"""Trials → judgements: a judge judges every trial of a plan; finished cases come in order.

A fixed number of workers take trials in the order of the plan; there are no batches to wait for.
A case is handed on as soon as all its trials and all cases before it are done, so what is written
does not depend on the order in which replies arrive.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

from judgekit.errors import CallFailure, EngineError, StoreError
from judgekit.harness.dispatcher import Dispatcher
from judgekit.harness.limits import BudgetSpent, Stopped
from judgekit.harness.plan import Plan
from judgekit.harness.reply_store import ReplyStore, pack_verdict, unpack_verdict
from judgekit.harness.tally import Tally
from judgekit.harness.trial_ask import TrialAsk
from judgekit.harness.workers import within_budget, work_through
from judgekit.judging import BatchJudge, Judge
from judgekit.redaction import redact_message
from judgekit.tracebacks import raised_at
from judgekit.types import (
    Case,
    Judgement,
    Status,
    StopReason,
    Trial,
    Verdict,
    digest,
    message_parts,
)

__all__ = ["OnCase", "OnProgress", "batch_identity", "run_batches", "run_trials", "verdict_key"]

log = logging.getLogger(__name__)
OnCase = Callable[[Case, Sequence[Judgement]], StopReason | None]
"""Takes a case with its judgements; returns why the run may end with it, None to go on."""
OnProgress = Callable[[Tally], None]
"""Called with the counts so far; a progress bar reads them."""


class InOrder:
    """Hands cases on in the order of the plan, each once all its judgements are in.

    `stop` is what `on_case` returned for the last case where that ended the run: so the run is a
    prefix of the plan, whichever judgement came first.
    """

    def __init__(self, plan: Plan, on_case: OnCase) -> None:
        self._cases = plan.cases
        self._on_case = on_case
        self._open: dict[int, list[Judgement | None]] = {}
        self._next = 0
        self._end = len(plan.cases)
        self.stop: StopReason | None = None

    @property
    def complete(self) -> bool:
        """Whether every case has been handed on."""
        return self._next == len(self._cases)

    def end_before(self, case: int) -> None:
        """Stops handing on cases before this one."""
        self._end = min(self._end, case)

    def expect(self, case: int, trials: int) -> None:
        """Announces a case's number of trials; one without trials is complete at once."""
        self._open[case] = [None] * trials
        if not trials:
            self._hand_on()

    def add(self, case: int, position: int, judgement: Judgement) -> None:
        self._open[case][position] = judgement
        self._hand_on()

    def _hand_on(self) -> None:
        while self._next in self._open and self._next < self._end:
            judgements = [j for j in self._open[self._next] if j is not None]
            if len(judgements) < len(self._open[self._next]):
                return
            del self._open[self._next]
            self.stop = self._on_case(self._cases[self._next], judgements)
            self._next += 1
            if self.stop:
                self.end_before(self._next)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a trial stands: its number in the plan, its case's, and its position in the case."""

    number: int
    case: int
    position: int


def places(plan: Plan, order: InOrder) -> Iterator[tuple[Place, Trial]]:
    """The plan's trials one after the other; announces each case as it comes up."""
    number = 0
    for case_number, case in enumerate(plan.cases):
        trials = plan.trials(case)
        order.expect(case_number, len(trials))
        for position, trial in enumerate(trials):
            yield Place(number, case_number, position), trial
            number += 1


async def run_trials(
    plan: Plan,
    judge: Judge,
    dispatcher: Dispatcher,
    on_case: OnCase,
    *,
    concurrency: int = 64,
    on_progress: OnProgress | None = None,
) -> StopReason | None:
    """Judges every trial of a plan with a judge that asks an engine.

    The reply store keeps every reply that was paid for.

    Args:
        plan: The trials.
        judge: The judge.
        dispatcher: Answers the judge's calls; closed at the end.
        on_case: Gets each case with its judgements, in the order of the plan.
        concurrency: Trials under way at once.
        on_progress: Called after each trial.

    Returns:
        Why the run ended before its plan: the budget's reason, or the one that `on_case` returned.
        None at the end of the plan.

    Raises:
        EngineError: No call can be answered.
        StoreError: The reply store cannot be used.
    """
    order = InOrder(plan, on_case)
    tally = dispatcher.tally

    async def work(taken: tuple[Place, Trial]) -> None:
        place, trial = taken
        try:
            judgement = await judge_within_budget(judge, trial, dispatcher, place.number)
        except BudgetSpent:
            order.end_before(place.case)
            raise
        tally.add_judged(judgement.verdict.status)
        order.add(place.case, place.position, judgement)
        if on_progress:
            on_progress(tally)
        if order.stop:
            raise Stopped(order.stop)

    stop = await work_through(places(plan, order), work, dispatcher, concurrency=concurrency)
    if stop is None and not order.complete:
        raise AssertionError("a run without a stop hands on every case")
    return stop


async def judge_within_budget(
    judge: Judge, trial: Trial, dispatcher: Dispatcher, number: int
) -> Judgement:
    """One trial's judgement, once the budget has room for the most that the trial can use."""

    def most() -> tuple[int, float]:
        calls = judge.most_calls(trial)
        priced = dispatcher.admission.budget.max_cost is not None
        return calls, calls * dispatcher.admission.worst(
            judge.likely_call(trial)
        ) if priced else 0.0

    return await within_budget(
        dispatcher, trial, number, most, lambda ask: judge_trial(judge, trial, ask)
    )


async def judge_trial(judge: Judge, trial: Trial, ask: TrialAsk) -> Judgement:
    """One trial's judgement; an error that concerns this trial alone becomes its status."""
    try:
        verdict = checked_verdict(await judge.judge(trial, ask), trial)
    except CallFailure as failure:
        error = f"{failure.name}: {failure}" if str(failure) != failure.name else failure.name
        if failure.status is Status.TOO_LONG and trial.case.place:
            error = f"{trial.case.place}: {error}"
        verdict = Verdict.without(failure.status, error)
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        verdict = failed_verdict(error)  # the judge cancelled itself; the run goes on
    except (EngineError, StoreError):
        raise
    except Exception as error:  # noqa: BLE001 (a plugin's judge: its fault is this trial's status)
        verdict = failed_verdict(error)
    if ask.stop is not None:
        raise ask.stop  # even if the judge caught it
    return Judgement(trial, verdict, ask.calls, ask.tokens_in, ask.tokens_out)


def checked_verdict(verdict: object, trial: Trial) -> Verdict:
    """The verdict, or a failed one if it is not what the trial needs."""
    if not isinstance(verdict, Verdict):
        return Verdict.without(
            Status.FAILED, f"the judge broke: it returned {verdict!r}, no verdict"
        )
    if verdict.status is not Status.VALID:
        return verdict
    chance = verdict.probability
    if len(trial.order) > 1 and verdict.choice is None:
        fault = "a score where a choice was asked for"
    elif len(trial.order) == 1 and not (
        verdict.label is not None if verdict.score is None else isfinite(verdict.score)
    ):
        fault = f"no finite score: {verdict.score!r}"
    elif chance is not None and not 0 <= chance <= 1:
        fault = f"the probability {chance!r} is not in 0 to 1"
    else:
        return verdict
    return Verdict.without(Status.FAILED, f"the judge broke: {fault}", reasoning=verdict.reasoning)


def failed_verdict(error: BaseException) -> Verdict:
    """The failed verdict of a trial in which the judge raised, with the line that did."""
    log.debug("the judge broke", exc_info=error)
    line = raised_at(error)
    where = f" ({line})" if line else ""
    message = redact_message(f"{type(error).__name__}: the judge broke: {error}{where}")
    return Verdict.without(Status.FAILED, message)


async def run_batches(
    plan: Plan,
    judge: BatchJudge,
    store: ReplyStore,
    tally: Tally,
    on_case: OnCase,
    *,
    on_progress: OnProgress | None = None,
) -> StopReason | None:
    """Judges every trial of a plan with a judge that scores batches itself, on one worker thread.

    Verdicts are kept in the reply store, by the judge's identity and the texts shown. If the judge
    raises in a batch, its trials are judged one by one, so that only the one at fault fails.

    Args:
        plan: The trials.
        judge: The judge.
        store: Where verdicts are kept.
        tally: Counts what is done.
        on_case: Gets each case with its judgements, in the order of the plan.
        on_progress: Called after each batch.

    Returns:
        The reason that `on_case` returned to end the run early, None at the end of the plan.

    Raises:
        StoreError: The reply store cannot be used.
    """
    order = InOrder(plan, on_case)
    queue = places(plan, order)
    identity = batch_identity(judge)
    while window := [taken for _, taken in zip(range(judge.window), queue, strict=False)]:
        keys = [verdict_key(identity, trial, judge.columns_needed) for _, trial in window]
        stored = {i: data for i, key in enumerate(keys) if (data := store.get(key)) is not None}
        verdicts = {i: store.unpacked(keys[i], d, unpack_verdict) for i, d in stored.items()}
        missing = [i for i in range(len(window)) if i not in stored]
        if missing:
            results = await asyncio.to_thread(judge_safely, judge, [window[i][1] for i in missing])
            verdicts |= await keep_verdicts(store, keys, dict(zip(missing, results, strict=True)))
        tally.calls += len(missing)
        tally.calls_from_store += len(stored)
        for i, (place, trial) in enumerate(window):
            verdict, key = verdicts[i], keys[i]
            tally.add_judged(verdict.status)
            order.add(place.case, place.position, Judgement(trial, verdict, (key.hex(),)))
        if on_progress:
            on_progress(tally)
        if order.stop:
            break
    return order.stop


async def keep_verdicts(
    store: ReplyStore, keys: Sequence[bytes], verdicts: Mapping[int, Verdict]
) -> dict[int, Verdict]:
    """Stores verdicts by their positions in `keys`; failed ones are not stored.

    Returns:
        The verdicts that count: where another process was first, those that it stored.
    """
    sound = [i for i, verdict in verdicts.items() if verdict.status is not Status.FAILED]
    if await store.put([(keys[i], pack_verdict(verdicts[i])) for i in sound]):
        return dict(verdicts)
    first = {i: data for i in sound if (data := store.get(keys[i])) is not None}
    read = {i: store.unpacked(keys[i], data, unpack_verdict) for i, data in first.items()}
    return {**verdicts, **read}


def batch_identity(judge: BatchJudge) -> str:
    """What of a batch judge is in the keys of its verdicts."""
    return digest("batch", type(judge).__qualname__, *judge.identity)


def verdict_key(identity: str, trial: Trial, needs: Sequence[str] = ()) -> bytes:
    """The key of a batch judge's verdict: a digest of everything that the judge may look at.

    Columns that only another judge of the run needs are left out.
    """
    case = trial.case
    texts = [identity, repr(trial.order), repr(trial.names), str(trial.repeat)]
    texts += [case.reference or "", "" if case.reference is None else "given"]
    texts += [repr(case.earlier_references), case.category or ""]
    for message_texts in message_parts(case.prompt):
        texts += message_texts
    for response in trial.shown:
        texts += [response.text, *response.earlier]
        for message_texts in message_parts(response.messages):
            texts += message_texts
    for name in sorted(needs):
        texts += [name, repr(case.column(name))]
    return bytes.fromhex(digest(*texts))


def judge_safely(judge: BatchJudge, trials: Sequence[Trial]) -> list[Verdict]:
    """The verdicts of a batch; if the judge raises, each trial is judged by itself."""
    try:
        verdicts = list(judge.judge_batch(trials))
    except (EngineError, StoreError):
        raise
    except Exception as error:  # noqa: BLE001 (a plugin's judge, see judge_trial)
        if len(trials) == 1:
            return [failed_verdict(error)]
        return [judge_safely(judge, [trial])[0] for trial in trials]
    if len(verdicts) != len(trials):
        mismatch = ValueError(f"{len(verdicts)} verdicts for {len(trials)} trials")
        return [failed_verdict(mismatch) for _ in trials]
    return [
        checked_verdict(verdict, trial) for verdict, trial in zip(verdicts, trials, strict=True)
    ]
