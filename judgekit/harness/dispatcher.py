"""The dispatcher: where judges hand in calls and get replies, from the store or from the engine.

The same call under way twice is asked once. What the engine answers is on the disk before a judge
sees it. Retries, time limits, rates and budgets are applied here, for every engine alike.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field, fields, replace
from math import isfinite
from types import TracebackType
from typing import Self

from judgekit.config.prices import Price
from judgekit.errors import CallFailure, EngineError, JudgekitError, StoreError
from judgekit.extension.engine import Engine
from judgekit.harness.batcher import Batcher
from judgekit.harness.limits import Admission, RateLimiter, RetryPolicy, expected_tokens
from judgekit.harness.reply_store import ReplyStore, pack_reply, unpack_reply
from judgekit.types import Call, Reply, Trial, digest

__all__ = ["DispatchLimits", "Dispatcher", "Tally", "TrialAsk"]

GIVE_UP = 20  # calls in a row that found no server, each after all its retries


@dataclass
class Tally:
    """What a run has done so far; progress bars and `run.json` read it."""

    trials: int = 0
    judged: int = 0
    calls: int = 0  # put to the engine, retries not counted
    attempts: int = 0  # requests sent, retries counted
    calls_from_store: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    without_usage: int = 0  # replies whose server gave no token counts
    statuses: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)  # by name, for calls given up
    retries: Counter[str] = field(default_factory=Counter)  # by name, for attempts tried again

    def __add__(self, other: Tally) -> Tally:
        """The counts of both together."""
        return Tally(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(Tally)))

    def become(self, other: Tally) -> None:
        """Takes over the other's counts: whoever holds this object sees them."""
        vars(self).update(vars(other))

    def cost(self, price: Price | None) -> float | None:
        """US dollars of the calls made, None where the price is not known."""
        return None if price is None else price.cost(self.tokens_in, self.tokens_out)


@dataclass(frozen=True)
class DispatchLimits:
    """`timeout`: seconds per attempt. `retry_truncated`: a reply that was cut at its limit is
    asked again with this one, in tokens; None leaves it."""

    timeout: float = 120.0
    retry: RetryPolicy = RetryPolicy()
    rpm: float | None = None
    tpm: float | None = None
    retry_truncated: int | None = None


class Dispatcher:
    """Answers calls for a run. One per run, used inside its event loop, closed at its end.

    A call under way belongs to the dispatcher, not to who asked: a judge that gives up waiting
    loses its trial, not the reply that is being paid for.
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

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Waits for calls that nobody waits for any more; after an error gives them up."""
        left = list(self._under_way.values())
        if error is not None:
            for task in left:
                task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        if self._windows is not None:
            await self._windows.aclose()

    def key(self, call: Call, repeat: int) -> bytes:
        """The store's key: what is asked, who answers, and which repeat it is."""
        return bytes.fromhex(digest(self.engine.fingerprint, call.digest, str(repeat)))

    async def reply(self, key: bytes, call: Call, ask: TrialAsk) -> Reply:
        """The reply to a call: kept, under way already, or asked now.

        Raises `CallFailure` or what stops the run (`EngineError`, `StoreError`).
        """
        if not self.engine.stored:
            return await self._ask(call, ask)
        kept = self.store.get(key)
        if kept is not None:
            self.tally.calls_from_store += 1
            return unpack_reply(kept)
        task = self._under_way.get(key)
        if task is None:
            task = asyncio.create_task(self._fetch(key, call, ask))
            self._under_way[key] = task
            task.add_done_callback(lambda done: self._fetched(key, done))
        return await asyncio.shield(task)

    def _fetched(self, key: bytes, task: asyncio.Task[Reply]) -> None:
        del self._under_way[key]
        if not task.cancelled():
            task.exception()  # who asked may be gone; that is no error of its own

    async def _fetch(self, key: bytes, call: Call, ask: TrialAsk) -> Reply:
        reply = await self._ask(call, ask)
        try:
            data = pack_reply(reply)
        except TypeError:  # half a surrogate pair: an engine's text cut in the wrong place
            reply = replace(reply, text=valid_utf8(reply.text), thinking=valid_utf8(reply.thinking))
            data = pack_reply(reply)
        if not await self.store.put([(key, data)]):
            kept = self.store.get(key)
            return reply if kept is None else unpack_reply(kept)
        return reply

    async def _ask(self, call: Call, ask: TrialAsk) -> Reply:
        ask.count_call()
        self.tally.calls += 1
        reply = await self._persist(call, ask.place)
        if reply.tokens_out is None:
            self.tally.without_usage += 1
        used = (reply.tokens_in or 0, reply.tokens_out or 0)
        self.tally.tokens_in += used[0]
        self.tally.tokens_out += used[1]
        price = self.admission.price
        ask.paid += price.cost(*used) if price else 0.0
        return finite(reply)

    async def _persist(self, call: Call, place: int) -> Reply:
        """Tries until there is a reply or the retries are used up."""
        attempt = 0
        while True:
            result = await self._attempt(call, place)
            if isinstance(result, Reply):
                self._reached = True
                self._unreachable = 0
                return result
            pause = self.limits.retry.pause(attempt, result)
            if pause is None:
                self._give_up(result)
                raise result
            self.tally.retries[result.name] += 1
            attempt += 1
            await asyncio.sleep(pause)

    def _give_up(self, failure: CallFailure) -> None:
        self.tally.failures[failure.name] += 1
        if failure.name not in ("connection", "timeout"):
            self._reached = True
            self._unreachable = 0
            return
        if failure.name == "connection" and not self._reached:
            raise EngineError(str(failure))  # nobody has ever answered there
        self._unreachable += 1
        if self._unreachable >= GIVE_UP:
            raise EngineError(
                f"{self._unreachable} calls in a row found no server ({failure}); "
                f"the replies so far are kept, run the same command again to go on"
            )

    async def _attempt(self, call: Call, place: int) -> Reply | CallFailure:
        if self._requests:
            await self._requests.take()
        if self._tokens:
            await self._tokens.take(expected_tokens(call) + (call.sampling.max_tokens or 0))
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
        except Exception as error:  # noqa: BLE001 (somebody's engine: its fault is this call's)
            return CallFailure(type(error).__name__, f"the engine broke: {error!r}")
        if not isinstance(result, Reply | CallFailure):
            return CallFailure("no reply", f"the engine broke: it gave {result!r} for a reply")
        return result


class TrialAsk:
    """`Ask` bound to one trial; remembers which calls its verdict came from.

    `place` is the trial's number in the plan; `allowed` how many calls its budget has room for,
    None without a limit. `stop` is what ends the run, whatever the judge makes of it.
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
        """The keys of the calls that were answered, in the order in which they were asked."""
        return tuple(key.hex() for keys in self._calls for key in keys)

    def count_call(self) -> None:
        """Counts a call that this trial makes; raises `CallFailure` beyond `allowed`."""
        if self.allowed is not None and self.made >= self.allowed:
            raise CallFailure(
                "too many calls",
                f"the judge asks more than the {self.allowed} calls that it announced; "
                f"its most_calls must say how many a trial can take",
            )
        self.made += 1

    async def __call__(self, call: Call, *, shared: bool = False) -> Reply:
        # What is asked once for all trials of a case is no one trial's.
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


def valid_utf8(text: str) -> str:
    """The text with U+FFFD for each half of a surrogate pair."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def finite(reply: Reply) -> Reply:
    """The reply without labels of no probability, whose logarithm JSON cannot hold."""
    logprobs = reply.label_logprobs
    if not logprobs or all(map(isfinite, logprobs.values())):
        return reply
    finite_ones = {label: value for label, value in logprobs.items() if isfinite(value)}
    return replace(reply, label_logprobs=finite_ones)
