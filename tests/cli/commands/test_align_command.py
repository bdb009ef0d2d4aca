"""`judgekit align`: what it says before it pays, and what it prints."""

from __future__ import annotations

from pathlib import Path

import pytest
from aligned_judges import labelled_pairs, planted
from commands import Cli
from servers import JudgeServer


@pytest.fixture
def words(here: Path, server: JudgeServer, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The command on 80 labelled pairs, against a judge with a planted fault."""
    monkeypatch.setenv("OPENAI_API_KEY", "the-readers-own")
    monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
    server.says = planted
    labelled_pairs(here / "labels.jsonl", 80)
    model = ["--model", "openai/gpt-4o-mini", "--examples", "1", "--revisions", "1"]
    return ["align", "labels.jsonl", "--judge", "pairwise", *model, "--out", "judge.md"]


def test_a_dry_run_says_what_it_costs_and_can_show(
    cli: Cli, server: JudgeServer, words: list[str]
) -> None:
    said = cli(*words, "--dry-run").out
    assert "test of the best candidate" in said
    assert "with a power of 80 %" in said
    assert "80 labels are few: with --cross-fit" in said
    assert "~$" in said
    plain = cli(*words, "--dry-run", "--json").json
    assert plain["total"]["calls"] == sum(run["calls"] for run in plain["runs"])
    assert 0.1 < plain["smallest_gain"] < 0.4
    folds = cli(*words, "--dry-run", "--cross-fit", "--json").json
    assert folds["total"]["calls"] > 3 * plain["total"]["calls"]
    assert folds["smallest_gain"] < plain["smallest_gain"]
    assert server.requests == []


def test_calls_stay_below_the_estimate(cli: Cli, server: JudgeServer, words: list[str]) -> None:
    most = cli(*words, "--dry-run", "--json").json["total"]["calls"]
    report = cli(*words, "--json").json
    assert report["shown"]
    assert report["calls"] <= most
    assert report["cost_usd"] == pytest.approx(report["calls"] * (100 * 0.15 + 10 * 0.6) / 1e6)


def test_what_it_prints(cli: Cli, words: list[str]) -> None:
    said = cli(*words)
    assert said.code == 0
    assert "prompts to train on: " in said.err
    assert "balanced accuracy" in said.out
    for line in (
        "position consistency",
        "first share",
        "effect of length",
        "judgements without a verdict",
        "cost per judgement",
        "the gain is shown",
        "test part used 1 time",
        "written: judge.md; judge with --judge ./judge.md",
    ):
        assert line in said.out
    again = cli(*words)
    assert again.code == 0
    assert "test part used 2 times, once before with this very judge" in again.out
    assert "nothing was written; --write-anyway writes the picked candidate" in again.out


def test_a_limit_ends_it_with_exit_code_3(cli: Cli, words: list[str]) -> None:
    said = cli(*words, "--max-calls", "50")
    assert said.code == 3
    assert "stopped before the test" in said.out
    assert not Path("judge.md").exists()


def test_what_is_wrong_is_one_line(cli: Cli, words: list[str]) -> None:
    assert "'longer' has no prompt" in cli("align", "labels.jsonl", "--judge", "longer").error
    Path("judge.md").write_text("mine")
    assert "no alignment has written it" in cli(*words, "--dry-run").error
