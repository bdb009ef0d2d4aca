"""The looks at test cases that a reply store remembers."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from judgekit.errors import StoreError
from judgekit.harness.reply_store import ReplyStore

RECORDED = Path(__file__).parents[1] / "golden" / "store.db"


def look(path: Path, subject: str, *cases: str, end: bool = True) -> tuple[int, bool]:
    """The number of a look, and whether an earlier one was at the same subject."""
    with ReplyStore(path) as store:
        begun = store.begin_look(subject, cases)
        if end:
            store.end_look(begun)
    return begun.number, begun.repeated


def test_each_look_counts(tmp_path: Path) -> None:
    store = tmp_path / "s.db"
    assert look(store, "one", "a", "b") == (1, False)
    assert look(store, "two", "a", "b") == (2, False)
    assert look(store, "one", "a", "b") == (3, True)
    assert look(store, "one", "c") == (1, False)


def test_a_look_that_was_cut_off_goes_on(tmp_path: Path) -> None:
    store = tmp_path / "s.db"
    assert look(store, "one", "a", end=False) == (1, False)
    assert look(store, "one", "a") == (1, False)
    assert look(store, "one", "a") == (2, True)


def test_a_look_at_another_judge_counts_one_that_was_cut_off(tmp_path: Path) -> None:
    store = tmp_path / "s.db"
    look(store, "one", "a", end=False)
    assert look(store, "two", "a") == (2, False)


def test_more_cases_do_not_make_the_others_unseen(tmp_path: Path) -> None:
    store = tmp_path / "s.db"
    cases = [f"c{n}" for n in range(1200)]  # more than one statement takes
    assert look(store, "one", *cases[:1000]) == (1, False)
    assert look(store, "two", *cases) == (2, False)
    assert look(store, "three", *cases[1000:]) == (2, False)


def test_a_store_of_an_earlier_schema_learns_the_table(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    shutil.copy(RECORDED, path)
    path.chmod(0o600)
    assert look(path, "one", "a") == (1, False)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT COUNT(*) FROM replies").fetchone() == (232,)


def test_a_table_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with ReplyStore(tmp_path / "s.db") as store:
        with closing(sqlite3.connect(tmp_path / "s.db")) as connection:
            connection.execute("DROP TABLE looks")
        with pytest.raises(StoreError, match="no such table: looks"):
            store.begin_look("one", ["a"])
