"""What a judge asks with: it is bound to one trial, and records what that trial used."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from judgekit.errors import CallFailure, EngineError, JudgekitError, StoreError
from judgekit.harness.tally import Tally
from judgekit.types import Call, Reply, Trial

__all__ = ["Answering", "TrialAsk"]


class Answering(Protocol):
    """What answers the calls of trials: the dispatcher."""

    tally: Tally

    @property
    def retry_truncated(self) -> int | None:
        """The limit, in tokens, with which a call whose reply was cut is made once more."""
        ...

    def key(self, call: Call, repeat: int) -> bytes:
        """The key of a reply in the store."""
        ...

    async def reply(self, key: bytes, call: Call, ask: TrialAsk) -> Reply:
        """The reply to a call."""
        ...


class TrialAsk:
    """`Ask` bound to one trial; it records the calls that the verdict comes from.

    Attributes:
        trial: The trial.
        place: The number of the trial in the plan.
        allowed: How many calls the trial may make; None sets no limit.
        stored_only: Whether it gets replies from the store alone.
        lacks: With `stored_only`, the key of a reply that the store does not hold; None where it
            held all.
        from_store: How many replies it had from the store.
        reused: How many of these another run has paid for.
        made: How many calls it has made to the engine.
        paid: Their cost in US dollars.
        stop: The error that ends the run, even if the judge catches it.
    """

    __slots__ = (
        "_calls", "allowed", "dispatcher", "from_store", "lacks", "made", "paid", "place",
        "reused", "stop", "stored_only", "tokens_in", "tokens_out", "trial",
    )  # fmt: skip

    def __init__(
        self,
        dispatcher: Answering,
        trial: Trial,
        place: int,
        allowed: int | None = None,
        *,
        stored_only: bool = False,
    ) -> None:
        self.dispatcher = dispatcher
        self.trial = trial
        self.place = place
        self.allowed = allowed
        self.stored_only = stored_only
        self.lacks: bytes | None = None
        self.from_store = 0
        self.reused = 0
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

    def need(self, key: bytes) -> None:
        """Says that a call has to be made; raises `CallFailure` where none may be."""
        if self.stored_only:
            self.lacks = self.lacks or key
            raise CallFailure(
                "not asked again", "it had failed, and the run's limits leave no room to repeat it"
            )

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
        cap = self.dispatcher.retry_truncated
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
