"""A call is asked once while its owner lives, by however many processes share a store."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from answers import kept_replies, stable_files, write_answers
from commands import Cli, Start
from servers import JudgeServer

from judgekit.harness import claims
from judgekit.harness.bookings import Booking
from judgekit.harness.reply_store import ReplyStore

CASES = 60
CALLS = 2 * CASES


@pytest.fixture
def words(here: Path, server: JudgeServer) -> list[str]:
    write_answers(here / "a.jsonl", [f"GOOD {n}" for n in range(CASES)])
    write_answers(here / "b.jsonl", [f"POOR {n}" for n in range(CASES)])
    server.delay = 0.02
    flags = ["--judge", "pairwise", "--model", "openai/m", "--base-url", server.base_url]
    return ["compare", "a.jsonl", "b.jsonl", *flags, "--concurrency", "8", "--json"]


def claimed(store: Path) -> int:
    with closing(sqlite3.connect(store)) as connection:
        return int(connection.execute("SELECT count(*) FROM claims").fetchone()[0])


def test_processes_that_share_a_store_ask_each_call_once(
    start: Start, words: list[str], server: JudgeServer, here: Path
) -> None:
    started = [start(*words, "--out", f"run-{n}") for n in range(3)]
    for process in started:
        _, err = process.communicate(timeout=60)
        assert (process.returncode, err) == (0, "")
    assert len(server.requests) == kept_replies(here / ".judgekit/replies.db") == CALLS
    first, *rest = (stable_files(here / f"run-{n}") for n in range(3))
    assert rest == [first, first]
    assert claimed(here / ".judgekit/replies.db") == 0


def test_the_claims_of_a_killed_process_are_taken_over(
    start: Start, cli: Cli, words: list[str], server: JudgeServer, here: Path
) -> None:
    server.hold_after(20)
    killed = start(*words, "--out", "one")
    server.wait_for(28)
    other = start(*words, "--out", "two")
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert claimed(here / ".judgekit/replies.db") >= 8
    server.go_on()
    began = time.monotonic()
    _, err = other.communicate(timeout=60)
    assert (other.returncode, err) == (0, "")
    assert time.monotonic() - began < claims.LEASE_S  # its process is known to be dead
    assert len(server.requests) <= CALLS + 8  # those under way at the kill


@pytest.mark.parametrize(
    ("owner", "lasts"),
    [("another machine:1:x", 0.6), ("another machine:1:x", -5.0), ("another machine:1:x", 1e9)],
    ids=["lives", "has ended", "is of a wrong clock"],
)
def test_a_lease_ends(tmp_path: Path, owner: str, lasts: float) -> None:
    path = tmp_path / "s.db"
    ReplyStore(path).close()
    with closing(sqlite3.connect(path)) as connection, connection:
        row = (b"k", owner, time.time() + lasts)
        connection.execute("INSERT INTO claims VALUES (?, ?, ?)", row)

    async def wait() -> float:
        with ReplyStore(path) as store:
            began = time.monotonic()
            assert await store.claim(b"k") is None
            return time.monotonic() - began

    waited = asyncio.run(wait())
    assert 0.4 < waited < 5 if lasts == 0.6 else waited < 0.4


@pytest.mark.parametrize("row", [(b"k", b"\x00", "late"), (b"k", "", 3), ("k", "::", 1e300)])
def test_damaged_claims_hold_nobody_up(tmp_path: Path, row: tuple[object, ...]) -> None:
    path = tmp_path / "s.db"
    ReplyStore(path).close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO claims VALUES (?, ?, ?)", row)

    async def ask() -> None:
        with ReplyStore(path) as store:
            assert await asyncio.wait_for(store.claim(b"k"), 5) is None

    asyncio.run(ask())


def test_who_waits_gets_the_reply_or_the_turn(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    booking = Booking("run", b"answered", "reply", 1, 1, 1, 0.0, 0.0)
    failed = Booking("run", b"failed", "failed", 1, None, None, None, 0.0)

    async def go() -> None:
        with ReplyStore(path) as one, ReplyStore(path) as other:
            keys = (b"answered", b"failed", b"let go")
            assert [await one.claim(key) for key in keys] == [None] * 3
            waiting = [asyncio.create_task(other.claim(key)) for key in keys]
            await asyncio.sleep(3 * claims.POLL_S)
            assert not any(task.done() for task in waiting)
            await one.put([(b"answered", b"reply")], [booking])
            await one.put([], [failed])
            one.release(b"let go")
            assert await asyncio.wait_for(asyncio.gather(*waiting), 5) == [b"reply", None, None]

    asyncio.run(go())
    assert claimed(path) == 0


def test_free_calls_are_claimed_in_one_statement(tmp_path: Path) -> None:
    """At each statement the thread that writes waits for the event loop to give way."""
    path = tmp_path / "s.db"
    ReplyStore(path).close()
    statements: list[str] = []
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("INSERT INTO replies VALUES (?, ?)", (b"kept", b"reply"))
        connection.execute(
            "INSERT INTO claims VALUES (?, 'another machine:1:x', ?)", (b"theirs", 9)
        )
        connection.set_trace_callback(statements.append)
        keys = [b"%d" % n for n in range(300)]
        assert claims.claim(connection, keys, "us", now=1.0) == ["ours"] * 300
        assert len(statements) == 1
        mixed = [b"new", b"kept", b"theirs", b"0"]
        assert claims.claim(connection, mixed, "us", 1.0) == ["ours", "kept", "theirs", "ours"]


def test_a_call_that_is_claimed_anew_stays_claimed(tmp_path: Path) -> None:
    path = tmp_path / "s.db"

    async def go() -> None:
        with ReplyStore(path) as one, ReplyStore(path) as other:
            assert await one.claim(b"k") is None
            one.release(b"k")
            assert await one.claim(b"k") is None  # handed to the thread that writes with the end
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(other.claim(b"k"), 0.3)

    asyncio.run(go())


def test_a_living_owner_renews_its_claims(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from judgekit.harness import store_writer

    monkeypatch.setattr(claims, "LEASE_S", 0.6)
    monkeypatch.setattr(store_writer, "RENEW_S", 0.2)
    path = tmp_path / "s.db"

    async def go() -> None:
        with ReplyStore(path) as one, ReplyStore(path) as other:
            assert await one.claim(b"k") is None
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(other.claim(b"k"), 1.5)

    asyncio.run(go())
