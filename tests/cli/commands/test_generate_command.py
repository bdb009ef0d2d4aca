"""`judgekit generate`: what it asks, writes and says; killed and gone on; judged and paired."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest
from answers import kept_replies, read_jsonl, write_jsonl
from commands import Cli, Start
from servers import JudgeServer, MockApi

N = 20


@pytest.fixture(autouse=True)
def _prompts(here: Path) -> None:
    write_jsonl(here / "p.jsonl", [{"id": i, "prompt": f"Question {i}?"} for i in range(N)])


@pytest.fixture
def ask(server: JudgeServer) -> list[str]:
    server.says = lambda body: f"On {body['messages'][-1]['content']} {body.get('seed', '')}"
    return ["generate", "p.jsonl", "--model", "openai/m", "--base-url", server.base_url]


def test_answers(cli: Cli, here: Path, ask: list[str], server: JudgeServer) -> None:
    said = cli(*ask, "-o", "a.jsonl")
    assert (said.code, said.out) == (0, "a.jsonl\n")
    assert "20 to 20 prompts, by m" in said.err
    rows = read_jsonl(here / "a.jsonl")
    assert [row["id"] for row in rows] == [str(i) for i in range(N)]
    assert rows[3] == {
        "id": "3",
        "prompt": "Question 3?",
        "response": "On Question 3? ",
        "model": "m",
        "finish": "stop",
    }
    body = server.requests[0]
    assert (body["temperature"], body["max_tokens"]) == (0.7, 1024)
    assert body.keys() == {"model", "messages", "temperature", "max_tokens"}


def test_how_it_is_asked(cli: Cli, here: Path, ask: list[str], server: JudgeServer) -> None:
    (here / "system.txt").write_text("Be brief.\n")
    words = ["--temperature", "0.2", "--top-p", "0.9", "--seed", "7", "--max-tokens", "50"]
    stops = ["--stop", "\n\n", "--stop", "a,b", "--model-arg", "top_k=5"]
    cli(*ask, *words, *stops, "--system-file", "system.txt", "--limit", "1", "--name", "mine")
    [body] = server.requests
    assert body == {
        "model": "m",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Question 0?"},
        ],
        "temperature": 0.2,
        "top_p": 0.9,
        "seed": 7,
        "max_tokens": 50,
        "stop": ["\n\n", "a,b"],
        "top_k": 5,
    }
    [row] = read_jsonl(here / "answers.jsonl")
    assert (row["model"], row["prompt"]) == ("mine", "Question 0?")


def test_the_summary(cli: Cli, ask: list[str]) -> None:
    found = cli(*ask, "--n", "2", "--json").json
    assert found == {
        "schema": "judgekit.generation/1",
        "model": "m",
        "engine": "openai/m",
        "prompts": N,
        "n": 2,
        "answers": 2 * N,
        "truncated": 0,
        "empty": 0,
        "without_answer": {},
        "not_asked": 0,
        "stopped": "",
        "stop": None,
        "left_out": {"duplicates": 0, "empty rows": 0, "unusable rows": 0},
        "calls": 2 * N,
        "calls_now": 2 * N,
        "calls_from_store": 0,
        "reused": 0,
        "tokens_in": 200 * N,
        "tokens_out": 20 * N,
        "tokens_cached": 0,
        "without_usage": 0,
        "cost_usd": None,
        "file": "answers.jsonl",
    }


def test_more_candidates_pay_only_for_the_new_ones(
    cli: Cli, ask: list[str], server: JudgeServer
) -> None:
    cli(*ask, "--n", "2", "--seed", "1")
    found = cli(*ask, "--n", "3", "--seed", "1", "--json").json
    assert (found["calls"], found["calls_from_store"]) == (N, 2 * N)
    assert len(server.asked()) == 3 * N, "each candidate has a seed of its own"


@pytest.mark.parametrize("stop", [signal.SIGKILL, signal.SIGINT])
def test_a_stopped_run_goes_on(
    start: Start, cli: Cli, here: Path, ask: list[str], server: JudgeServer, stop: signal.Signals
) -> None:
    words = [*ask, "--n", "2", "--seed", "3", "--concurrency", "4", "-o", "a.jsonl"]
    cli(*words[:-1], "calm.jsonl", "--store", "calm.db")
    server.hold_after(len(server.requests) + 15)
    asked = len(server.requests) + 15
    process = start(*words)
    server.wait_for(asked)
    process.send_signal(stop)
    _, err = process.communicate(timeout=30)
    server.go_on()
    if stop is signal.SIGINT:
        assert process.returncode == 130
        assert "run the same command again to go on" in err
    kept = kept_replies(here / ".judgekit/replies.db")
    assert 11 <= kept < 2 * N
    assert not (here / "a.jsonl").exists()
    found = cli(*words, "--json").json
    assert (found["calls_now"], found["calls_from_store"]) == (2 * N - kept, kept)
    assert (here / "a.jsonl").read_bytes() == (here / "calm.jsonl").read_bytes()


def test_prompts_without_an_answer_are_counted_and_asked_again(
    cli: Cli, here: Path, ask: list[str], server: JudgeServer
) -> None:
    def finish(body: Any) -> str:
        text = body["messages"][-1]["content"]
        return {"Question 1?": "content_filter", "Question 2?": "length"}.get(text, "stop")

    server.finish = finish
    said = cli(*ask)
    assert said.code == 0
    told = " ".join(said.err.split())
    assert "without an answer: refused 1" in told
    assert "1 of 20 are refused: content_filter" in told
    assert "cut at the token limit 1" in told
    rows = read_jsonl(here / "answers.jsonl")
    assert [row["id"] for row in rows] == [str(i) for i in range(N) if i != 1]
    assert rows[1]["finish"] == "length"


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_run_without_any_answer_ends_with_3_and_says_why(
    cli: Cli, here: Path, ask: list[str], server: JudgeServer, form: list[str]
) -> None:
    server.finish = lambda _: "content_filter"
    said = cli(*ask, *form)
    assert said.code == 3
    assert said.err.splitlines()[-1] == ("no answer came out: 20 of 20 are refused: content_filter")
    assert not (here / "answers.jsonl").exists()
    if form:
        assert json.loads(said.out)["file"] is None
    else:
        assert said.out == ""


def test_other_answers_are_not_replaced_and_not_paid_for(
    cli: Cli, here: Path, ask: list[str], server: JudgeServer
) -> None:
    write_jsonl(here / "answers.jsonl", [{"id": "1", "prompt": "another"}])
    before = (here / "answers.jsonl").read_bytes()
    assert "holds other answers;" in cli(*ask).error
    assert (here / "answers.jsonl").read_bytes() == before
    assert server.requests == []
    assert cli(*ask, "--force").code == 0
    assert len(read_jsonl(here / "answers.jsonl")) == N


def test_a_dry_run_asks_nothing(cli: Cli, here: Path, ask: list[str], server: JudgeServer) -> None:
    found = cli(*ask, "--n", "3", "--dry-run", "--json").json
    assert (found["prompts"], found["calls"]) == (N, 3 * N)
    assert found["tokens_in"] > 0
    assert "calls at most" in cli(*ask, "--dry-run").out
    assert server.requests == []
    assert not (here / "answers.jsonl").exists()
    assert not (here / ".judgekit").exists()


def test_a_budget_stops_on_a_prefix_and_a_larger_one_goes_on(
    cli: Cli, here: Path, ask: list[str]
) -> None:
    found = cli(*ask, "--max-calls", "7", "--json").json
    assert (found["answers"], found["not_asked"]) == (7, N - 7)
    assert [row["id"] for row in read_jsonl(here / "answers.jsonl")] == [str(i) for i in range(7)]
    found = cli(*ask, "--json").json
    assert (found["answers"], found["calls"], found["calls_now"]) == (N, N, N - 7)


def test_the_projects_judge_does_not_answer(
    cli: Cli, here: Path, ask: list[str], server: JudgeServer
) -> None:
    (here / "judgekit.toml").write_text(
        'judge = "pairwise"\nmodel = "openai/judge"\ntemperature = 0.0\nmax_calls = 1\n'
        'repeats = 3\nprompt = "pair"\nstore = "mine.db"\n[columns]\nprompt = "prompt"\n'
    )
    assert cli(*ask, "--json").json["answers"] == N
    assert {(body["model"], body["temperature"]) for body in server.requests} == {("m", 0.7)}
    assert (here / "mine.db").exists()
    assert "a model is needed" in cli("generate", "p.jsonl").error


@pytest.mark.parametrize(
    ("flags", "tells"),
    [
        (["--n", "2", "--temperature", "0"], "at temperature 0 every answer is the same"),
        (["--judge", "pairwise"], "generate has no option --judge"),
        (["--reask", "1"], "generate has no option --reask"),
        (["-o", "p.jsonl", "--force"], "holds the prompts"),
        (["-o", "a.csv"], "name the file NAME.jsonl"),
        (["--columns", "prompt=q"], "no row has the column 'q'"),
        (["--model-arg", "note=sk-verysecret0123456789abcdef"], "looks like a key"),
    ],
)
def test_what_is_refused(
    cli: Cli, ask: list[str], server: JudgeServer, flags: list[str], tells: str
) -> None:
    assert tells in cli(*ask, *flags).error
    assert server.requests == []


def test_rows_that_cannot_be_used_are_named(cli: Cli, here: Path, ask: list[str]) -> None:
    write_jsonl(here / "p.jsonl", [{"prompt": "q"}, {"prompt": 3}])
    said = cli(*ask, "--skip-bad-rows", "--json")
    assert said.json["left_out"] == {"duplicates": 0, "empty rows": 0, "unusable rows": 1}
    assert "unusable rows left out: 1 (line 2: the prompt is 3" in said.err


def test_a_recording_of_a_judge_answers_no_prompts(cli: Cli, here: Path) -> None:
    write_jsonl(here / "rec.jsonl", [{"id": "0", "order": "AB", "completion": "[[A]]"}])
    said = cli("generate", "p.jsonl", "--model", "replay/rec.jsonl")
    assert said.code == 3
    assert "no recording" in said.err


def test_candidates_are_ranked_and_paired(
    cli: Cli, here: Path, ask: list[str], server: JudgeServer
) -> None:
    """Candidates → ranking → pairs → prompts of the next round."""
    seeds: dict[int, int] = {}

    def says(body: Any) -> str:
        number = seeds.setdefault(body["seed"], len(seeds))
        return ("GOOD", "plain", "POOR")[number % 3] + body["messages"][-1]["content"]

    server.says = says
    cli(*ask, "--n", "3", "--seed", "1", "--limit", "4", "-o", "c.jsonl", "--concurrency", "1")
    server.reset()
    judge = ["--judge", "pairwise", "--model", "openai/j", "--base-url", server.base_url]
    run = cli("rank", "c.jsonl", *judge, "--json").json["run"]
    assert cli("pairs", run, "-o", "pairs.jsonl").code == 0
    pairs = read_jsonl(here / "pairs.jsonl")
    assert len(pairs) == 4
    assert all(pair["chosen"][0]["content"].startswith("GOOD") for pair in pairs)
    assert all(pair["rejected"][0]["content"].startswith("POOR") for pair in pairs)
    server.says = lambda _: "next"
    words = ["generate", "pairs.jsonl", *ask[2:], "-o", "next.jsonl"]
    assert cli(*words).code == 0
    rows = read_jsonl(here / "next.jsonl")
    assert [row["prompt"] for row in rows] == [pair["prompt"] for pair in pairs]
    assert [row["cluster"] for row in rows] == [pair["cluster"] for pair in pairs]


def test_the_mock_api(cli: Cli, here: Path, mock: MockApi) -> None:
    mock.post("/config", {"p_429": 0.2, "p_500": 0.1, "retry_after": 0.01})
    words = ["generate", "p.jsonl", "--model", "openai/m", "--base-url", mock.base_url]
    found = cli(*words, "--retries", "20", "--json").json
    assert (found["answers"], found["without_answer"]) == (N, {})
    assert all(row["response"] for row in read_jsonl(here / "answers.jsonl"))
