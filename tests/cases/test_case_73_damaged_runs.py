"""The cases 73 and 74: damage of a run's folder or of a store's row is one line that names it."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from answers import write_answers
from commands import Cli
from servers import JudgeServer

READERS = (
    ("stats", "run"),
    ("gate", "run", "--fail-if", "winrate<0.1"),
    ("pairs", "run", "-o", "pairs.jsonl", "--force"),
    ("show", "run"),
    ("runs", "diff", "run", "whole"),
)
ROWS = ("cases.jsonl", "judgements.jsonl", "outcomes.jsonl")
FILES = (*ROWS, "summary.json", "run.json")


@pytest.fixture
def run(here: Path, cli: Cli) -> Path:
    """A run of thirty cases, and the same undamaged."""
    write_answers(here / "a.jsonl", [f"one {n}" for n in range(30)], reference="one")
    write_answers(here / "b.jsonl", [f"two {n}" for n in range(30)], reference="one")
    assert cli("compare", "a.jsonl", "b.jsonl", "--judge", "overlap", "--out", "run").code == 0
    shutil.copytree(here / "run", here / "whole")
    return here / "run"


def as_older(run: Path) -> None:
    """Makes a run one of an older version, which does not say what its files hold."""
    metadata = json.loads((run / "run.json").read_text())
    del metadata["contents"]
    (run / "run.json").write_text(json.dumps(metadata))


def cut(data: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    return b"".join(lines[: len(lines) // 3])


@pytest.mark.parametrize("older", [False, True])
@pytest.mark.parametrize("words", READERS, ids=lambda words: words[0])
def test_a_file_cut_to_a_third_is_named(
    cli: Cli, run: Path, words: tuple[str, ...], older: bool
) -> None:
    file = run / "outcomes.jsonl"
    file.write_bytes(cut(file.read_bytes()))
    if older:
        as_older(run)
    error = cli(*words).error
    assert "outcomes.jsonl holds 10 rows, and 30 were written" in error
    assert "judge again" in error


def test_one_changed_byte_is_named(cli: Cli, run: Path) -> None:
    file = run / "outcomes.jsonl"
    file.write_bytes(file.read_bytes().replace(b'"winner":0', b'"winner":1', 1))
    assert "outcomes.jsonl holds other bytes than were written" in cli("stats", "run").error


def changed(draw: random.Random, data: bytes) -> bytes:
    """Some damage: a cut, a flipped byte, a lost line, a value of another type."""
    at = draw.randrange(len(data))
    lines = data.splitlines(keepends=True)
    kinds: list[Callable[[], bytes]] = [
        lambda: data[:at],
        lambda: data[:at] + bytes([draw.randrange(256)]) + data[at + 1 :],
        lambda: b"".join(line for line in lines if line is not draw.choice(lines)),
        lambda: data.replace(b'"', b"", 1),
        lambda: b"[]\n" + data,
        lambda: data.replace(b":null", b":7", 1),
        lambda: data.replace(b":{", b":[{", 1),
        lambda: draw.randbytes(40),
        lambda: b"",
        lambda: b"5\n" * len(lines),
    ]
    return draw.choice(kinds)()


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("name", FILES)
def test_damage_never_ends_in_a_traceback(cli: Cli, run: Path, name: str, seed: int) -> None:
    draw = random.Random(f"{name} {seed}")
    if name in ROWS and seed % 3 == 0:
        as_older(run)
    file = run / name
    file.write_bytes(changed(draw, file.read_bytes()))
    for words in READERS:
        said = cli(*words)
        assert said.code in (0, 1, 2, 3)
        assert "Traceback" not in said.err
        assert said.code != 2 or len(said.err.splitlines()) == 1


DAMAGED_REPLIES = (
    b"garb", b"[]", b'{"text":"x"}', b'{"text":5,"finish":"stop"}', b"null", b"5", b"\xff",
    b'{"text":"[[A]]","finish":"stop","logprobs":5}', b'{"text":"[[A]]","finish":["stop"]}',
    b'{"text":"[[A]]","finish":"stop","logprobs":{"A":"x"}}', b"", "text value",
)  # fmt: skip
DAMAGED_VERDICTS = (
    b"garb", b"{}", b'["valid"]', b'["zzz",null,1,null,"",""]', b'["valid",null,null,null,"",""]',
    b'["valid","first","x",null,"",""]', b'["valid",1,null,null,"",""]', b"null", "text value",
)  # fmt: skip


def damage(store: Path, value: bytes | str) -> None:
    with closing(sqlite3.connect(store)) as connection, connection:
        connection.execute("UPDATE replies SET reply=?", (value,))


def test_case_74_a_damaged_reply_is_named_and_not_asked_again(
    cli: Cli, here: Path, server: JudgeServer
) -> None:
    write_answers(here / "a.jsonl", ["GOOD"])
    write_answers(here / "b.jsonl", ["POOR"])
    words = ["compare", "a.jsonl", "b.jsonl", "--judge", "pairwise", "--model", "openai/m"]
    words += ["--base-url", server.base_url, "--store", "s.db", "--out", "run"]
    assert cli(*words).code == 0
    for value in DAMAGED_REPLIES:
        damage(here / "s.db", value)
        error = cli(*words).error
        assert "the reply store 's.db' is damaged in the row of the key " in error
    assert len(server.requests) == 2
    query = error[error.index("DELETE") : error.rindex('"')].partition(" WHERE")[0]
    with closing(sqlite3.connect(here / "s.db")) as connection, connection:
        connection.execute(query)  # of both rows
    assert cli(*words).code == 0
    assert len(server.requests) == 4


def test_case_74_a_damaged_verdict_is_named(cli: Cli, run: Path, here: Path) -> None:
    words = ["compare", "a.jsonl", "b.jsonl", "--judge", "overlap", "--out", "run"]
    for value in DAMAGED_VERDICTS:
        damage(here / ".judgekit/replies.db", value)
        assert "is damaged in the row of the key " in cli(*words).error


def test_a_number_changed_in_a_summary_is_noticed(cli: Cli, run: Path) -> None:
    file = run / "summary.json"
    summary = json.loads(file.read_text())
    summary["win_rate_a"]["value"] += 0.25
    file.write_text(json.dumps(summary))
    error = cli("gate", "run", "--fail-if", "win_rate_a > 2").error
    assert "summary.json holds other bytes" in error
