"""What holds a run back: retries with pauses, rates, and budgets.

A budget admits calls in the order of the plan and only while they surely fit, so a run that it
stops has judged a prefix of the plan, whatever the order in which replies arrived.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass

from judgekit.engines import Price
from judgekit.errors import CallFailure
from judgekit.types import Call

__all__ = ["Budget", "BudgetSpent", "Rate", "RetryPolicy", "expected_tokens"]

CHARS_PER_TOKEN = 4  # a rough rule for English, only for rates and estimates
USUAL_REPLY = 300  # tokens of a reply when nothing is known yet: a verdict with its reasons


def expected_tokens(call: Call) -> int:
    """Roughly how many tokens the call's messages are."""
    return sum(len(m.content) for m in call.messages) // CHARS_PER_TOKEN + 4 * len(call.messages)


@dataclass(frozen=True)
class RetryPolicy:
    """How often and after which pause a failed call is tried again.

    The pause before retry k (from 0) is uniform in [0, min(cap, base · 2^k)] seconds (full
    jitter), and never shorter than the server asked for.
    """

    retries: int = 6
    base: float = 0.5
    cap: float = 30.0

    def pause(self, attempt: int, failure: CallFailure) -> float | None:
        """Seconds to wait before the next try, or None when there is none."""
        if not failure.retryable or attempt >= self.retries:
            return None
        pause = random.uniform(0, min(self.cap, self.base * 2**attempt))  # noqa: S311 (a pause)
        return pause if failure.after is None else failure.after + pause / 4


class Rate:
    """At most `per_minute` units a minute, a second's worth at once; callers pass in turn."""

    def __init__(self, per_minute: float) -> None:
        self._per_second = per_minute / 60
        self._free_at = 0.0

    async def take(self, units: float = 1.0) -> None:
        now = asyncio.get_running_loop().time()
        # Idle time is saved up for one second at the most, so a burst stays small.
        start = max(self._free_at, now - 1.0)
        self._free_at = start + units / self._per_second
        if start > now:
            await asyncio.sleep(start - now)


class BudgetSpent(Exception):  # noqa: N818 (a stop, not an error)
    """The next call does not fit the budget: the run ends before it."""


class Budget:
    """Admits calls while `max_calls` and `max_cost` (US dollars) allow.

    A call is admitted when what is spent, the most that calls under way can still cost, and the
    most that it can cost itself fit together. Where only the calls under way stand between it and
    the limit it waits for them, so the decision does not depend on who answered first.
    """

    def __init__(
        self,
        max_calls: int | None = None,
        max_cost: float | None = None,
        price: Price | None = None,
    ) -> None:
        self.max_calls = max_calls
        self.max_cost = max_cost
        self.price = price
        self.calls = 0
        self.spent = 0.0
        self.reason = ""
        self._reserved = 0.0
        self._under_way = 0
        self._turn = asyncio.Lock()  # first come, first served: calls come in the plan's order
        self._settled = asyncio.Event()

    def worst(self, call: Call) -> float:
        """The most that a call can cost: its own limit on tokens, all used."""
        if self.price is None:
            return 0.0
        reply = call.sampling.max_tokens or 4 * USUAL_REPLY
        return self.price.cost(expected_tokens(call), reply)

    async def admit(self, call: Call) -> float:
        """Returns what was reserved, to be given back to `settle`; raises `BudgetSpent`."""
        if self.max_calls is None and self.max_cost is None:
            return 0.0
        worst = self.worst(call)
        async with self._turn:
            if self.reason:
                raise BudgetSpent(self.reason)
            if self.max_calls is not None and self.calls >= self.max_calls:
                self._stop(f"--max-calls {self.max_calls} reached")
            while self.max_cost is not None and (
                self.spent + self._reserved + worst > self.max_cost
            ):
                if self.spent + worst > self.max_cost or not self._under_way:
                    self._stop(f"--max-cost {self.max_cost:g} reached: {self.spent:.4f} spent")
                self._settled.clear()
                await self._settled.wait()
            self.calls += 1
            self._under_way += 1
            self._reserved += worst
        return worst

    def _stop(self, reason: str) -> None:
        self.reason = reason
        raise BudgetSpent(reason)

    def settle(self, reserved: float, tokens_in: int, tokens_out: int) -> None:
        """Puts what a call really cost in the place of what was reserved for it."""
        if self.max_calls is None and self.max_cost is None:
            return
        self._under_way -= 1
        self._reserved = self._reserved - reserved if self._under_way else 0.0
        if self.price is not None:
            self.spent += self.price.cost(tokens_in, tokens_out)
        self._settled.set()
