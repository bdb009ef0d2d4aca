"""Files of the user's are never overwritten: a store or a run's folder is ours by its mark alone.

The cases 62, 63 and 69 and more of their kind.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from judgekit import runs
from judgekit.cli.gate_flags import Gate
from judgekit.errors import InputError, StoreError
from judgekit.harness.reply_store import ReplyStore

REPLIES = "CREATE TABLE replies (key BLOB PRIMARY KEY, reply BLOB NOT NULL)"
FOREIGN = {
    "69: another program's": ("CREATE TABLE notes (text)", "INSERT INTO notes VALUES ('mine')"),
    "with our version": ("CREATE TABLE notes (text)", "PRAGMA user_version=1"),
    "newer": ("CREATE TABLE replies (key, reply)", "PRAGMA user_version=99"),
    "another table of the name": ("CREATE TABLE replies (id, body)", "PRAGMA user_version=1"),
    "ours and theirs": (REPLIES, "CREATE TABLE notes (text)", "PRAGMA user_version=1"),
    "without a version": (REPLIES,),
    "of an application": ("PRAGMA application_id=1196444487",),
    "with a version only": ("PRAGMA user_version=7",),
    "write-ahead": ("PRAGMA journal_mode=WAL", "CREATE TABLE notes (text)"),
}


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("statements", FOREIGN.values(), ids=list(FOREIGN))
def test_a_database_of_others_keeps_every_byte(tmp_path: Path, statements: tuple[str, ...]) -> None:
    path = tmp_path / "what? of#them%.db"
    connection = sqlite3.connect(path, isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()
    before = contents(tmp_path)
    with pytest.raises(StoreError, match="--store"):
        ReplyStore(path)
    assert contents(tmp_path) == before


def test_a_database_that_another_program_has_open_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "live.db"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE notes (text)")
    before = path.read_bytes()
    with pytest.raises(StoreError, match="another program"):
        ReplyStore(path)
    assert path.read_bytes() == before
    connection.close()


def test_an_empty_file_and_a_store_in_use_are_taken(tmp_path: Path) -> None:
    path = tmp_path / "replies.db"
    path.touch()
    with ReplyStore(path), ReplyStore(path) as second:
        assert second.get(b"key") is None


def case_62(folder: Path) -> tuple[Path, ...]:
    for name in ("cases.jsonl", "outcomes.jsonl", "summary.json"):
        (folder / name).write_text("mine\n")
    return (folder / "cases.jsonl",)


def one_name(folder: Path) -> tuple[Path, ...]:
    (folder / "summary.json").write_text("{}")
    return ()


def own_run_json(folder: Path) -> tuple[Path, ...]:
    (folder / "run.json").write_text('{"speed": 3}')
    return ()


def input_in_a_run(folder: Path) -> tuple[Path, ...]:
    (folder / "run.json").write_text('{"identity": "one"}')
    (folder / "cases.jsonl").write_text("mine\n")
    return (folder / "cases.jsonl",)


@pytest.mark.parametrize("prepare", [case_62, one_name, own_run_json, input_in_a_run])
def test_a_folder_of_others_is_refused(
    tmp_path: Path, prepare: Callable[[Path], tuple[Path, ...]]
) -> None:
    inputs = prepare(tmp_path)
    before = contents(tmp_path)
    with pytest.raises(InputError, match="--out"):
        runs.check_folder(tmp_path, "one", 0, inputs)
    assert contents(tmp_path) == before


def test_case_63_a_junit_file_is_no_input(tmp_path: Path) -> None:
    file = tmp_path / "answers.jsonl"
    file.write_text("mine\n")
    link = tmp_path / "report.xml"
    link.symlink_to(file)
    for named in (file, link):
        with pytest.raises(InputError, match="--junit"):
            Gate.of(["winrate<0.5"], named).check_inputs([file])
