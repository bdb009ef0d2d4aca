"""A run whose first calls all fail alike asks no more."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from fakes import FakeEngine, Longer, by_length
from test_trials_mishaps import run, statuses

from judgekit.errors import CallFailure, EngineError
from judgekit.harness.dispatcher import DispatchLimits
from judgekit.harness.limits import RetryPolicy
from judgekit.types import Call, Reply, Status

LIMITS = DispatchLimits(retry=RetryPolicy(retries=0), first_window=20)
Answer = Callable[[Call, int], Reply | CallFailure]


def refused(message: str = "answered 400: unknown field 'x'", name: str = "http 400") -> Answer:
    numbers = iter(range(10**6))
    return lambda *_: CallFailure(name, f"{message} (request r-{next(numbers)}f)", common=True)


@pytest.mark.parametrize("concurrency", [1, 8, 20, 64])
def test_what_is_refused_alike_is_asked_once_a_window(tmp_path: Path, concurrency: int) -> None:
    engine = FakeEngine(refused())
    with pytest.raises(EngineError, match=r"first 20 calls failed alike.*unknown field") as stopped:
        run(Longer, engine, tmp_path / "s.db", n=200, limits=LIMITS, concurrency=concurrency)
    assert len(engine.windows) == 20
    assert "\n" not in str(stopped.value)


def after(calls: int, other: Answer) -> Answer:
    """The first call fares otherwise only once so many were refused."""
    refuses, made = refused(), [0]

    def answer(call: Call, asked: int) -> Reply | CallFailure:
        made[0] += 1
        return other(call, asked) if made[0] == calls else refuses(call, asked)

    return answer


@pytest.mark.parametrize("calls", [1, 19, 20])
@pytest.mark.parametrize(
    "other",
    [
        by_length,
        lambda *_: CallFailure("content filter", status=Status.REFUSED),
        lambda *_: CallFailure("too long", status=Status.TOO_LONG),
        refused("answered 400: another thing"),
    ],
)
def test_anything_else_lets_all_calls_through(tmp_path: Path, calls: int, other: Answer) -> None:
    engine = FakeEngine(after(calls, other))
    seen, _, stopped = run(Longer, engine, tmp_path / "s.db", n=40, limits=LIMITS)
    assert stopped is None
    assert len(engine.windows) == 80
    assert len(seen) == 40


def test_a_lost_connection_says_nothing(tmp_path: Path) -> None:
    engine = FakeEngine(after(5, lambda *_: CallFailure("timeout", "no answer")))
    with pytest.raises(EngineError, match="failed alike"):
        run(Longer, engine, tmp_path / "s.db", n=200, limits=LIMITS)
    assert len(engine.windows) == 21


def test_failures_of_the_call_alone_never_end_a_run(tmp_path: Path) -> None:
    engine = FakeEngine(lambda *_: CallFailure("empty question"))
    seen, _, stopped = run(Longer, engine, tmp_path / "s.db", n=40, limits=LIMITS)
    assert stopped is None
    assert {s for case in statuses(seen) for s in case} == {Status.FAILED}


def test_replies_in_the_store_let_calls_through(tmp_path: Path) -> None:
    run(Longer, FakeEngine(by_length), tmp_path / "s.db", n=1, limits=LIMITS, concurrency=1)
    engine = FakeEngine(refused())
    seen, _, _ = run(Longer, engine, tmp_path / "s.db", n=40, limits=LIMITS, concurrency=1)
    assert len(engine.windows) == 78
    assert len(seen) == 40


def test_fewer_calls_than_a_window_are_all_asked(tmp_path: Path) -> None:
    seen, _, _ = run(Longer, FakeEngine(refused()), tmp_path / "s.db", n=9, limits=LIMITS)
    assert len(seen) == 9
