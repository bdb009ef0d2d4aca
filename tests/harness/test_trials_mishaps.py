"""What judges and engines can do to a run, and must not."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from fakes import FakeEngine, Longer, LongerBatch, by_length, cases, setup

from judgekit.config.prices import Price
from judgekit.errors import CallFailure, EngineError
from judgekit.harness.dispatcher import Dispatcher, DispatchLimits
from judgekit.harness.limits import Admission, Budget, RetryPolicy
from judgekit.harness.plan import Plan
from judgekit.harness.reply_store import ReplyStore, pack_reply
from judgekit.harness.tally import Tally
from judgekit.harness.trials import run_batches, run_trials
from judgekit.judging.judge import Ask, Judge
from judgekit.types import (
    Call,
    Choice,
    Judgement,
    Message,
    Reply,
    Status,
    StopReason,
    Trial,
    Verdict,
)

LIMITS = DispatchLimits(retry=RetryPolicy(retries=1, base=0.001))


def run(
    judge: type[Judge],
    engine: FakeEngine,
    path: Path,
    *,
    n: int = 6,
    budget: Budget | None = None,
    concurrency: int = 8,
    repeats: int = 1,
    limits: DispatchLimits = LIMITS,
    price: Price | None = None,
) -> tuple[list[list[Judgement]], Tally, StopReason | None]:
    seen: list[list[Judgement]] = []
    tally = Tally()

    async def go() -> StopReason | None:
        with ReplyStore(path) as store:
            dispatcher = Dispatcher(engine, store, Admission(budget, price), limits, tally)
            plan = Plan(cases(n), 2, ("A", "B"), repeats)
            return await run_trials(
                plan,
                judge(setup()),
                dispatcher,
                lambda _, judgements: seen.append(list(judgements)),
                concurrency=concurrency,
            )

    return seen, tally, asyncio.run(asyncio.wait_for(go(), 20))


def statuses(seen: list[list[Judgement]]) -> list[list[Status]]:
    return [[j.verdict.status for j in judgements] for judgements in seen]


def question(trial: Trial, text: str) -> Call:
    return Call((Message("user", f"{trial.case.id} {text}"),))


def says(text: str) -> FakeEngine:
    return FakeEngine(lambda *_: Reply(text, tokens_in=1, tokens_out=1), delay=0.002)


class Cancels(Longer):
    async def judge(self, trial: Trial, ask: Ask) -> Verdict:
        if trial.case.id == "c2":
            raise asyncio.CancelledError
        return await super().judge(trial, ask)


def test_a_judge_that_cancels_itself_fails_its_own_trial(tmp_path: Path) -> None:
    seen, _, stopped = run(Cancels, FakeEngine(by_length), tmp_path / "s.db")
    assert stopped is None
    assert statuses(seen)[2] == [Status.FAILED] * 2
    assert len(seen) == 6


class Impatient(Judge):
    """Every trial asks the same; one of them does not wait for the answer."""

    arity = (2,)

    async def judge(self, trial: Trial, ask: Ask) -> Verdict:
        call = question(trial, "shared")
        if trial.order == (0, 1):
            try:
                async with asyncio.timeout(0.001):
                    await ask(call, shared=True)
            except TimeoutError:
                return Verdict.chose(Choice.TIE)
        return Verdict.chose(Choice((await ask(call, shared=True)).text))


def test_who_gives_up_waiting_takes_the_reply_from_nobody(tmp_path: Path) -> None:
    engine = FakeEngine(lambda *_: Reply("first"), delay=0.02)
    seen, tally, _ = run(Impatient, engine, tmp_path / "s.db", concurrency=12)
    assert statuses(seen) == [[Status.VALID] * 2] * 6
    assert [js[1].verdict.choice for js in seen] == [Choice.FIRST] * 6
    assert tally.calls == 6


class Shared(Judge):
    """One call a case, then one a trial that depends on its reply."""

    arity = (2,)

    def most_calls(self, trial: Trial) -> int:
        return 2

    async def judge(self, trial: Trial, ask: Ask) -> Verdict:
        opening = await ask(question(trial, "opening"), shared=True)
        closing = await ask(question(trial, f"{opening.text} {trial.order}"))
        return Verdict.chose(Choice(closing.text))


@pytest.mark.parametrize("n", [1, 7, 20])
def test_windows_wait_for_nobody_who_cannot_come(tmp_path: Path, n: int) -> None:
    engine = FakeEngine(lambda *_: Reply("first"), window=8)
    seen, tally, _ = run(Shared, engine, tmp_path / "s.db", n=n)
    assert statuses(seen) == [[Status.VALID] * 2] * n
    assert tally.calls == 3 * n


@pytest.mark.parametrize("concurrency", [1, 3, 16])
def test_a_budget_admits_whole_trials_whatever_the_concurrency(
    tmp_path: Path, concurrency: int
) -> None:
    seen, tally, stopped = run(
        Shared,
        says("first"),
        tmp_path / "s.db",
        n=20,
        budget=Budget(max_calls=31),
        concurrency=concurrency,
    )
    # Three calls a case; the eleventh case's second trial might need two more than are left.
    assert len(seen) == 10
    assert tally.calls <= 31
    assert stopped is not None
    assert "--max-calls 31" in stopped.text


class Greedy(Longer):
    async def judge(self, trial: Trial, ask: Ask) -> Verdict:
        for n in range(5):
            await ask(question(trial, f"{n} {trial.order}"))
        return Verdict.chose(Choice.TIE)


def test_a_judge_that_asks_more_than_it_announced_fails_where_calls_are_counted(
    tmp_path: Path,
) -> None:
    seen, tally, _ = run(Greedy, says("x"), tmp_path / "s.db", n=2, budget=Budget(max_calls=100))
    assert statuses(seen) == [[Status.FAILED] * 2] * 2
    assert "most_calls" in seen[0][0].verdict.error
    assert tally.calls == 4
    seen, _, _ = run(Greedy, says("x"), tmp_path / "s.db", n=2)
    assert statuses(seen) == [[Status.VALID] * 2] * 2


class Stubborn(Longer):
    """Takes every error for a tie."""

    async def judge(self, trial: Trial, ask: Ask) -> Verdict:
        try:
            return await super().judge(trial, ask)
        except Exception:  # noqa: BLE001 (that is the point)
            return Verdict.chose(Choice.TIE)


def test_a_judge_cannot_swallow_a_stop(tmp_path: Path) -> None:
    def refuses(call: Call, asked: int) -> Reply:
        raise EngineError("wrong key")

    engine = FakeEngine(refuses)
    with pytest.raises(EngineError, match="wrong key"):
        run(Stubborn, engine, tmp_path / "s.db", n=50, concurrency=4)
    assert len(engine.windows) <= 4
    seen, _, stopped = run(
        Stubborn, FakeEngine(by_length), tmp_path / "t.db", n=20, budget=Budget(max_calls=10)
    )
    assert len(seen) == 5
    assert stopped


@pytest.mark.parametrize("said", [None, "first", 3])
def test_what_is_no_verdict_is_a_failed_one(tmp_path: Path, said: Any) -> None:
    class Odd(Longer):
        async def judge(self, trial: Trial, ask: Ask) -> Verdict:
            return said

    seen, _, _ = run(Odd, FakeEngine(by_length), tmp_path / "s.db", n=2)
    assert statuses(seen) == [[Status.FAILED] * 2] * 2
    assert "no verdict" in seen[0][0].verdict.error


def test_scores_of_other_libraries_are_plain_numbers() -> None:
    import numpy as np

    assert type(Verdict.scored(np.float32(1.5)).score) is float
    assert type(Verdict.scored(4).score) is float
    assert type(Verdict.chose(Choice.TIE, probability=np.float64(0.5)).probability) is float


@pytest.mark.parametrize("said", [None, "text", 3])
def test_what_is_no_reply_is_a_failed_call(tmp_path: Path, said: Any) -> None:
    seen, tally, _ = run(Longer, FakeEngine(lambda *_: said), tmp_path / "s.db", n=1)
    assert "the engine broke" in seen[0][0].verdict.error
    assert tally.failures == {"no reply": 2}


def test_a_failure_raised_is_retried_like_one_returned(tmp_path: Path) -> None:
    def raises(call: Call, asked: int) -> Reply:
        if not asked:
            raise CallFailure("http 503", retryable=True)
        return by_length(call, asked)

    class Once(FakeEngine):
        async def answer(self, calls: Sequence[Call]) -> Sequence[Reply | CallFailure]:
            first = not self.asked[calls[0].messages[-1].content]
            self.asked[calls[0].messages[-1].content] += 1
            if first:
                raise CallFailure("http 503", retryable=True)
            return [by_length(call, 1) for call in calls]

    seen, tally, _ = run(Longer, Once(raises), tmp_path / "s.db", n=2)
    assert statuses(seen) == [[Status.VALID] * 2] * 2
    assert tally.retries == {"http 503": 4}


def test_a_broken_text_is_kept_with_its_break_mended(tmp_path: Path) -> None:
    class Reads(Longer):
        async def judge(self, trial: Trial, ask: Ask) -> Verdict:
            reply = await ask(self.call(trial))
            return Verdict.chose(Choice.TIE, reasoning=reply.text)

    engine = says("half \ud83d of it")
    for _ in range(2):
        seen, tally, _ = run(Reads, engine, tmp_path / "s.db", n=1)
        assert seen[0][0].verdict.reasoning == "half � of it"
    assert tally.calls_from_store == 2


def test_impossible_labels_are_the_same_fresh_and_kept(tmp_path: Path) -> None:
    class Labels(Longer):
        async def judge(self, trial: Trial, ask: Ask) -> Verdict:
            reply = await ask(self.call(trial))
            return Verdict.chose(Choice.TIE, reasoning=repr(reply.label_logprobs))

    reply = Reply("A", label_logprobs={"A": -0.1, "B": -math.inf})
    said = [
        run(Labels, FakeEngine(lambda *_: reply), tmp_path / "s.db", n=1)[0][0][0] for _ in range(2)
    ]
    assert said[0].verdict.reasoning == said[1].verdict.reasoning == "{'A': -0.1}"


class Both(Judge):
    """Asks two things at once."""

    arity = (2,)

    async def judge(self, trial: Trial, ask: Ask) -> Verdict:
        await asyncio.gather(*(ask(question(trial, f"{n} {trial.order}")) for n in range(4)))
        return Verdict.chose(Choice.TIE)


def test_the_calls_of_a_trial_stand_as_asked_not_as_answered(tmp_path: Path) -> None:
    class Uneven(FakeEngine):
        async def answer(self, calls: Sequence[Call]) -> Sequence[Reply | CallFailure]:
            await asyncio.sleep(int(calls[0].digest[:2], 16) / 20_000)
            return await super().answer(calls)

    answer = Uneven(lambda *_: Reply("x"))
    first, _, _ = run(Both, answer, tmp_path / "s.db")
    again, _, _ = run(Both, FakeEngine(lambda *_: Reply("x")), tmp_path / "t.db")
    assert first == again


def test_another_process_that_was_first_has_the_last_word(tmp_path: Path) -> None:
    path = tmp_path / "s.db"

    class Late(FakeEngine):
        """While it thinks, another process asks the same and keeps its own answer."""

        async def answer(self, calls: Sequence[Call]) -> Sequence[Reply | CallFailure]:
            with ReplyStore(path) as other:
                key = Dispatcher(self, other, Admission()).key(calls[0], 0)
                await other.put([(key, pack_reply(Reply("second")))])
            return [Reply("first")]

    seen, _, _ = run(Longer, Late(by_length), path, n=2)
    assert {j.verdict.choice for js in seen for j in js} == {Choice.SECOND}


def test_max_cost_with_a_price(tmp_path: Path) -> None:
    budget = Budget(max_cost=0.03)
    seen, tally, stopped = run(
        Longer, FakeEngine(by_length), tmp_path / "s.db", n=99, budget=budget, price=Price(10, 10)
    )
    assert budget.cost == pytest.approx(11e-5 * tally.calls)  # eleven tokens a call
    assert stopped is not None
    assert "--max-cost" in stopped.text
    assert 20 < len(seen) < 60  # until 2 048 tokens of reply might no longer fit


def test_a_batch_judge_that_gives_too_few_verdicts(tmp_path: Path) -> None:
    class Short(LongerBatch):
        def judge_batch(self, trials: Sequence[Trial]) -> Sequence[Verdict]:
            return super().judge_batch(trials)[1:]

    judge = Short(setup())
    judge.batches = []
    seen: list[Status] = []

    async def go() -> None:
        with ReplyStore(tmp_path / "s.db") as store:
            await run_batches(
                Plan(cases(2), 2, ("A", "B")),
                judge,
                store,
                Tally(),
                lambda _, js: seen.extend(j.verdict.status for j in js),
            )

    asyncio.run(go())
    assert seen == [Status.FAILED] * 4
