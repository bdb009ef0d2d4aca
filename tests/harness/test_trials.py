"""Trials through judge, dispatcher, engine and store: order, failures, resuming, windows."""

from __future__ import annotations

import asyncio
import dataclasses
import random
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from fakes import FakeEngine, Longer, LongerBatch, by_length, cases, setup

from judgekit.errors import CallFailure, EngineError
from judgekit.harness.dispatcher import GIVE_UP, Dispatcher, DispatchLimits
from judgekit.harness.limits import Admission, Budget, RetryPolicy
from judgekit.harness.plan import Plan
from judgekit.harness.reply_store import ReplyStore
from judgekit.harness.tally import Tally
from judgekit.harness.trials import run_batches, run_trials
from judgekit.types import Call, Case, Choice, Judgement, Reply, Response, Status, StopReason

Seen = list[tuple[str, list[Judgement]]]
QUICK = RetryPolicy(retries=3, base=0.001)


def plan_of(n: int, repeats: int = 1) -> Plan:
    return Plan(cases(n), 2, ("A", "B"), repeats)


def run(
    plan: Plan,
    engine: FakeEngine,
    path: Path,
    *,
    judge: type[Longer] = Longer,
    budget: Budget | None = None,
    limits: DispatchLimits | None = None,
    concurrency: int = 8,
) -> tuple[Seen, Tally, StopReason | None]:
    seen: Seen = []
    tally = Tally()

    async def go() -> StopReason | None:
        with ReplyStore(path) as store:
            dispatcher = Dispatcher(
                engine, store, Admission(budget), limits or DispatchLimits(retry=QUICK), tally
            )
            return await run_trials(
                plan,
                judge(setup()),
                dispatcher,
                lambda case, judgements: seen.append((case.id, list(judgements))),
                concurrency=concurrency,
            )

    return seen, tally, asyncio.run(go())


def test_cases_come_in_order_whatever_the_arrival(tmp_path: Path) -> None:
    class Late(FakeEngine):
        async def answer(self, calls: Sequence[Call]) -> Sequence[Reply | CallFailure]:
            await asyncio.sleep(random.Random(calls[0].digest).random() / 100)
            return await super().answer(calls)

    seen, tally, stopped = run(plan_of(30), Late(by_length), tmp_path / "s.db")
    assert [case for case, _ in seen] == [f"c{i}" for i in range(30)]
    assert [[j.trial.order for j in js] for _, js in seen] == [[(0, 1), (1, 0)]] * 30
    assert stopped is None
    assert (tally.calls, tally.calls_from_store, tally.judged) == (60, 0, 60)
    for number, (_, judgements) in enumerate(seen):
        expected = (
            [Choice.FIRST, Choice.SECOND] if number % 2 == 0 else [Choice.SECOND, Choice.FIRST]
        )
        assert [j.verdict.choice for j in judgements] == expected
        assert all(len(j.calls) == 1 and j.tokens_in == 10 for j in judgements)


def test_a_second_run_asks_nothing_and_says_the_same(tmp_path: Path) -> None:
    first, _, _ = run(plan_of(10), FakeEngine(by_length), tmp_path / "s.db")
    engine = FakeEngine(by_length)
    second, tally, _ = run(plan_of(10), engine, tmp_path / "s.db")
    assert not engine.asked
    assert (tally.calls, tally.calls_from_store) == (0, 20)
    assert second == first


def test_concurrency_is_bounded_and_used(tmp_path: Path) -> None:
    engine = FakeEngine(by_length, delay=0.01)
    run(plan_of(40), engine, tmp_path / "s.db", concurrency=16)
    assert engine.most_in_flight == 16


def test_a_rate_that_lets_other_calls_through_is_no_fault_of_this_one(tmp_path: Path) -> None:
    served_at = time.monotonic()

    def slow_rate(call: Call, asked: int) -> Reply | CallFailure:
        nonlocal served_at
        if time.monotonic() < served_at + 0.03:
            return CallFailure("http 429", "slow down", retryable=True)
        served_at = time.monotonic()
        return by_length(call, asked)

    limits = DispatchLimits(retry=RetryPolicy(base=0.002, cap=0.002, seconds=0.15))
    _, tally, _ = run(plan_of(8), FakeEngine(slow_rate), tmp_path / "s.db", limits=limits)
    assert not tally.failures, "16 calls, one per 0.03 s, each tried for 0.15 s"
    never = FakeEngine(lambda call, asked: CallFailure("http 429", "slow down", retryable=True))
    _, tally, _ = run(plan_of(2), never, tmp_path / "t.db", limits=limits)
    assert tally.failures == {"http 429": 4}


def test_failures_are_retried_then_counted_and_never_stored(tmp_path: Path) -> None:
    def flaky(call: Call, asked: int) -> Reply | CallFailure:
        if "c3" in call.messages[-1].content:
            return CallFailure("http 500", "boom", retryable=True)
        if asked == 0:
            return CallFailure("http 429", retryable=True, after=0.001)
        return by_length(call, asked)

    engine = FakeEngine(flaky)
    seen, tally, _ = run(plan_of(6), engine, tmp_path / "s.db")
    statuses = [[j.verdict.status for j in js] for _, js in seen]
    assert statuses[3] == [Status.FAILED, Status.FAILED]
    assert all(s == [Status.VALID] * 2 for i, s in enumerate(statuses) if i != 3)
    assert seen[3][1][0].verdict.error == "http 500: boom"
    assert tally.failures == {"http 500": 2}
    assert tally.retries == {"http 500": 6, "http 429": 10}
    healed = FakeEngine(by_length)
    seen, tally, _ = run(plan_of(6), healed, tmp_path / "s.db")
    assert sum(healed.asked.values()) == 2
    assert all(j.verdict.status is Status.VALID for _, js in seen for j in js)


def test_a_hanging_call_is_given_up_and_tried_again(tmp_path: Path) -> None:
    class Hanging(FakeEngine):
        async def answer(self, calls: Sequence[Call]) -> Sequence[Reply | CallFailure]:
            text = calls[0].messages[-1].content
            if "c1" in text and not self.asked[text]:
                self.asked[text] += 1
                await asyncio.sleep(3600)
            return await super().answer(calls)

    limits = DispatchLimits(timeout=0.05, retry=QUICK)
    seen, tally, _ = run(plan_of(4), Hanging(by_length), tmp_path / "s.db", limits=limits)
    assert tally.retries == {"timeout": 2}
    assert all(j.verdict.status is Status.VALID for _, js in seen for j in js)


def test_a_judge_that_breaks_fails_its_own_case_alone(tmp_path: Path) -> None:
    def odd(call: Call, asked: int) -> Reply:
        return Reply("nonsense" if "c2" in call.messages[-1].content else "first")

    seen, _, _ = run(plan_of(5), FakeEngine(odd), tmp_path / "s.db")
    for case, judgements in seen:
        for judgement in judgements:
            broken = case == "c2"
            assert (judgement.verdict.status is Status.FAILED) == broken
            assert ("ValueError" in judgement.verdict.error) == broken


def test_an_engine_that_breaks_fails_the_calls_it_broke_on(tmp_path: Path) -> None:
    def broken(call: Call, asked: int) -> Reply:
        raise KeyError("surprise")

    seen, tally, _ = run(plan_of(3), FakeEngine(broken), tmp_path / "s.db")
    assert len(seen) == 3
    assert tally.failures == {"KeyError": 6}


def test_a_wrong_key_stops_at_once(tmp_path: Path) -> None:
    def refuses(call: Call, asked: int) -> Reply:
        raise EngineError("the key in OPENAI_API_KEY was refused")

    engine = FakeEngine(refuses)
    with pytest.raises(EngineError, match="OPENAI_API_KEY"):
        run(plan_of(50), engine, tmp_path / "s.db", concurrency=4)
    assert len(engine.windows) <= 4


def test_a_server_that_is_gone_stops_the_run(tmp_path: Path) -> None:
    refused = CallFailure("connection", "refused", retryable=True)
    limits = DispatchLimits(retry=RetryPolicy(retries=1, base=0.0001))
    answered: list[Call] = []

    def goes_away(call: Call, asked: int) -> Reply | CallFailure:
        if len(answered) == 5:
            return refused
        answered.append(call)
        return by_length(call, asked)

    engine = FakeEngine(goes_away)
    with pytest.raises(EngineError, match="got no answer"):
        run(plan_of(200), engine, tmp_path / "s.db", limits=limits)
    assert len(engine.windows) <= 5 + 2 * (GIVE_UP + 8)


def test_a_server_that_was_never_there_stops_the_run_at_the_first_call(tmp_path: Path) -> None:
    engine = FakeEngine(lambda *_: CallFailure("connection", "refused", retryable=True))
    limits = DispatchLimits(retry=RetryPolicy(retries=1, base=0.0001))
    with pytest.raises(EngineError, match="refused"):
        run(plan_of(2), engine, tmp_path / "s.db", limits=limits, concurrency=1)
    assert len(engine.windows) == 2


def test_a_budget_stops_on_a_prefix_of_cases(tmp_path: Path) -> None:
    engine = FakeEngine(by_length, delay=0.001)
    seen, tally, stopped = run(
        plan_of(20), engine, tmp_path / "s.db", budget=Budget(max_calls=11), concurrency=5
    )
    assert [case for case, _ in seen] == [f"c{i}" for i in range(5)]
    assert tally.calls == 11
    assert stopped is not None
    assert "--max-calls 11" in stopped.text
    seen, tally, stopped = run(
        plan_of(20), FakeEngine(by_length), tmp_path / "s.db", budget=Budget(max_calls=11)
    )
    assert len(seen) == 11
    assert tally.calls_from_store >= 11


def test_the_same_call_at_once_is_asked_once(tmp_path: Path) -> None:
    twins = [dataclasses.replace(case, id="c0") for case in [cases(1)[0]] * 6]
    engine = FakeEngine(by_length, delay=0.01)
    seen, tally, _ = run(Plan(twins, 2, ("A", "B")), engine, tmp_path / "s.db", concurrency=12)
    assert len(seen) == 6
    assert sum(engine.asked.values()) == 2
    assert tally.calls == 2


def test_identical_answers_are_no_trial(tmp_path: Path) -> None:
    case = dataclasses.replace(cases(1)[0], responses=(Response("x", "m"), Response("x", "n")))
    engine = FakeEngine(by_length)
    seen, _, _ = run(Plan([case], 2, ("A", "B")), engine, tmp_path / "s.db")
    assert seen == [("c0", [])]
    assert not engine.asked


def test_truncated_replies_are_asked_again_with_a_larger_limit(tmp_path: Path) -> None:
    def cut(call: Call, asked: int) -> Reply:
        small = (call.sampling.max_tokens or 0) < 4000
        return Reply("fir", finish="length") if small else by_length(call, asked)

    limits = DispatchLimits(retry=QUICK, retry_truncated=4096)
    seen, tally, _ = run(plan_of(2), FakeEngine(cut), tmp_path / "s.db", limits=limits)
    assert tally.calls == 8
    assert all(j.verdict.status is Status.VALID and len(j.calls) == 2 for _, js in seen for j in js)


def test_windows_are_full_ordered_and_end_without_waiting(tmp_path: Path) -> None:
    engine = FakeEngine(by_length, window=8, delay=0.002)
    seen, _, _ = run(plan_of(21), engine, tmp_path / "s.db", concurrency=4)
    assert len(seen) == 21
    sizes = [len(window) for window in engine.windows]
    assert sum(sizes) == 42
    assert sizes == [8, 8, 8, 8, 8, 2]
    asked = [text for window in engine.windows for text in window]
    places = [int(text.split(":")[0][1:]) for text in asked]
    assert places == sorted(places)


def test_a_batch_judge_resumes_and_fails_alone(tmp_path: Path) -> None:
    def once(breaks_on: str) -> tuple[Seen, Tally, list[int]]:
        seen: Seen = []
        tally = Tally()
        judge = LongerBatch(setup())
        judge.batches = []
        judge.breaks_on = breaks_on

        def on_case(case: Case, judgements: Sequence[Judgement]) -> None:
            seen.append((case.id, list(judgements)))

        async def go() -> None:
            with ReplyStore(tmp_path / "s.db") as store:
                await run_batches(plan_of(5), judge, store, tally, on_case)

        asyncio.run(go())
        return seen, tally, judge.batches

    seen, tally, _ = once("c3")
    statuses = {case: {j.verdict.status for j in js} for case, js in seen}
    assert statuses.pop("c3") == {Status.FAILED}
    assert set.union(*statuses.values()) == {Status.VALID}
    seen, tally, batches = once("")
    assert sum(batches) == 2, "only the failed trials are judged again"
    assert tally.calls_from_store == 8
    assert len(seen) == 5
