"""The limits of a run: retries with pauses, request rates, and budgets.

A `Budget` holds the limits that the runs of one command share. Each run has an `Admission` to it,
which admits trials in the order of the plan and only while they surely fit: a run that is stopped
has judged a prefix of the plan, whatever the order in which replies arrived.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, inf, isnan

from judgekit.config.prices import Price
from judgekit.errors import CallFailure
from judgekit.types import Call, StopKind, StopReason, Usage

__all__ = [
    "Admission",
    "Budget",
    "BudgetSpent",
    "RateLimiter",
    "RetryPolicy",
    "Stopped",
    "expected_tokens",
]

CHARS_PER_TOKEN = 4  # a rough rule for English, only for rates and estimates
REASONING_LIMIT = "max_completion_tokens"
USUAL_REPLY = 300  # tokens of a reply when nothing is known yet: a verdict with its reasons


def expected_tokens(call: Call) -> int:
    """Estimates the number of tokens of a call's messages, at four characters each."""
    return sum(len(m.content) for m in call.messages) // CHARS_PER_TOKEN + 4 * len(call.messages)


@dataclass(frozen=True)
class RetryPolicy:
    """For how long and after which pauses a failed call is tried again.

    The pause before retry k (from 0) is uniform in [0, min(cap, base · 2^k)] seconds (full
    jitter), and never shorter than the server asked for.

    Attributes:
        retries: The most retries; None sets no limit but that of time.
        base: Seconds of the first pause, at most.
        cap: Seconds of any pause, at most.
        longest: A server that asks for a pause of more seconds than this is not waited for.
        seconds: No retry begins when pauses and retries have taken this long. The default outlasts
            a quota per minute.
        unreached: The same for a server that cannot be reached and never was in this run.
    """

    retries: int | None = None
    base: float = 0.5
    cap: float = 30.0
    longest: float = 600.0
    seconds: float = 180.0
    unreached: float = 15.0

    def pause(
        self, attempt: int, failure: CallFailure, waited: float = 0.0, *, reached: bool = True
    ) -> float | None:
        """Seconds to wait before the next try, or None when there is none.

        Args:
            attempt: The number of retries so far.
            failure: How the last attempt failed.
            waited: Seconds that pauses and retries have taken so far.
            reached: Whether the server has ever been reached.
        """
        limits = [most for most in (self.retries, failure.retries) if most is not None]
        if not failure.retryable or attempt >= min(limits, default=inf):
            return None
        if waited >= (self.seconds if reached else min(self.unreached, self.seconds)):
            return None
        pause = random.uniform(0, min(self.cap, self.base * 2 ** min(attempt, 60)))  # noqa: S311
        after = failure.after
        if after is None or isnan(after):
            return pause
        return None if after > self.longest else max(0.0, after) + pause / 4


class RateLimiter:
    """Lets at most `per_minute` units pass a minute, in the order of the callers.

    After a pause, up to one second's worth of units may pass at once.
    """

    def __init__(self, per_minute: float) -> None:
        self._per_second = per_minute / 60
        self._free_at = 0.0

    async def take(self, units: float = 1.0) -> None:
        """Waits until so many units may pass."""
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
    """The next trial might exceed the budget: the run ends before it."""


class Budget:
    """What the runs of one command may ask and spend together, and what they have used so far.

    Runs that come one after the other share an object: what one used is not there for the next.
    Runs that must each have a part of it get their own from `divide`.

    Args:
        max_calls: The most calls to engines; None sets no limit.
        max_cost: The most US dollars; None sets no limit.
        calls: How many calls were made already.
        cost: How many dollars were spent already.
    """

    def __init__(
        self,
        max_calls: int | None = None,
        max_cost: float | None = None,
        *,
        calls: int = 0,
        cost: float = 0.0,
    ) -> None:
        self.max_calls = max_calls
        self.max_cost = max_cost
        self.calls = calls
        self.cost = cost
        self._included: set[str] = set()
        self._parent: Budget | None = None  # the budget that this is a share of
        self._share = ""

    @property
    def limited(self) -> bool:
        """Whether there is any limit."""
        return self.max_calls is not None or self.max_cost is not None

    def use(self, calls: int, cost: float) -> None:
        """Counts calls that were made and dollars that were spent, here and in the whole."""
        self.calls += calls
        self.cost += cost
        if self._parent is not None:
            self._parent.use(calls, cost)

    def include(self, run: str, calls: int, cost: float) -> None:
        """Counts what a run used when it was started before, once.

        Args:
            run: The run's name in the store.
            calls: Its calls.
            cost: Their dollars.
        """
        if run not in self._included:
            self._included.add(run)
            self.use(calls, cost)

    def fits(self, calls: int, cost: float) -> bool:
        """Whether so many more calls and dollars are within the limits."""
        return (self.max_calls is None or self.calls + calls <= self.max_calls) and (
            self.max_cost is None or self.cost + cost <= self.max_cost
        )

    def divide(self, weights: Sequence[int]) -> list[Budget]:
        """Divides what is left among runs.

        Args:
            weights: One per run; each run gets a part in proportion to its weight.

        Returns:
            A budget per run. What a run uses of its own counts in this one, too.
        """
        calls = None if self.max_calls is None else max(0, self.max_calls - self.calls)
        cost = None if self.max_cost is None else max(0.0, self.max_cost - self.cost)
        total = max(1, sum(weights))
        budgets = []
        for weight in weights:
            part = weight / total
            budget = Budget(
                None if calls is None else floor(calls * part),
                None if cost is None else cost * part,
            )
            budget._parent = self
            budget._share = f", its share of {self._limits()}"
            budgets.append(budget)
        return budgets

    def _limits(self) -> str:
        """The limits with what was used of them, to say what something is a share of."""
        limits = []
        if self.max_calls is not None:
            before = f" ({self.calls} made by the runs before)" if self.calls else ""
            limits.append(f"--max-calls {self.max_calls}{before}")
        if self.max_cost is not None:
            before = f" (${self.cost:.4f} spent by the runs before)" if self.cost else ""
            limits.append(f"--max-cost {self.max_cost:g}{before}")
        return " and ".join(limits)

    def reason(self, calls_before: int, cost_before: float) -> StopReason:
        """Why a run ends here.

        Args:
            calls_before: How many calls were made before this run began.
            cost_before: How many dollars were spent before this run began.
        """
        limits = []
        if self.max_calls is not None:
            earlier = f", {calls_before} by the runs before" if calls_before else ""
            limits.append(f"--max-calls {self.max_calls} ({self.calls} made{earlier})")
        if self.max_cost is not None:
            earlier = f", ${cost_before:.4f} by the runs before" if cost_before else ""
            limits.append(f"--max-cost {self.max_cost:g} (${self.cost:.4f} spent{earlier})")
        text = f"the next trial might pass {' or '.join(limits)}{self._share}"
        return StopReason(StopKind.BUDGET, text)


class Admission:
    """Admits the trials of one run to a budget, in the order of the plan. Used in one event loop.

    A trial is admitted when what all trials before it used and the most that it can use itself
    fit together; nothing is refused inside an admitted trial. Trials that are still under way
    count with the most that they can use, and where that stands in the way, their end is waited
    for. So what is admitted does not depend on which reply came first. Where a failed attempt's
    cost is not known, it is not counted.

    Args:
        budget: What the run may use; without one there is no limit.
        price: The price of the engine's tokens, None where it is not known.
        run: The run's name in the store.
        earlier: The calls and dollars that the run used when it was started before. They count in
            the budget; what the store kept of them needs no room again.
    """

    def __init__(
        self,
        budget: Budget | None = None,
        price: Price | None = None,
        run: str = "",
        earlier: tuple[int, float] = (0, 0.0),
    ) -> None:
        self.budget = budget or Budget()
        self.price = price
        self.turn = asyncio.Lock()
        """Held by the trial that asks for room: first come, first served, in the plan's order."""
        self._refused: StopReason | None = None
        self._before = (self.budget.calls, self.budget.cost)
        self.budget.include(run, *earlier)
        self._reserved_calls = 0
        self._reserved_cost = 0.0
        self._under_way = 0
        self._settled = asyncio.Event()

    def worst(self, call: Call) -> float:
        """The most dollars that a call can cost: one token per byte of its texts, and a reply as
        long as its limit allows."""
        if self.price is None:
            return 0.0
        extra = dict(call.sampling.extra)
        given = (call.sampling.max_tokens, extra.get("max_tokens"), extra.get(REASONING_LIMIT))
        limit = max((n for n in given if isinstance(n, int)), default=4 * USUAL_REPLY)
        return self.price.most(sum(len(m.content.encode()) for m in call.messages) + 64, limit)

    def charge(self, call: Call, used: Usage) -> float:
        """The dollars that a reply counts with in the budget.

        Where its server does not say how many tokens it took, the most that the call can cost: a
        limit must not be passed for want of a number.
        """
        if self.price is None:
            return 0.0
        if used.tokens_in is None or used.tokens_out is None:
            return self.worst(call)
        return self.price.cost(*(count or 0 for count in used))

    async def admit(self, calls: int, cost: float, *, required: bool = True) -> bool:
        """Waits until there is room for a trial, and reserves it. The caller holds `turn`.

        Args:
            calls: The most calls that the trial can make.
            cost: The most dollars that it can cost.
            required: Whether the run ends before this trial where there is no room.

        Returns:
            Whether there is room, once no trial is under way that may leave some.

        Raises:
            BudgetSpent: There is none for a required trial, or was none for an earlier one.
        """
        self.check()
        while not self.budget.fits(self._reserved_calls + calls, self._reserved_cost + cost):
            if not self._under_way:
                if not required:
                    return False
                self._refused = self.budget.reason(*self._before)
                self.check()
            self._settled.clear()
            await self._settled.wait()
        self._reserved_calls += calls
        self._reserved_cost += cost
        self._under_way += 1
        return True

    def check(self) -> None:
        """Raises `BudgetSpent` where a trial was refused: every later one is refused, too."""
        if self._refused is not None:
            raise BudgetSpent(self._refused)

    def settle(self, calls: int, cost: float, made: int, spent: float) -> None:
        """Replaces what was reserved for a trial by what it used.

        Args:
            calls: The calls that were reserved.
            cost: The dollars that were reserved.
            made: The calls that were made.
            spent: The dollars that were spent.
        """
        self._under_way -= 1
        self._reserved_calls -= calls
        self._reserved_cost = self._reserved_cost - cost if self._under_way else 0.0
        self.budget.use(made, spent)
        self._settled.set()
