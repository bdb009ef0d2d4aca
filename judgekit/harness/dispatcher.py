"""The dispatcher: it answers the calls of judges, from the reply store or from the engine.

If the same call is made twice at the same time, the engine is asked once. A reply is on the disk
before a judge sees it. Retries, time limits, rates and budgets are applied here, for every engine
alike.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field, fields, replace
from types import TracebackType
from typing import Self

from judgekit.config.prices import Price
from judgekit.errors import CallFailure, EngineError, JudgekitError, StoreError
from judgekit.extension.engine import Engine
from judgekit.harness.batcher import Batcher
from judgekit.harness.first_calls import FirstCalls
from judgekit.harness.limits import Admission, RateLimiter, RetryPolicy, expected_tokens
from judgekit.harness.reply_store import ReplyStore, pack_reply, unpack_reply
from judgekit.harness.storable import storable
from judgekit.types import Call, Reply, Trial, digest

__all__ = ["DispatchLimits", "Dispatcher", "Tally", "TrialAsk"]

NOT_REACHED = ("connection", "timeout")
FULL_RATE = "http 429"
GIVE_UP = 20  # calls in a row that got no answer, each after all its retries


@dataclass
class Tally:
    """Counts what a run has done so far, for progress bars and `run.json`."""

    trials: int = 0
    judged: int = 0
    calls: int = 0  # to the engine, without retries
    attempts: int = 0  # requests sent, with retries
    calls_from_store: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    without_usage: int = 0  # replies whose server gave no token counts, or impossible ones
    statuses: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)  # calls given up, by failure
    retries: Counter[str] = field(default_factory=Counter)  # attempts repeated, by failure

    def add_judged(self, status: str) -> None:
        """Counts a trial, or a candidate, with its status."""
        self.judged += 1
        self.statuses[status] += 1

    def __add__(self, other: Tally) -> Tally:
        """The counts of both together."""
        return Tally(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(Tally)))

    def become(self, other: Tally) -> None:
        """Takes over the other's counts: whoever holds this object sees them."""
        vars(self).update(vars(other))

    def cost(self, price: Price | None) -> float | None:
        """The cost of the calls in US dollars, None where the price or all usage is unknown.

        A lower limit where some replies came without usage.
        """
        if price is None or (self.without_usage and not self.tokens_in + self.tokens_out):
            return None
        return price.cost(self.tokens_in, self.tokens_out)


@dataclass(frozen=True)
class DispatchLimits:
    """The limits of a run's calls.

    Attributes:
        timeout: Seconds for each attempt.
        retry: How often, and after which pauses, a failed attempt is repeated.
        rpm: Requests a minute; None sets no limit.
        tpm: Tokens a minute; None sets no limit.
        retry_truncated: Tokens: a call whose reply was cut at a lower limit is made once more with
            this one. None keeps the reply.
        first_window: How many calls to an API are made before one is answered; see `FirstCalls`.
            None sets no limit.
    """

    timeout: float = 120.0
    retry: RetryPolicy = RetryPolicy()
    rpm: float | None = None
    tpm: float | None = None
    retry_truncated: int | None = None
    first_window: int | None = None


class Dispatcher:
    """Answers the calls of a run. Use it in one event loop, as a context manager.

    A call that is under way belongs to the dispatcher: a judge that stops waiting loses its trial,
    but the reply, which is paid for, is stored.

    Args:
        engine: What answers.
        store: Where replies are kept.
        admission: What the run may ask and spend.
        limits: Time limits, retries and rates.
        tally: Counts what is done.
    """

    def __init__(
        self,
        engine: Engine,
        store: ReplyStore,
        admission: Admission,
        limits: DispatchLimits = DispatchLimits(),
        tally: Tally | None = None,
    ) -> None:
        self.engine = engine
        self.store = store
        self.admission = admission
        self.limits = limits
        self.tally = tally or Tally()
        self._windows = Batcher(engine) if engine.window > 1 else None
        self._requests = RateLimiter(limits.rpm) if limits.rpm else None
        self._tokens = RateLimiter(limits.tpm) if limits.tpm else None
        self._under_way: dict[bytes, asyncio.Task[Reply]] = {}
        self._unreachable = 0
        self._reached = False
        self._replies = 0
        costs = engine.stored and engine.window == 1
        self._first_calls = FirstCalls(limits.first_window if costs else None)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Waits for the calls that are under way; after an error it cancels them."""
        left = list(self._under_way.values())
        if error is not None:
            for task in left:
                task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        if self._windows is not None:
            await self._windows.aclose()

    def key(self, call: Call, repeat: int) -> bytes:
        """The key of a reply in the store: the engine, the call, and the number of the repeat."""
        return bytes.fromhex(digest(self.engine.fingerprint, call.digest, str(repeat)))

    async def reply(self, key: bytes, call: Call, ask: TrialAsk) -> Reply:
        """The reply to a call: from the store, from a call that is under way, or from the engine.

        Args:
            key: The reply's key in the store.
            call: The call.
            ask: The trial that makes the call.

        Raises:
            CallFailure: There is no usable reply; only this trial fails.
            EngineError: No call can be answered; the run ends.
            StoreError: The reply store cannot be used; the run ends.
        """
        if not self.engine.stored:
            return await self._ask(call, ask)
        stored = self.store.get(key)
        if stored is not None:
            self.tally.calls_from_store += 1
            self._first_calls.let_through()
            return unpack_reply(stored)
        task = self._under_way.get(key)
        if task is None:
            task = asyncio.create_task(self._fetch(key, call, ask))
            self._under_way[key] = task
            task.add_done_callback(lambda done: self._fetched(key, done))
        return await asyncio.shield(task)

    def _fetched(self, key: bytes, task: asyncio.Task[Reply]) -> None:
        del self._under_way[key]
        if not task.cancelled():
            task.exception()  # retrieved here, since the trial may have stopped waiting

    async def _fetch(self, key: bytes, call: Call, ask: TrialAsk) -> Reply:
        reply = await self._ask(call, ask)
        data = pack_reply(reply)
        if not await self.store.put([(key, data)]):
            stored = self.store.get(key)
            return reply if stored is None else unpack_reply(stored)
        return reply

    async def _ask(self, call: Call, ask: TrialAsk) -> Reply:
        ask.count_call()
        self.tally.calls += 1
        reply = storable(await self._retry(call, ask.place))
        if reply.tokens_in is None or reply.tokens_out is None:
            self.tally.without_usage += 1
        self.tally.tokens_in += reply.tokens_in or 0
        self.tally.tokens_out += reply.tokens_out or 0
        ask.paid += self.admission.charge(call, reply)
        return reply

    async def _retry(self, call: Call, place: int) -> Reply:
        """Repeats attempts until there is a reply or no retry is left."""
        await self._first_calls.admit()
        attempt, waited, replies = 0, 0.0, self._replies
        now = asyncio.get_running_loop().time
        while True:
            await self._pace(call)
            began = now()
            result = await self._attempt(call, place)
            self._reached |= isinstance(result, Reply) or result.name not in NOT_REACHED
            if isinstance(result, Reply):
                self._replies += 1
                self._unreachable = 0
                self._first_calls.let_through()
                return result
            if result.name == FULL_RATE and self._replies > replies:
                # The rate let other calls through: time begins anew for this one.
                waited, replies = 0.0, self._replies
            elif attempt:
                waited += now() - began
            reached = self._reached or result.name != "connection"
            pause = self.limits.retry.pause(attempt, result, waited, reached=reached)
            if pause is None:
                self._give_up(result)
                raise result
            self.tally.retries[result.name] += 1
            attempt += 1
            waited += pause
            await asyncio.sleep(pause)

    def _give_up(self, failure: CallFailure) -> None:
        self.tally.failures[failure.name] += 1
        self._first_calls.failed(failure)
        if failure.name not in NOT_REACHED:
            self._unreachable = 0
            return
        if failure.name == "connection" and not self._reached:
            raise EngineError(str(failure))  # no server has answered there yet
        self._unreachable += 1
        if self._unreachable >= GIVE_UP:
            raise EngineError(
                f"{self._unreachable} calls in a row got no answer ({failure}); "
                f"the replies so far are stored: run the same command again to continue"
            )

    async def _pace(self, call: Call) -> None:
        if self._requests:
            await self._requests.take()
        if self._tokens:
            await self._tokens.take(expected_tokens(call) + (call.sampling.max_tokens or 0))

    async def _attempt(self, call: Call, place: int) -> Reply | CallFailure:
        self.tally.attempts += 1
        try:
            if self._windows is not None:
                result = await self._windows.answer(call, place)
            else:
                async with asyncio.timeout(self.limits.timeout):
                    [result] = await self.engine.answer((call,))
        except TimeoutError:
            return CallFailure(
                "timeout", f"no answer within {self.limits.timeout:g} s", retryable=True
            )
        except CallFailure as failure:
            return failure
        except JudgekitError:
            raise
        except Exception as error:  # noqa: BLE001 (a plugin's engine: its fault is this call's)
            return CallFailure(type(error).__name__, f"the engine broke: {error!r}")
        if not isinstance(result, Reply | CallFailure):
            return CallFailure("no reply", f"the engine broke: it returned {result!r} as a reply")
        return result


class TrialAsk:
    """`Ask` bound to one trial; it records the calls that the verdict comes from.

    Attributes:
        trial: The trial.
        place: The number of the trial in the plan.
        allowed: How many calls the trial may make; None sets no limit.
        made: How many calls it has made to the engine.
        paid: Their cost in US dollars.
        stop: The error that ends the run, even if the judge catches it.
    """

    __slots__ = (
        "_calls", "allowed", "dispatcher", "made", "paid", "place", "stop", "tokens_in",
        "tokens_out", "trial",
    )  # fmt: skip

    def __init__(
        self, dispatcher: Dispatcher, trial: Trial, place: int, allowed: int | None = None
    ) -> None:
        self.dispatcher = dispatcher
        self.trial = trial
        self.place = place
        self.allowed = allowed
        self.made = 0
        self.paid = 0.0
        self.stop: JudgekitError | None = None
        self.tokens_in = 0
        self.tokens_out = 0
        self._calls: list[list[bytes]] = []

    @property
    def calls(self) -> tuple[str, ...]:
        """The keys of the answered calls, in the order in which they were made."""
        return tuple(key.hex() for keys in self._calls for key in keys)

    def count_call(self) -> None:
        """Counts a call that this trial makes; raises `CallFailure` beyond `allowed`."""
        if self.allowed is not None and self.made >= self.allowed:
            raise CallFailure(
                "too many calls",
                f"the judge makes more than the {self.allowed} calls that it announced; "
                f"its most_calls must return the most that a trial can make",
            )
        self.made += 1

    async def __call__(self, call: Call, *, shared: bool = False) -> Reply:
        # A shared call is made once for all trials of a case, so it belongs to none of them.
        trial = None if shared else self.trial
        if call.trial is not trial:
            call = replace(call, trial=trial)
        keys: list[bytes] = []
        self._calls.append(keys)
        reply = await self._one(call, shared, keys)
        cap = self.dispatcher.limits.retry_truncated
        asked = call.sampling.max_tokens
        if reply.finish == "length" and cap and asked and asked < cap:
            larger = replace(call.sampling, max_tokens=cap)
            reply = await self._one(replace(call, sampling=larger), shared, keys)
        return reply

    async def _one(self, call: Call, shared: bool, keys: list[bytes]) -> Reply:
        key = self.dispatcher.key(call, 0 if shared else self.trial.repeat)
        try:
            reply = await self.dispatcher.reply(key, call, self)
        except (EngineError, StoreError) as error:
            self.stop = error
            raise
        keys.append(key)
        self.tokens_in += reply.tokens_in or 0
        self.tokens_out += reply.tokens_out or 0
        return reply
