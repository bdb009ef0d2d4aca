"""The dispatcher: it answers the calls of judges, from the reply store or from the engine.

If the same call is made twice at the same time, the engine is asked once. A reply is on the disk
before a judge sees it. Retries, time limits, rates and budgets are applied here, for every engine
alike.
"""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from judgekit.errors import CallFailure, EngineError, JudgekitError
from judgekit.extension.engine import Engine
from judgekit.harness.batcher import Batcher
from judgekit.harness.bookings import Booking, Ended
from judgekit.harness.first_calls import FirstCalls
from judgekit.harness.limits import Admission, RateLimiter, RetryPolicy, expected_tokens
from judgekit.harness.reply_store import ReplyStore, pack_reply, unpack_reply
from judgekit.harness.storable import storable
from judgekit.harness.tally import Tally
from judgekit.harness.trial_ask import TrialAsk
from judgekit.types import Call, Reply, Usage, digest

__all__ = ["DispatchLimits", "Dispatcher"]

NOT_REACHED = ("connection", "timeout")
FULL_RATE = "http 429"
GIVE_UP = 20  # calls in a row that got no answer, each after all its retries


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
        in_flight: How many requests to an API are under way at once; None leaves it to those who
            ask.
    """

    timeout: float = 120.0
    retry: RetryPolicy = RetryPolicy()
    rpm: float | None = None
    tpm: float | None = None
    retry_truncated: int | None = None
    first_window: int | None = None
    in_flight: int | None = None


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
        run: Under which name the store books what the calls use: the run's identity.
    """

    def __init__(
        self,
        engine: Engine,
        store: ReplyStore,
        admission: Admission,
        limits: DispatchLimits = DispatchLimits(),
        tally: Tally | None = None,
        run: str = "",
    ) -> None:
        self.engine = engine
        self.store = store
        self.admission = admission
        self.limits = limits
        self.tally = tally or Tally()
        self.run = run
        self._windows = Batcher(engine) if engine.window > 1 else None
        self._requests = RateLimiter(limits.rpm) if limits.rpm else None
        self._tokens = RateLimiter(limits.tpm) if limits.tpm else None
        self._in_flight = asyncio.Semaphore(limits.in_flight) if limits.in_flight else nullcontext()
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

    @property
    def retry_truncated(self) -> int | None:
        """The limit, in tokens, with which a call whose reply was cut is made once more."""
        return self.limits.retry_truncated

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
            ask.need(key)
            reply, _ = await self._ask(key, call, ask)
            return reply
        stored = self.store.get(key)
        if stored is not None:
            self._count_stored(key, ask)
            return self.store.unpacked(key, stored, unpack_reply)
        ask.need(key)
        task = self._under_way.get(key)
        if task is None:
            task = asyncio.create_task(self._fetch(key, call, ask))
            self._under_way[key] = task
            task.add_done_callback(lambda done: self._fetched(key, done))
        return await asyncio.shield(task)

    def _count_stored(self, key: bytes, ask: TrialAsk) -> None:
        ask.from_store += 1
        ask.reused += self.store.ended(self.run, key) != "reply"
        self._first_calls.let_through()

    def _fetched(self, key: bytes, task: asyncio.Task[Reply]) -> None:
        del self._under_way[key]
        if not task.cancelled():
            task.exception()  # retrieved here, since the trial may have stopped waiting

    async def _fetch(self, key: bytes, call: Call, ask: TrialAsk) -> Reply:
        kept = await self.store.claim(key)
        if kept is not None:
            self._count_stored(key, ask)
            return self.store.unpacked(key, kept, unpack_reply)
        try:
            reply, booking = await self._ask(key, call, ask)
        except BaseException:
            self.store.release(key)
            raise
        if not await self.store.put([(key, pack_reply(reply))], [booking]):
            stored = self.store.get(key)
            return reply if stored is None else self.store.unpacked(key, stored, unpack_reply)
        return reply

    async def _ask(self, key: bytes, call: Call, ask: TrialAsk) -> tuple[Reply, Booking]:
        """Asks the engine. A call that is given up is booked here, a reply where it is stored."""
        ask.count_call()
        self.tally.calls += 1
        reply, requests = await self._retry(key, call, ask)
        reply = storable(reply)
        if reply.tokens_in is None or reply.tokens_out is None:
            self.tally.without_usage += 1
        used = reply.usage
        charged = self.admission.charge(call, used)
        return reply, self._use(key, ask, "reply", requests, used, charged)

    def _use(
        self, key: bytes, ask: TrialAsk, ended: Ended, requests: int, used: Usage, charged: float
    ) -> Booking:
        """Counts the tokens that were billed, and makes their booking."""
        self.tally.add_usage(used)
        ask.paid += charged
        price, counts = self.admission.price, [count or 0 for count in used]
        cost = None if price is None else price.cost(*counts)
        tokens_in, tokens_out, cached, written = used
        return Booking(
            self.run,
            key,
            ended,
            requests,
            tokens_in,
            tokens_out,
            cost,
            charged,
            cached,
            written,
        )

    async def _retry(self, key: bytes, call: Call, ask: TrialAsk) -> tuple[Reply, int]:
        """Repeats attempts until there is a reply or no retry is left; counts the requests."""
        await self._first_calls.admit()
        attempt, waited, replies = 0, 0.0, self._replies
        now = asyncio.get_running_loop().time
        while True:
            await self._pace(call)
            began = now()
            result = await self._attempt(call, ask.place)
            self._reached |= isinstance(result, Reply) or result.name not in NOT_REACHED
            if isinstance(result, Reply):
                self._replies += 1
                self._unreachable = 0
                self._first_calls.let_through()
                return result, attempt + 1
            if result.name == FULL_RATE and self._replies > replies:
                # The rate let other calls through: time begins anew for this one.
                waited, replies = 0.0, self._replies
            elif attempt:
                waited += now() - began
            reached = self._reached or result.name != "connection"
            pause = self.limits.retry.pause(attempt, result, waited, reached=reached)
            used = Usage.of(*result.billed)
            billed = any(used)  # else a failed attempt's cost is not known, nor counted
            if pause is None or billed:
                # At once: a process that is killed while it waits has paid for it, too.
                charged = self.admission.charge(call, used) if billed else 0.0
                ended: Ended = "failed" if pause is None else "retried"
                requests = attempt + 1 if pause is None else 0
                await self._book(self._use(key, ask, ended, requests, used, charged))
            if pause is None:
                self._give_up(result)
                raise result
            self.tally.retries[result.name] += 1
            attempt += 1
            waited += pause
            await asyncio.sleep(pause)

    async def _book(self, booking: Booking) -> None:
        if self.engine.stored:
            await self.store.put([], [booking])

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
                async with self._in_flight, asyncio.timeout(self.limits.timeout):
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
