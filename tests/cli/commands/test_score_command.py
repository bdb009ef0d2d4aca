"""`judgekit score`: each answer by itself."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from answers import read_jsonl, write_answers, write_jsonl
from commands import Cli
from places import EXAMPLES
from servers import JudgeServer

TEXTS = ["GOOD", "plain", "POOR", "plain", "MUTE", ""]
KEYS = {
    "a", "judge", "model", "cases", "scored", "undecided", "mean_score", "histogram", "statuses",
    "calls", "calls_from_store", "tokens_in", "tokens_out", "cost_usd",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _a_file(here: Path) -> None:
    write_answers(here / "a.jsonl", TEXTS)


@pytest.fixture
def ask(server: JudgeServer) -> list[str]:
    return ["--model", "openai/m", "--base-url", server.base_url]


def test_three_samples_of_the_additive_judge(cli: Cli, ask: list[str], server: JudgeServer) -> None:
    said = cli("score", "a.jsonl", "--judge", "additive", *ask, "--json")
    found = said.json
    assert said.err == ""
    assert found.keys() >= KEYS
    assert [found[name] for name in ("a", "cases", "scored", "undecided")] == ["a", 6, 5, 1]
    assert found["mean_score"]["value"] == pytest.approx((4 + 2 + 0 + 2 + 2) / 5)
    assert found["mean_score"]["low"] <= 2 <= found["mean_score"]["high"]
    assert {k: n for k, n in found["statuses"].items() if n} == {"valid": 15, "unparsed": 3}
    assert sum(bar["count"] for bar in found["histogram"]) == 5
    assert len(server.requests) == found["calls"] == 18
    assert {body["temperature"] for body in server.requests} == {0.7}
    scores = [row["scores"] for row in read_jsonl(Path(found["run"]) / "outcomes.jsonl")]
    assert scores == [[4], [2], [0], [2], [None], [2]]


def test_the_table(cli: Cli, ask: list[str]) -> None:
    said = cli("score", "a.jsonl", "--judge", "additive", "--repeats", "1", *ask)
    assert (said.code, said.err) == (0, "")
    assert "mean score       2.00" in said.out
    assert "1 unparsed" in said.out
    assert said.out.splitlines()[-1].startswith("runs/a-additive-")


def test_a_model_alone_means_the_additive_judge(cli: Cli, ask: list[str]) -> None:
    assert cli("score", "a.jsonl", *ask, "--limit", "1", "--json").json["judge"] == "additive"


def test_several_files_are_scored_in_one_table(cli: Cli, ask: list[str], here: Path) -> None:
    write_answers(here / "b.jsonl", ["GOOD", "GOOD"])
    words = ["score", "a.jsonl", "b.jsonl", "--judge", "additive", *ask]
    found = cli(*words, "--json").json["comparisons"]
    assert [run["mean_score"]["value"] for run in found] == [2, 4]
    lines = cli(*words, "--out", "scores").out.splitlines()
    assert lines[-2:] == ["scores/a", "scores/b"]


def test_overlap_with_the_reference_needs_no_model(cli: Cli) -> None:
    found = cli("score", EXAMPLES / "tuned.jsonl", "--judge", "overlap", "--json").json
    assert (found["cases"], found["scored"], found["cost_usd"]) == (40, 40, 0)
    assert 0 < found["mean_score"]["value"] < 100
    other = cli("score", EXAMPLES / "tuned.jsonl", "--metric", "rouge-l", "--json").json
    assert other["mean_score"]["value"] != found["mean_score"]["value"]
    assert other["run"] != found["run"]


class TestReference:
    """The judge measures against a reference, and writes one itself where there is none."""

    @pytest.mark.parametrize("command", ["score", "compare"])
    def test_without_references_it_answers_each_question_once(
        self, cli: Cli, ask: list[str], server: JudgeServer, here: Path, command: str
    ) -> None:
        write_answers(here / "b.jsonl", ["plain"] * len(TEXTS))
        files = ["a.jsonl", "b.jsonl"] if command == "compare" else ["a.jsonl"]
        words = [command, *files, "--judge", "reference", "--repeats", "2", *ask, "--json"]
        found = cli(*words, "--limit", "3").json
        asked = Counter(
            "An answer of the judge's own." in body["messages"][-1]["content"]
            for body in server.requests
        )
        # Case 1 of the comparison has the same answer twice: nothing is asked about it.
        own, measured = (3, 6) if command == "score" else (2, 8)
        assert (asked[False], asked[True]) == (own, measured)
        assert max(server.asked().values()) == 2  # the repeats; each own answer is asked once
        assert found["statuses"]["valid"] == measured
        dry = cli(*words, "--limit", "3", "--dry-run").json
        assert dry["calls"] == found["calls"] == own + measured

    def test_with_references_none_is_written(
        self, cli: Cli, ask: list[str], server: JudgeServer, here: Path
    ) -> None:
        write_answers(here / "a.jsonl", ["GOOD", "POOR"], reference="the truth")
        found = cli("score", "a.jsonl", "--judge", "reference", *ask, "--json").json
        assert found["mean_score"]["value"] == pytest.approx((9 + 1) / 2)
        assert len(server.requests) == 2
        for body in server.requests:
            assert "the truth" in body["messages"][-1]["content"]

    def test_references_and_prompts_in_files_of_their_own(
        self, cli: Cli, ask: list[str], server: JudgeServer, here: Path
    ) -> None:
        write_jsonl(here / "bare.jsonl", [{"question_id": 7, "response": "GOOD", "model": "m"}])
        write_jsonl(here / "asked.jsonl", [{"question_id": 7, "turns": ["What is it?"]}])
        write_jsonl(here / "truth.jsonl", [{"question_id": 7, "turns": ["It is a lamp."]}])
        flags = ["--prompts", "asked.jsonl", "--references", "truth.jsonl", "--json"]
        assert cli("score", "bare.jsonl", "--judge", "reference", *ask, *flags).json["scored"] == 1
        [body] = server.requests
        assert "What is it?" in body["messages"][-1]["content"]
        assert "It is a lamp." in body["messages"][-1]["content"]


def test_a_rubric(cli: Cli, ask: list[str]) -> None:
    words = ["score", "a.jsonl", "--judge", EXAMPLES / "judge.md", *ask, "--json"]
    assert cli(*words).json["mean_score"]["value"] == pytest.approx((9 + 5 + 1 + 5 + 5) / 5)


def test_pairs_are_not_scored(cli: Cli, ask: list[str], here: Path) -> None:
    row = {"prompt": "?", "response_a": "x", "response_b": "y"}
    write_jsonl(here / "pairs.jsonl", [row])
    said = cli("score", "pairs.jsonl", "--judge", "additive", *ask).error
    assert said == "'pairs.jsonl' holds pairs; use `judgekit compare pairs.jsonl`"


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_dry_run_asks_nothing(
    cli: Cli, ask: list[str], server: JudgeServer, here: Path, form: list[str]
) -> None:
    said = cli("score", "a.jsonl", "--judge", "additive", *ask, "--dry-run", *form)
    assert (said.code, said.err, server.requests) == (0, "", [])
    assert [file.name for file in here.iterdir()] == ["a.jsonl"]
    if form:
        assert (said.json["calls"], said.json["half_width"]) == (18, None)
