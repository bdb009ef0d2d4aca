"""The desk: where judges hand in calls and get replies, from the store or from the engine.

The same call under way twice is asked once. What the engine answers is on the disk before a judge
sees it. Retries, time limits, rates and budgets are applied here, for every engine alike.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field, replace

from judgekit.engines import Engine, Price
from judgekit.errors import CallFailure, EngineError, JudgekitError
from judgekit.harness.limits import Budget, Rate, RetryPolicy, expected_tokens
from judgekit.harness.replies import ReplyStore, pack_reply, unpack_reply
from judgekit.harness.windows import Windows
from judgekit.types import Call, Reply, Trial, digest

__all__ = ["Desk", "DeskLimits", "Tally", "TrialAsk"]

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
    without_usage: int = 0  # replies whose server did not say how many tokens they were
    statuses: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)  # by name, for calls given up
    retries: Counter[str] = field(default_factory=Counter)  # by name, for attempts tried again

    def cost(self, price: Price | None) -> float | None:
        """US dollars of the calls made, None where the price is not known."""
        return None if price is None else price.cost(self.tokens_in, self.tokens_out)


@dataclass(frozen=True)
class DeskLimits:
    """`timeout`: seconds per attempt. `retry_truncated`: a reply that was cut at its limit is
    asked again with this one, in tokens; None leaves it."""

    timeout: float = 120.0
    retry: RetryPolicy = RetryPolicy()
    rpm: float | None = None
    tpm: float | None = None
    retry_truncated: int | None = None


class Desk:
    """Answers calls for a run. One per run, used inside its event loop."""

    def __init__(
        self,
        engine: Engine,
        store: ReplyStore,
        budget: Budget,
        limits: DeskLimits = DeskLimits(),
        tally: Tally | None = None,
    ) -> None:
        self.engine = engine
        self.store = store
        self.budget = budget
        self.limits = limits
        self.tally = tally or Tally()
        self.windows = Windows(engine) if engine.window > 1 else None
        self._requests = Rate(limits.rpm) if limits.rpm else None
        self._tokens = Rate(limits.tpm) if limits.tpm else None
        self._under_way: dict[bytes, asyncio.Future[Reply]] = {}
        self._unreachable = 0

    def key(self, call: Call, repeat: int) -> bytes:
        """The store's key: what is asked, who answers, and which repeat it is."""
        return bytes.fromhex(digest(self.engine.fingerprint, call.digest, str(repeat)))

    async def reply(self, call: Call, repeat: int, place: int = 0) -> tuple[bytes, Reply]:
        """The reply and its key; `place` is the trial's number in the plan.

        Raises `CallFailure`, `EngineError` or `BudgetSpent`.
        """
        key = self.key(call, repeat)
        if not self.engine.stored:
            return key, await self._ask(call, place)
        kept = self.store.get(key)
        if kept is not None:
            self.tally.calls_from_store += 1
            return key, unpack_reply(kept)
        if (other := self._under_way.get(key)) is not None:
            return key, await asyncio.shield(other)
        mine = self._under_way[key] = asyncio.get_running_loop().create_future()
        try:
            reply = await self._ask(call, place)
            await self.store.put([(key, pack_reply(reply))])
        except BaseException as error:
            if isinstance(error, asyncio.CancelledError):
                mine.cancel()
            else:
                mine.set_exception(error)
                mine.exception()  # nobody else may be waiting: that is no error of its own
            raise
        finally:
            del self._under_way[key]
        mine.set_result(reply)
        return key, reply

    async def _ask(self, call: Call, place: int) -> Reply:
        reserved = await self.budget.admit(call)
        self.tally.calls += 1
        reply: Reply | None = None
        try:
            reply = await self._persist(call, place)
        finally:
            used = (reply.tokens_in or 0, reply.tokens_out or 0) if reply else (0, 0)
            self.budget.settle(reserved, *used)
            self.tally.tokens_in += used[0]
            self.tally.tokens_out += used[1]
        self.tally.without_usage += reply.tokens_out is None
        return reply

    async def _persist(self, call: Call, place: int) -> Reply:
        """Tries until there is a reply or the retries are used up."""
        attempt = 0
        while True:
            result = await self._attempt(call, place)
            if isinstance(result, Reply):
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
            self._unreachable = 0
            return
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
        if self.windows is not None:
            return await self.windows.answer(call, place)
        try:
            async with asyncio.timeout(self.limits.timeout):
                [result] = await self.engine.answer((call,))
        except TimeoutError:
            return CallFailure(
                "timeout", f"no answer within {self.limits.timeout:g} s", retryable=True
            )
        except JudgekitError:
            raise
        except Exception as error:  # noqa: BLE001 (somebody's engine: its fault is this call's)
            return CallFailure(type(error).__name__, f"the engine broke: {error!r}")
        return result


class TrialAsk:
    """`Ask` bound to one trial; remembers which calls its verdict came from."""

    __slots__ = ("calls", "desk", "place", "tokens_in", "tokens_out", "trial")

    def __init__(self, desk: Desk, trial: Trial, place: int) -> None:
        self.desk = desk
        self.trial = trial
        self.place = place
        self.calls: list[str] = []
        self.tokens_in = 0
        self.tokens_out = 0

    async def __call__(self, call: Call, *, shared: bool = False) -> Reply:
        # What is asked once for all trials of a case is no one trial's.
        asker = None if shared else self.trial
        if call.trial is not asker:
            call = replace(call, trial=asker)
        reply = await self._one(call, shared)
        cap = self.desk.limits.retry_truncated
        asked = call.sampling.max_tokens
        if reply.finish == "length" and cap and asked and asked < cap:
            larger = replace(call.sampling, max_tokens=cap)
            reply = await self._one(replace(call, sampling=larger), shared)
        return reply

    async def _one(self, call: Call, shared: bool) -> Reply:
        key, reply = await self.desk.reply(call, 0 if shared else self.trial.repeat, self.place)
        self.calls.append(key.hex())
        self.tokens_in += reply.tokens_in or 0
        self.tokens_out += reply.tokens_out or 0
        return reply
