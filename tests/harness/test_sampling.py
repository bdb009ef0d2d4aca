"""Prompts through an engine: candidates, turns, what is an answer and what is none."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from fakes import FakeEngine
from hypothesis import given
from hypothesis import strategies as st

from judgekit.config.prices import Price
from judgekit.errors import CallFailure, EngineError
from judgekit.harness.dispatcher import Dispatcher, DispatchLimits
from judgekit.harness.limits import Admission, Budget, RetryPolicy
from judgekit.harness.reply_store import ReplyStore
from judgekit.harness.sampling import Generated, GenerationTask, Sampler, generate
from judgekit.harness.tally import Tally
from judgekit.judging.parsing.thinking import strip_thinking
from judgekit.types import Call, Case, Message, Reply, Sampling, Status, StopReason

ONCE = DispatchLimits(retry=RetryPolicy(0))
SAMPLER = Sampler(Sampling(temperature=0.7, max_tokens=50))


def tasks(n: int) -> list[GenerationTask]:
    return [GenerationTask(Case(f"p{i}", (Message("user", f"prompt {i}"),), ())) for i in range(n)]


def of_turns(*turns: str) -> GenerationTask:
    return GenerationTask(
        Case("chat", tuple(Message("user", turn) for turn in turns), ()), each_turn=True
    )


def by_number(call: Call, asked: int) -> Reply:
    """Says what was asked, and how often that was asked before."""
    return Reply(f"{call.messages[-1].content}: {asked}", tokens_in=10, tokens_out=5)


def run(
    engine: FakeEngine,
    store: Path,
    asked: Sequence[GenerationTask],
    *,
    n: int = 1,
    sampler: Sampler = SAMPLER,
    budget: Budget | None = None,
    limits: DispatchLimits = ONCE,
) -> tuple[list[Generated], StopReason | None, Tally]:
    tally = Tally()

    async def go() -> tuple[list[Generated], str]:
        with ReplyStore(store) as replies:
            dispatcher = Dispatcher(engine, replies, Admission(budget), limits, tally)
            return await generate(asked, sampler, dispatcher, n=n, concurrency=4)

    return *asyncio.run(go()), tally


@pytest.mark.parametrize("window", [1, 8])
def test_candidates_stand_together_in_the_order_of_the_prompts(tmp_path: Path, window: int) -> None:
    engine = FakeEngine(by_number, window=window)
    found, stopped, tally = run(engine, tmp_path / "s.db", tasks(5), n=3)
    assert [(one.case, one.repeat) for one in found] == [
        (f"p{i}", repeat) for i in range(5) for repeat in range(3)
    ]
    for i in range(5):
        texts = {one.texts for one in found[3 * i : 3 * i + 3]}
        assert texts == {(f"prompt {i}: {k}",) for k in range(3)}, "each asked by itself"
    assert (stopped, tally.judged, tally.calls) == (None, 15, 15)


def test_more_candidates_ask_only_for_the_new_ones(tmp_path: Path) -> None:
    engine = FakeEngine(by_number)
    before, _, _ = run(engine, tmp_path / "s.db", tasks(4), n=2)
    after, _, tally = run(engine, tmp_path / "s.db", tasks(4), n=5)
    assert (tally.calls, tally.calls_from_store) == (12, 8)
    assert [one for one in after if one.repeat < 2] == before
    _, _, tally = run(engine, tmp_path / "s.db", tasks(4), n=5)
    assert (tally.calls, tally.calls_from_store) == (0, 20)


def test_each_candidate_has_a_seed_of_its_own() -> None:
    """A server that keeps to a seed would else say the same n times."""
    seeded = Sampler(Sampling(temperature=0.7, seed=7))
    [task] = tasks(1)
    seeds = [seeded.call(task, (), repeat).sampling.seed for repeat in range(50)]
    assert seeds[0] == 7
    assert len(set(seeds)) == 50
    assert all(seed is not None and 0 <= seed < 2**31 for seed in seeds)
    other = Sampler(Sampling(temperature=0.7, seed=8))
    assert not {other.call(task, (), repeat).sampling.seed for repeat in range(50)} & set(seeds)
    assert SAMPLER.call(task, (), 3).sampling.seed is None


def test_a_turn_is_asked_after_the_models_own_answers(tmp_path: Path) -> None:
    seen: list[tuple[Message, ...]] = []

    def echo(call: Call, asked: int) -> Reply:
        seen.append(call.messages)
        return Reply(f"<think>hm</think>\n\n{call.messages[-1].content}!")

    sampler = Sampler(Sampling(), "Be brief.")
    [found], _, tally = run(
        FakeEngine(echo), tmp_path / "s.db", [of_turns("one", "two", "three")], sampler=sampler
    )
    assert found.texts == ("one!", "two!", "three!")
    assert [[(m.role, m.content) for m in messages] for messages in seen][2] == [
        ("system", "Be brief."),
        ("user", "one"),
        ("assistant", "one!"),
        ("user", "two"),
        ("assistant", "two!"),
        ("user", "three"),
    ]
    assert (tally.trials, tally.judged, tally.calls) == (0, 1, 3)


def test_messages_are_asked_as_they_are(tmp_path: Path) -> None:
    history = (Message("user", "a"), Message("assistant", "b"), Message("user", "c"))
    asked: list[Call] = []

    def keep(call: Call, _: int) -> Reply:
        asked.append(call)
        return Reply("d")

    run(FakeEngine(keep), tmp_path / "s.db", [GenerationTask(Case("x", history, ()))])
    assert [call.messages for call in asked] == [history]
    assert asked[0].trial is not None
    assert asked[0].trial.shown == ()


@pytest.mark.parametrize(
    ("reply", "texts", "finish", "status"),
    [
        (Reply("yes"), ("yes",), "stop", Status.VALID),
        (Reply(""), ("",), "stop", Status.VALID),
        (Reply("and so", "length"), ("and so",), "length", Status.VALID),
        (Reply("", "length", thinking="first"), (), "stop", Status.TRUNCATED),
        (Reply("<think>first", "length"), (), "stop", Status.TRUNCATED),
        (Reply("<think>first</think>\n", "length"), (), "stop", Status.TRUNCATED),
        (Reply("<think>first"), (), "stop", Status.FAILED),
        (Reply("I cannot", "refusal"), (), "stop", Status.REFUSED),
        (Reply("", "content_filter"), (), "stop", Status.REFUSED),
        (CallFailure("too long", status=Status.TOO_LONG), (), "stop", Status.TOO_LONG),
        (CallFailure("http 500", "boom"), (), "stop", Status.FAILED),
    ],
)
def test_what_is_an_answer(
    tmp_path: Path,
    reply: Reply | CallFailure,
    texts: tuple[str, ...],
    finish: str,
    status: Status,
) -> None:
    [found], _, tally = run(FakeEngine(lambda *_: reply), tmp_path / "s.db", tasks(1))
    assert (found.texts, found.finish, found.status) == (texts, finish, status)
    assert bool(found.error) == (status is not Status.VALID)
    assert tally.statuses == {status: 1}


def test_a_chat_without_one_of_its_answers_has_none(tmp_path: Path) -> None:
    def second(call: Call, _: int) -> Reply | CallFailure:
        return CallFailure("http 500", "boom") if len(call.messages) > 1 else Reply("fine")

    [found], _, _ = run(FakeEngine(second), tmp_path / "s.db", [of_turns("one", "two")])
    assert (found.texts, found.status, found.error) == ((), Status.FAILED, "http 500: boom")


def test_a_cut_turn_marks_the_whole_chat(tmp_path: Path) -> None:
    def first(call: Call, _: int) -> Reply:
        return Reply("x", "length" if len(call.messages) == 1 else "stop")

    [found], _, _ = run(FakeEngine(first), tmp_path / "s.db", [of_turns("one", "two")])
    assert (found.texts, found.finish) == (("x", "x"), "length")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("plain", "plain"),
        ("", ""),
        (" kept as it is \n", " kept as it is \n"),
        ("<think>a</think>b", "b"),
        ("\n<think>\na\n</think>\n\nb\n", "b\n"),
        ("<think></think>", ""),
        ("<think>never", None),
        ("so the template began\n</think>\n\nb", "b"),
        ("</think>\n\nb", "b"),
        ("Write <think>a</think> around it.", "Write <think>a</think> around it."),
        ("End it with </think> then.", "End it with </think> then."),
        ("The tag <think> opens it.", "The tag <think> opens it."),
        ("```\n<think>\nx\n</think>\n```", "```\n<think>\nx\n</think>\n```"),
        ("<think>a</think>use <think> and </think>", "use <think> and </think>"),
    ],
)
def test_thinking_is_no_part_of_an_answer(text: str, said: str | None) -> None:
    assert strip_thinking(text) == said


@given(st.lists(st.sampled_from(["<think>", "</think>", "\n", " ", "a", "b"])).map("".join))
def test_what_is_visible_is_the_end_of_the_text(text: str) -> None:
    said = strip_thinking(text)
    if said is None:
        assert text.lstrip().startswith("<think>")
        assert "</think>" not in text
    else:
        assert text.endswith(said)
        if "</think>" not in text:
            assert said == text


def test_a_budget_stops_on_a_prefix(tmp_path: Path) -> None:
    found, stopped, tally = run(
        FakeEngine(by_number, delay=0.001),
        tmp_path / "s.db",
        tasks(10),
        n=2,
        budget=Budget(max_calls=7),
    )
    assert [(one.case, one.repeat) for one in found] == [(f"p{i // 2}", i % 2) for i in range(7)]
    assert stopped is not None
    assert "--max-calls 7" in stopped.text
    assert tally.calls == 7


def test_a_budget_in_dollars_reckons_with_turns_read_again() -> None:
    priced = Admission(Budget(max_cost=1.0), Price(input=1.0, output=10.0))
    chat, single = of_turns("one", "two", "three"), tasks(1)[0]
    calls, cost = SAMPLER.most(chat, priced)
    assert calls == 3
    each = SAMPLER.most(single, priced)[1]
    # Two earlier answers of 50 tokens, one of them read twice.
    assert cost == pytest.approx(3 * each + 150 / 1e6, rel=0.05)
    assert SAMPLER.most(chat, Admission(Budget(max_calls=1))) == (3, 0.0)


def test_a_truncated_answer_is_asked_again_where_that_is_wanted(tmp_path: Path) -> None:
    def short(call: Call, _: int) -> Reply:
        return Reply("cut", "length") if call.sampling.max_tokens == 50 else Reply("whole")

    limits = DispatchLimits(retry=RetryPolicy(0), retry_truncated=100)
    [found], _, _ = run(FakeEngine(short), tmp_path / "s.db", tasks(1), limits=limits)
    assert (found.texts, found.finish) == (("whole",), "stop")


def test_an_engine_that_can_answer_nobody_stops_the_run(tmp_path: Path) -> None:
    def refuse(call: Call, _: int) -> Reply:
        raise EngineError("no key")

    with pytest.raises(EngineError, match="no key"):
        run(FakeEngine(refuse), tmp_path / "s.db", tasks(3))


def test_an_engine_that_breaks_fails_its_answer(tmp_path: Path) -> None:
    def second(call: Call, asked: int) -> Reply:
        if "prompt 1" in call.messages[-1].content:
            raise ValueError("oops")
        return by_number(call, asked)

    found, _, _ = run(FakeEngine(second), tmp_path / "s.db", tasks(3))
    assert [one.status for one in found] == [Status.VALID, Status.FAILED, Status.VALID]
    assert "the engine broke" in found[1].error
