"""Every exit code of docs/reference/exit-codes.md, by the installed command."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from answers import write_answers
from commands import Cli, Start
from places import ROOT
from servers import JudgeServer

COMPARE = ["compare", "a.jsonl", "b.jsonl", "--judge", "overlap"]
PLUGIN = """
from judgekit import hookimpl
from judgekit.judging import BatchJudge

class Silent(BatchJudge):
    arity = frozenset({1})
    identity = ("silent",)
    def judge_batch(self, trials):
        raise RuntimeError("nothing to say")

@hookimpl
def judgekit_judges():
    return {"silent": Silent}

@hookimpl
def judgekit_commands(app):
    @app.command("break")
    def break_it(plugin: str = ""):
        {}["nothing"]
"""


@pytest.fixture(autouse=True)
def _files(here: Path) -> None:
    write_answers(here / "a.jsonl", ["yes", "a longer answer"], reference="yes")
    write_answers(here / "b.jsonl", ["no", "short"], reference="yes")
    (here / "mine.py").write_text(PLUGIN)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (COMPARE, 0),
        ([*COMPARE, "--fail-if", "win_rate_a.high <= 1"], 1),
        (["compare", "a.jsonl", "missing.jsonl"], 2),
        ([*COMPARE[:3], "--judge", "silent", "--plugin", "mine.py"], 3),
        (["break", "--plugin", "mine.py"], 70),
    ],
    ids=lambda value: str(value) if isinstance(value, int) else "",
)
def test_a_command_ends_with_its_code(command: Cli, words: list[str], code: int) -> None:
    said = command(*words)
    assert said.code == code, said.err
    assert "Traceback" not in said.err


def test_a_report_that_says_otherwise(here: Path, command: Cli) -> None:
    assert command(*COMPARE).code == 0
    assert command("report", "-o", "report.html").code == 0
    page = (here / "report.html").read_text(encoding="utf-8")
    (here / "report.html").write_text(page.replace('"ties": 0', '"ties": 1'), encoding="utf-8")
    verified = command("report", "--verify", "report.html")
    assert verified.code == 6
    assert "ties: 1, computed 0" in verified.out


def test_output_that_cannot_be_written(here: Path, command: Cli) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    run = command(*COMPARE).out.splitlines()[-1]
    with Path("/dev/full").open("w") as full:
        program = Path(sys.executable).with_name("judgekit")
        done = subprocess.run(
            [program, "stats", run], cwd=here, stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode == 4


def test_ctrl_c(start: Start, server: JudgeServer) -> None:
    server.delay = 5.0
    asking = ["--judge", "pairwise", "--model", "openai/m", "--base-url", server.base_url]
    process = start("compare", "a.jsonl", "b.jsonl", *asking)
    deadline = time.monotonic() + 30
    while not server.requests and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in err


def test_an_error_of_our_own_is_one_line_and_its_traceback_is_at_hand(command: Cli) -> None:
    said = command("break", "--plugin", "mine.py")
    [line] = said.err.splitlines()
    assert line.startswith("judgekit: internal error: KeyError: 'nothing' (mine.py:")
    assert (
        "Traceback (most recent call last)"
        in command("--debug", "break", "--plugin", "mine.py").err
    )


def test_the_traceback_of_a_judge_is_at_hand(command: Cli) -> None:
    words = [*COMPARE[:3], "--judge", "silent", "--plugin", "mine.py"]
    said = command(*words)
    assert "RuntimeError: the judge broke: nothing to say (mine.py:9)" in said.err
    again = command("--debug", *words)
    assert again.code == 3
    assert "Traceback (most recent call last)" in again.err


def test_the_page_lists_every_code() -> None:
    page = (ROOT / "docs/reference/exit-codes.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| (\d+) \|", page, re.MULTILINE) == [*"012346", "70", "130"]
