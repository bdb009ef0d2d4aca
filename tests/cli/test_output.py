"""Exit codes where standard output ends early."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

JUDGEKIT = [sys.executable, "-m", "judgekit"]


@pytest.mark.parametrize(("words", "code"), [(["--version"], 0), (["show", "nowhere"], 2)])
def test_a_closed_pipe_leaves_the_code(words: list[str], code: int) -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([*JUDGEKIT, *words], stdout=write, stderr=subprocess.PIPE, check=False)
    os.close(write)
    assert done.returncode == code
    assert bool(done.stderr) == bool(code)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("words", [["--version"], ["--help"], ["compare", "--help"]])
def test_full_output_is_one_line_and_exit_code_4(words: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([*JUDGEKIT, *words], stdout=full, stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr.count(b"\n")) == (4, 1)
