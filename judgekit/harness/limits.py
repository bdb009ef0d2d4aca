"""What holds a run back: retries with pauses, rates, and budgets.

A budget admits trials in the order of the plan and only while they surely fit, so a run that it
stops has judged a prefix of the plan, whatever the order in which replies arrived.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, replace

from judgekit.config.prices import Price
from judgekit.errors import CallFailure
from judgekit.types import Call, StopKind, StopReason

__all__ = [
    "Budget",
    "BudgetSpent",
    "RateLimiter",
    "RetryPolicy",
    "Spent",
    "Stopped",
    "expected_tokens",
]

CHARS_PER_TOKEN = 4  # a rough rule for English, only for rates and estimates
REASONING_LIMIT = "max_completion_tokens"
USUAL_REPLY = 300  # tokens of a reply when nothing is known yet: a verdict with its reasons


def expected_tokens(call: Call) -> int:
    """Roughly how many tokens the call's messages are."""
    return sum(len(m.content) for m in call.messages) // CHARS_PER_TOKEN + 4 * len(call.messages)


@dataclass(frozen=True)
class RetryPolicy:
    """How often and after which pause a failed call is tried again.

    The pause before retry k (from 0) is uniform in [0, min(cap, base · 2^k)] seconds (full
    jitter), and never shorter than the server asked for. A server that asks for more than
    `longest` seconds is not waited for.
    """

    retries: int = 6
    base: float = 0.5
    cap: float = 30.0
    longest: float = 600.0

    def pause(self, attempt: int, failure: CallFailure) -> float | None:
        """Seconds to wait before the next try, or None when there is none."""
        if not failure.retryable or attempt >= self.retries:
            return None
        if failure.after is not None and failure.after > self.longest:
            return None
        pause = random.uniform(0, min(self.cap, self.base * 2**attempt))  # noqa: S311 (a pause)
        return pause if failure.after is None else failure.after + pause / 4


class RateLimiter:
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


class Stopped(Exception):  # noqa: N818 (a stop, not an error)
    """A run ends before its plan, for the reason given."""

    def __init__(self, reason: StopReason) -> None:
        super().__init__(reason.text)
        self.reason = reason


class BudgetSpent(Stopped):
    """The next trial does not fit the budget: the run ends before it."""


@dataclass
class Spent:
    """What was asked and paid (dollars) so far, by several runs where they share a budget."""

    calls: int = 0
    cost: float = 0.0

    def add(self, calls: int, cost: float) -> None:
        self.calls += calls
        self.cost += cost


class Budget:
    """Admits trials, in the order of the plan, while `max_calls` and `max_cost` (dollars) allow.

    A trial is admitted when what all trials before it used and the most that it can use itself
    fit together; nothing is refused inside an admitted trial. Where the trials before it are not
    done yet, their most is reckoned with, and where that alone stands in the way, their end is
    waited for. So what a budget admits does not depend on who answered first. What a failed
    attempt may have cost is not known, and not counted.

    Runs one after the other stay within one budget where each has one over the same `spent`: what
    a run used is not there for the next.
    """

    def __init__(
        self,
        max_calls: int | None = None,
        max_cost: float | None = None,
        price: Price | None = None,
        spent: Spent | None = None,
    ) -> None:
        self.max_calls = max_calls
        self.max_cost = max_cost
        self.price = price
        self._used = Spent() if spent is None else spent
        self._before = replace(self._used)
        self._reserved_calls = 0
        self._reserved_cost = 0.0
        self._under_way = 0
        self._reason: StopReason | None = None
        self._turn = asyncio.Lock()  # first come, first served: trials come in the plan's order
        self._settled = asyncio.Event()

    @property
    def calls(self) -> int:
        """How many calls were made, by the runs before too."""
        return self._used.calls

    @property
    def spent(self) -> float:
        """How many dollars were spent, by the runs before too."""
        return self._used.cost

    @property
    def limited(self) -> bool:
        return self.max_calls is not None or self.max_cost is not None

    def worst(self, call: Call) -> float:
        """The most that a call can cost: a token per byte of its texts, its reply at the limit."""
        if self.price is None:
            return 0.0
        extra = dict(call.sampling.extra)
        given = (call.sampling.max_tokens, extra.get("max_tokens"), extra.get(REASONING_LIMIT))
        limit = max((n for n in given if isinstance(n, int)), default=4 * USUAL_REPLY)
        return self.price.cost(sum(len(m.content.encode()) for m in call.messages) + 64, limit)

    async def admit(self, calls: int, cost: float) -> None:
        """Waits for a trial's turn; `calls` and `cost` are the most that it can use.

        Raises `BudgetSpent` for this trial and every later one where it does not fit.
        """
        async with self._turn:
            while not self._fits(self._reserved_calls + calls, self._reserved_cost + cost):
                if self._reason or not self._fits(calls, cost) or not self._under_way:
                    self._reason = self._reason or self._stop()
                    raise BudgetSpent(self._reason)
                self._settled.clear()
                await self._settled.wait()
            self._reserved_calls += calls
            self._reserved_cost += cost
            self._under_way += 1

    def _fits(self, calls: int, cost: float) -> bool:
        return (self.max_calls is None or self.calls + calls <= self.max_calls) and (
            self.max_cost is None or self.spent + cost <= self.max_cost
        )

    def _stop(self) -> StopReason:
        limits = []
        before = self._before
        if self.max_calls is not None:
            earlier = f", {before.calls} by the runs before" if before.calls else ""
            limits.append(f"--max-calls {self.max_calls} ({self.calls} made{earlier})")
        if self.max_cost is not None:
            earlier = f", ${before.cost:.4f} by the runs before" if before.cost else ""
            limits.append(f"--max-cost {self.max_cost:g} (${self.spent:.4f} spent{earlier})")
        text = f"the next trial might pass {' or '.join(limits)}"
        return StopReason(StopKind.BUDGET, text)

    def settle(self, calls: int, cost: float, made: int, spent: float) -> None:
        """Puts what a trial used in the place of what was reserved for it."""
        self._under_way -= 1
        self._reserved_calls -= calls
        self._reserved_cost = self._reserved_cost - cost if self._under_way else 0.0
        self._used.add(made, spent)
        self._settled.set()
