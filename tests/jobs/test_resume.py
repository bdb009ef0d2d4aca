"""Whatever stops a run, the same command goes on, pays nothing twice, ends in the same bytes."""

from __future__ import annotations

import itertools
import signal
from pathlib import Path
from typing import Any

import pytest
from answers import kept_replies, stable_files, write_answers
from commands import Cli, Start
from servers import JudgeServer

CASES = 40
CALLS = 2 * CASES


@pytest.fixture(autouse=True)
def _two_files(here: Path) -> None:
    write_answers(here / "a.jsonl", [f"GOOD {n}" if n % 3 else f"plain {n}" for n in range(CASES)])
    write_answers(here / "b.jsonl", [f"POOR {n}" if n % 5 else f"BIASED {n}" for n in range(CASES)])


@pytest.fixture
def provider(request: pytest.FixtureRequest) -> str:
    """The engine that asks."""
    return getattr(request, "param", "openai")


@pytest.fixture
def words(server: JudgeServer, provider: str) -> list[str]:
    """A command that takes a while."""
    server.delay = 0.02
    flags = ["--judge", "pairwise", "--model", f"{provider}/m", "--base-url", server.base_url]
    return ["compare", "a.jsonl", "b.jsonl", *flags, "--concurrency", "4", "--json"]


@pytest.fixture
def calm(cli: Cli, words: list[str], server: JudgeServer, here: Path) -> dict[str, bytes]:
    """The files of an undisturbed run with a store of its own."""
    delay, server.delay = server.delay, 0.0
    cli(*words, "--out", "calm", "--store", "calm.db", "--concurrency", "64")
    server.reset()
    server.delay = delay
    return stable_files(here / "calm")


@pytest.mark.parametrize(
    ("provider", "asked"),
    [("openai", 1), ("openai", 30), ("openai", CALLS - 3), ("anthropic", 30), ("gemini", 30)],
    indirect=["provider"],
)
def test_kill_9(
    start: Start,
    cli: Cli,
    words: list[str],
    server: JudgeServer,
    calm: dict[str, bytes],
    here: Path,
    asked: int,
) -> None:
    server.hold_after(asked)
    process = start(*words)
    # Those answered and all four that may be under way, or one would arrive after the kill.
    server.wait_for(min(asked + 4, CALLS))
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    server.go_on()
    kept = kept_replies(here / ".judgekit/replies.db")
    assert asked - 4 <= kept < CALLS
    assert not (here / "runs/latest").exists()
    before = server.asked()
    found = cli(*words).json
    again = server.asked() - before
    assert (found["calls_now"], found["calls_from_store"]) == (CALLS - kept, kept)
    assert again.total() == CALLS - kept
    assert stable_files(here / found["run"]) == calm
    third = cli(*words).json
    assert (third["calls_now"], third["calls_from_store"]) == (0, CALLS)
    assert server.asked() - before == again


def test_ctrl_c(
    start: Start,
    cli: Cli,
    words: list[str],
    server: JudgeServer,
    calm: dict[str, bytes],
    here: Path,
) -> None:
    server.hold_after(30)
    process = start(*words)
    server.wait_for(34)  # thirty answered, and all four that may be under way
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    server.go_on()
    assert (process.returncode, out) == (130, "")
    [line] = err.splitlines()
    assert line.startswith("stopped after ")
    assert f" of {CALLS} trials" in line
    assert "run the same command again to go on" in line
    assert list((here / "runs").iterdir()) == []
    kept = kept_replies(here / ".judgekit/replies.db")
    assert 0 < kept <= 30
    found = cli(*words).json
    assert (found["calls_now"], found["calls_from_store"]) == (CALLS - kept, kept)
    assert stable_files(here / found["run"]) == calm


def test_two_processes_on_one_store_say_the_same_though_the_judge_does_not(
    start: Start, cli: Cli, words: list[str], server: JudgeServer, here: Path
) -> None:
    turns = itertools.count()

    def fickle(body: dict[str, Any]) -> str:
        return f"[[{'ABC'[next(turns) % 3]}]]"

    server.says = fickle
    both = [start(*words, "--out", name) for name in ("one", "two")]
    for process in both:
        _, err = process.communicate(timeout=60)
        assert (process.returncode, err) == (0, "")
    assert len(server.requests) == CALLS
    assert kept_replies(here / ".judgekit/replies.db") == CALLS
    asked = len(server.requests)
    cli(*words, "--out", "three")
    assert len(server.requests) == asked
    assert stable_files(here / "one") == stable_files(here / "two") == stable_files(here / "three")


@pytest.mark.parametrize(
    "change",
    [
        ["--model", "openai/other"],
        ["--temperature", "0.3"],
        ["--max-tokens", "99"],
        ["--model-arg", "effort=low"],
        ["--prompt", "reference-pair", "--references", "truth.jsonl"],
    ],
    ids=" ".join,
)
def test_what_decides_a_reply_asks_anew(
    cli: Cli, words: list[str], server: JudgeServer, here: Path, change: list[str]
) -> None:
    server.delay = 0
    write_answers(here / "truth.jsonl", ["true"] * CASES)
    first = cli(*words, "--limit", "2").json
    assert first["calls"] == 4
    other = cli(*words, "--limit", "2", *change).json
    assert (other["calls"], other["calls_from_store"]) == (4, 0)
    assert other["run"] != first["run"]


@pytest.mark.parametrize(
    "change", [["--limit", "3"], ["--inconsistent", "drop"], ["--orders", "one"]], ids=" ".join
)
def test_what_decides_only_the_figures_asks_nothing_again(
    cli: Cli, words: list[str], server: JudgeServer, change: list[str]
) -> None:
    server.delay = 0
    first = cli(*words).json
    other = cli(*words, *change).json
    assert other["calls"] == 0
    assert other["calls_from_store"] > 0
    assert other["run"] != first["run"]
