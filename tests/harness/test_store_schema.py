"""A store of an earlier schema becomes one of this, with every reply; a newer one is left alone."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from judgekit.config.prices import Price
from judgekit.errors import StoreError
from judgekit.harness.bookings import Booking, Totals
from judgekit.harness.reply_store import ReplyStore
from judgekit.harness.store_schema import SCHEMA, STEPS

RECORDED = Path(__file__).parents[1] / "golden" / "store.db"


def replies_of(path: Path) -> dict[bytes, bytes]:
    with closing(sqlite3.connect(path)) as connection:
        return dict(connection.execute("SELECT key, reply FROM replies"))


def version_of(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


@pytest.fixture
def schema_1(tmp_path: Path) -> Path:
    """A copy of the recorded store, which has 232 replies and no bookings."""
    path = tmp_path / "store.db"
    shutil.copy(RECORDED, path)
    path.chmod(0o600)
    assert version_of(path) == 1
    return path


def test_a_store_of_schema_1_keeps_every_reply(schema_1: Path) -> None:
    before = replies_of(schema_1)
    assert len(before) == 232
    with ReplyStore(schema_1) as store:
        assert store.totals("any") == Totals()
    assert version_of(schema_1) == SCHEMA
    assert replies_of(schema_1) == before
    with ReplyStore(schema_1):  # once
        assert replies_of(schema_1) == before


def test_a_store_of_schema_2_keeps_what_runs_used(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with closing(sqlite3.connect(path)) as connection:
        for statement in (statement for step in STEPS[:2] for statement in step):
            connection.execute(statement)
        connection.execute("PRAGMA user_version=2")
        connection.execute("INSERT INTO replies VALUES (x'aa', 'kept')")
        connection.execute(
            "INSERT INTO bookings VALUES ('one', x'aa', 'reply', 1, 100, 10, 0.5, 0.75, 1.0)"
        )
        connection.commit()
    new = Booking("one", b"b", "reply", 1, 50, 5, None, 0.25, 30, 20)

    async def book() -> None:
        with ReplyStore(path) as store:
            await store.put([], [new])

    asyncio.run(book())
    with ReplyStore(path) as store:
        used = store.totals("one")
        assert store.get(b"\xaa") == "kept"
    assert version_of(path) == SCHEMA
    assert (used.calls, used.tokens_in, used.tokens_out, used.paid) == (2, 150, 15, 0.5)
    assert (used.tokens_cached, used.tokens_written, used.charged) == (30, 20, 1.0)
    price = Price(1.0, 0.0, 0.1, 2.0)
    assert used.cost(price) == pytest.approx(0.5 + (30 * 0.1 + 20 * 2.0) / 1e6)


def test_a_migration_that_breaks_off_changes_nothing(
    schema_1: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from judgekit.harness import store_schema

    first, *rest = store_schema.STEPS
    broken = (first, *((*step, "CREATE TABLE replies (twice)") for step in rest))
    monkeypatch.setattr(store_schema, "STEPS", broken)
    before = replies_of(schema_1)
    with pytest.raises(StoreError, match="already exists"):
        ReplyStore(schema_1)
    assert version_of(schema_1) == 1
    with closing(sqlite3.connect(schema_1)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master WHERE sql > ''").fetchall() == [
            ("replies",)
        ]
    assert replies_of(schema_1) == before


@pytest.mark.parametrize("more", [(), ("CREATE TABLE answers (key)",)])
def test_a_newer_store_keeps_every_byte(tmp_path: Path, more: tuple[str, ...]) -> None:
    path = tmp_path / "store.db"
    ReplyStore(path).close()
    with closing(sqlite3.connect(path)) as connection:
        for statement in more:
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version={SCHEMA + 1}")
        connection.execute("PRAGMA journal_mode=DELETE")
    before = path.read_bytes()
    with pytest.raises(StoreError, match=f"newer judgekit .schema {SCHEMA + 1}"):
        ReplyStore(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_store_that_lacks_a_table_of_its_schema_is_no_store(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    ReplyStore(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TABLE bookings")
    with pytest.raises(StoreError, match="another program"):
        ReplyStore(path)


def test_what_a_run_used_is_the_sum_of_its_bookings(tmp_path: Path) -> None:
    bookings = [
        Booking("one", b"a", "reply", 2, 100, 10, 0.5, 0.5),
        Booking("one", b"b", "retried", 0, 100, 0, 0.25, 0.25),
        Booking("one", b"b", "failed", 3, None, None, None, 0.0),
        Booking("one", b"c", "reply", 1, None, None, 0.0, 0.75),
        Booking("other", b"a", "reply", 1, 7, 7, 7.0, 7.0),
    ]

    async def book() -> None:
        with ReplyStore(tmp_path / "s.db") as store:
            await store.put([(b"a", b"reply")], bookings)
            await store.put([], bookings[1:2] * 1200)  # more than one statement takes

    asyncio.run(book())
    with ReplyStore(tmp_path / "s.db") as store:
        used = store.totals("one")
        assert (used.calls, used.requests, used.without_usage) == (3, 6, 1)
        assert (used.tokens_in, used.tokens_out) == (100 * 1202, 10)
        assert used.paid == pytest.approx(0.5 + 0.25 * 1201)
        assert used.cost(None) is None  # a call was made while the price was not known
        assert [store.ended("one", key) for key in (b"a", b"b", b"z")] == ["reply", "failed", None]
