"""The case 80, and several runs into one folder: one writes, and what killed ones left goes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from answers import read_jsonl, write_answers
from commands import Cli, Start
from servers import JudgeServer

from judgekit.io.files import partial_beside, write_file

KILLED = """
import os, signal, sys
from pathlib import Path
from judgekit.io.files import partial_beside
partial = partial_beside(Path(sys.argv[1]))
partial.mkdir() if sys.argv[2] == "folder" else partial.write_bytes(b"half")
os.kill(os.getpid(), signal.SIGKILL)
"""


def leave(path: Path, kind: str) -> None:
    """What a process leaves that is killed while it writes a file or a folder."""
    done = subprocess.run([sys.executable, "-c", KILLED, path, kind], check=False)
    assert done.returncode == -signal.SIGKILL


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_what_a_killed_process_left_is_removed_by_the_next(tmp_path: Path, kind: str) -> None:
    leave(tmp_path / "pairs.jsonl", kind)
    assert len(list(tmp_path.iterdir())) == 1
    own = partial_beside(tmp_path / "pairs.jsonl")  # still being written
    own.touch()
    write_file(tmp_path / "pairs.jsonl", b"x")
    assert sorted(tmp_path.iterdir()) == sorted([own, tmp_path / "pairs.jsonl"])


def test_a_process_of_the_same_number_is_another_one(tmp_path: Path) -> None:
    own = partial_beside(tmp_path / "x")
    head, _, _ = own.name.rpartition(f"-{os.getpid()}-")
    before = tmp_path / f"{head}-{os.getpid()}-0123abcd-0123abcd.partial"  # of an earlier container
    before.touch()
    own.touch()
    partial_beside(tmp_path / "x")
    assert list(tmp_path.iterdir()) == [own]


def test_case_80_pairs_leave_nothing(cli: Cli, here: Path) -> None:
    write_answers(here / "a.jsonl", ["one", "two"], reference="one")
    write_answers(here / "b.jsonl", ["three", "one"], reference="one")
    assert cli("compare", "a.jsonl", "b.jsonl", "--judge", "overlap", "--out", "run").code == 0
    leave(here / "pairs.jsonl", "file")
    assert cli("pairs", "run", "-o", "pairs.jsonl").code == 0
    assert not list(here.glob(".*.partial"))
    assert read_jsonl(here / "pairs.jsonl")


def test_one_run_at_a_time_writes_a_folder(
    start: Start, cli: Cli, server: JudgeServer, here: Path
) -> None:
    write_answers(here / "a.jsonl", ["GOOD"] * 3)
    write_answers(here / "b.jsonl", ["POOR"] * 3)
    words = ["compare", "a.jsonl", "b.jsonl", "--judge", "pairwise", "--model", "openai/m"]
    words += ["--base-url", server.base_url, "--out", "run"]
    server.hold_after(1)
    first = start(*words)
    server.wait_for(2)
    for more in ((), ("--limit", "1")):  # the same run, and another one
        error = cli(*words, *more).error
        assert f"'run' is being written by another run (process {first.pid})" in error
        assert "choose another --out" in error
    first.send_signal(signal.SIGKILL)
    first.wait()
    server.go_on()
    assert cli(*words).code == 0  # the lock went with the process
    assert not list(here.glob(".*.partial"))
    assert len(list((here / "run").iterdir())) == 5
