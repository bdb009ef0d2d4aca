"""Budgets stop on a prefix, rates pace, retries pause."""

from __future__ import annotations

import asyncio
import random
import time

import pytest

from judgekit.config.prices import Price
from judgekit.errors import CallFailure
from judgekit.harness.limits import Admission, Budget, BudgetSpent, RateLimiter, RetryPolicy
from judgekit.types import Call, Message, Sampling

CALL = Call((Message("user", "x" * 336),), Sampling(max_tokens=100))
PRICE = Price(input=1e4, output=1e4)  # a hundredth of a dollar a token


def admitted(admission: Admission, costs: list[int], seed: int) -> int:
    """How many trials are admitted when their replies arrive in a random order."""
    arrival = random.Random(seed)
    worst = admission.worst(CALL)

    async def one(number: int) -> bool:
        try:
            await admission.admit(2, worst)
        except BudgetSpent:
            return False
        await asyncio.sleep(arrival.random() / 200)
        admission.settle(2, worst, 1 + number % 2, costs[number] / 100)
        return True

    async def go() -> list[bool]:
        return await asyncio.gather(*(one(n) for n in range(len(costs))))

    results = asyncio.run(go())
    assert results == sorted(results, reverse=True), "a budget stops on a prefix"
    return sum(results)


@pytest.mark.parametrize("seed", range(5))
def test_max_calls_is_never_passed_and_does_not_depend_on_arrival(seed: int) -> None:
    budget = Budget(max_calls=11)
    assert (
        admitted(Admission(budget), [1] * 20, seed) == 7
    )  # 1 + 2 + 1 + 2 + 1 + 2 + 1 calls, and 2 at most
    assert budget.calls == 10


@pytest.mark.parametrize("seed", range(5))
def test_max_cost_is_never_passed_and_does_not_depend_on_arrival(seed: int) -> None:
    costs = [5, 80, 40, 10, 10, 90, 20, 70, 30, 60] * 3
    budget = Budget(max_cost=20.0)
    admission = Admission(budget, PRICE)
    n = admitted(admission, costs, seed)
    assert budget.cost == pytest.approx(sum(costs[:n]) / 100)
    assert 0 < n < 30 or budget.cost <= 20
    # A token per byte of the call, 64 for its frame and 100 for its reply.
    assert admission.worst(CALL) == pytest.approx(5.0)
    assert budget.cost <= 20.0
    tight = Budget(max_cost=9.0)
    n = admitted(Admission(tight, PRICE), costs, seed)
    assert tight.cost + 5.0 > 9.0
    assert n == admitted(Admission(Budget(max_cost=9.0), PRICE), costs, seed + 100)


def test_what_one_run_used_is_not_there_for_the_next() -> None:
    budget = Budget(max_calls=11)
    assert admitted(Admission(budget), [1] * 5, seed=1) == 5  # 1 + 2 + 1 + 2 + 1 calls
    second = Admission(budget)
    assert admitted(second, [1] * 20, seed=2) == 2  # 1 + 2, and 2 at most
    assert budget.calls == 10
    tells = r"--max-calls 11 \(10 made, 7 by the runs before\)"
    with pytest.raises(BudgetSpent, match=tells):
        asyncio.run(second.admit(2, 0.0))
    assert Budget(max_calls=11).calls == 0


def test_dollars_of_one_run_are_not_there_for_the_next() -> None:
    admission = Admission(Budget(max_cost=20.0, calls=3, cost=14.0), PRICE)
    assert admitted(admission, [100] * 20, seed=1) == 2  # 14 and 1, and 5 at most
    tells = r"--max-cost 20 \(\$16.0000 spent, \$14.0000 by the runs before\)"
    with pytest.raises(BudgetSpent, match=tells):
        asyncio.run(admission.admit(1, 5.0))


def test_what_is_left_is_divided_and_counted_in_the_whole() -> None:
    budget = Budget(max_calls=30, calls=20)
    two, none, one = budget.divide([2, 0, 1])
    assert [part.max_calls for part in (two, none, one)] == [6, 0, 3]
    assert admitted(Admission(two), [1] * 20, seed=1) == 4  # 1 + 2 + 1, and 2 at most
    assert (two.calls, budget.calls, one.calls) == (6, 26, 0)
    tells = r"--max-calls 3 \(0 made\), its share of --max-calls 30 \(20 made by the runs before\)"
    with pytest.raises(BudgetSpent, match=tells):
        asyncio.run(Admission(one).admit(4, 0.0))


def test_a_stop_is_final() -> None:
    async def go() -> None:
        admission = Admission(Budget(max_calls=0))
        for _ in range(2):
            with pytest.raises(BudgetSpent, match="--max-calls 0"):
                await admission.admit(1, 0.0)

    asyncio.run(go())


def test_the_most_a_call_can_cost_counts_every_limit_that_was_given() -> None:
    admission = Admission(Budget(max_cost=1), PRICE)
    extra = Sampling(max_tokens=10, extra=(("max_completion_tokens", 2000),))
    assert admission.worst(Call(CALL.messages, extra)) == pytest.approx(24.0)
    assert admission.worst(Call((Message("user", "判" * 112),), CALL.sampling)) == admission.worst(
        CALL
    )


def test_rate_paces() -> None:
    async def go() -> float:
        rate = RateLimiter(per_minute=6000)
        start = time.monotonic()
        await asyncio.gather(*(rate.take() for _ in range(150)))
        return time.monotonic() - start

    # A hundred a second, one second's worth at once: the last of 150 goes half a second later.
    assert 0.45 < asyncio.run(go()) < 3


@pytest.mark.parametrize(
    ("attempt", "failure", "low", "high"),
    [
        (0, CallFailure("http 500", retryable=True), 0, 0.5),
        (3, CallFailure("http 500", retryable=True), 0, 4),
        (5, CallFailure("http 429", retryable=True, after=7), 7, 12),
    ],
)
def test_pauses(attempt: int, failure: CallFailure, low: float, high: float) -> None:
    for _ in range(100):
        pause = RetryPolicy().pause(attempt, failure)
        assert pause is not None
        assert low <= pause <= high


def test_no_pause_where_there_is_no_next_try() -> None:
    assert RetryPolicy().pause(0, CallFailure("x", retryable=True, after=86_400)) is None
    assert RetryPolicy(retries=2).pause(2, CallFailure("x", retryable=True)) is None
    assert RetryPolicy().pause(0, CallFailure("x")) is None
