"""The reply store: what is acknowledged is kept."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgekit.errors import StoreError
from judgekit.harness.reply_store import (
    ReplyStore,
    pack_reply,
    pack_verdict,
    unpack_reply,
    unpack_verdict,
)
from judgekit.types import Choice, Reply, Status, Verdict

WRITER = """
import asyncio, sys
from pathlib import Path
from judgekit.harness.reply_store import ReplyStore

async def main():
    with ReplyStore(Path(sys.argv[1])) as store:
        async def one(n):
            await store.put([(n.to_bytes(8, "big"), b"reply")])
            print(n, flush=True)
        n = int(sys.argv[2])
        while n < int(sys.argv[3]):
            await asyncio.gather(*(one(k) for k in range(n, n + 32)))
            n += 32

asyncio.run(main())
"""


def test_kept_under_its_key_and_the_first_value_stays(tmp_path: Path) -> None:
    async def go() -> None:
        with ReplyStore(tmp_path / "deep" / "replies.db") as store:
            assert store.get(b"k") is None
            await store.put([(b"k", b"one"), (b"l", b"two")])
            await store.put([(b"k", b"other")])
            assert (store.get(b"k"), store.get(b"l")) == (b"one", b"two")

    asyncio.run(go())
    with ReplyStore(tmp_path / "deep" / "replies.db") as again:
        assert again.get(b"k") == b"one"


def test_what_was_acknowledged_survives_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "replies.db"
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), "0", "1000000"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    acknowledged = [int(process.stdout.readline()) for _ in range(200)]
    os.kill(process.pid, signal.SIGKILL)
    acknowledged += [int(line) for line in process.stdout.read().split("\n")[:-1]]
    process.stdout.close()
    process.wait()
    with ReplyStore(path) as store:
        assert all(store.get(n.to_bytes(8, "big")) == b"reply" for n in acknowledged)


def test_two_processes_share_a_store(tmp_path: Path) -> None:
    path = tmp_path / "replies.db"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), str(start), str(start + 640)],
            stdout=subprocess.DEVNULL,
        )
        for start in (0, 320)
    ]
    assert [p.wait() for p in processes] == [0, 0]
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT count(*) FROM replies").fetchone() == (960,)
    connection.close()


def test_many_processes_make_one_store_at_once(tmp_path: Path) -> None:
    # SQLite's busy timeout does not cover the switch to write-ahead logging.
    path = tmp_path / "replies.db"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), str(n), str(n + 32)],
            stdout=subprocess.DEVNULL,
        )
        for n in range(0, 320, 32)
    ]
    assert [p.wait() for p in processes] == [0] * 10


@pytest.mark.parametrize(
    ("prepare", "says"),
    [
        (lambda p: p.mkdir(), "unable to open"),
        (lambda p: p.write_bytes(b"not a database at all" * 100), "not a database"),
        (lambda p: p.parent.chmod(0o500) if os.geteuid() else p.mkdir(), "open"),
    ],
)
def test_a_store_that_cannot_be_used_is_one_line(tmp_path, prepare, says) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "store" / "replies.db"
    path.parent.mkdir()
    prepare(path)
    with pytest.raises(StoreError, match=says) as caught:
        ReplyStore(path)
    path.parent.chmod(0o700)
    assert "\n" not in str(caught.value)
    assert "--store" in str(caught.value)


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "replies.db"
    ReplyStore(path).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version=99")
    connection.close()
    with pytest.raises(StoreError, match="newer judgekit"):
        ReplyStore(path)


texts = st.text(st.characters(exclude_categories=["Cs"]))


@given(
    st.builds(
        Reply,
        text=texts,
        finish=st.sampled_from(["stop", "length", "refusal"]),
        thinking=texts,
        tokens_in=st.none() | st.integers(0, 10**6),
        tokens_out=st.none() | st.integers(0, 10**6),
        tokens_cached=st.none() | st.integers(0, 10**6),
        tokens_written=st.none() | st.integers(0, 10**6),
        label_logprobs=st.none() | st.dictionaries(texts, st.floats(-50, 0), min_size=1),
    )
)
def test_a_reply_comes_back_as_it_was(reply: Reply) -> None:
    assert unpack_reply(pack_reply(reply)) == reply


@pytest.mark.parametrize(
    "verdict",
    [
        Verdict.chose(Choice.TIE, probability=0.5, reasoning="same"),
        Verdict.scored(3.25),
        Verdict.without(Status.TOO_LONG, "9000 tokens"),
    ],
)
def test_a_verdict_comes_back_as_it_was(verdict: Verdict) -> None:
    assert unpack_verdict(pack_verdict(verdict)) == verdict
