"""What a server's answer means: broken off, filtered, an error beside a choice, unknown.

The numbers in the names are those of the cases as they were reported.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from answers import kept_replies, read_jsonl, write_answers, write_jsonl
from commands import Cli
from servers import JudgeServer

import judgekit
from judgekit.config.prices import Price
from judgekit.errors import EngineError
from judgekit.harness.limits import Admission
from judgekit.types import Call, Message, Status

STUMP = "Seven is a prime, because it has no"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_answers(tmp_path / "a.jsonl", ["Seven is prime."])
    write_answers(tmp_path / "b.jsonl", ["It is odd."])
    write_jsonl(tmp_path / "p.jsonl", [{"id": "q0", "prompt": "Is 7 prime?"}])
    return tmp_path


def completion(content: Any, reason: Any = "stop", **choice: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": content}
    whole = {"index": 0, "message": message, "finish_reason": reason} | choice
    return {"id": "x", "choices": [whole], "usage": {"prompt_tokens": 10, "completion_tokens": 5}}


def serve(server: JudgeServer, body: Any, status: int = 200) -> dict[str, Any]:
    """Lets the server answer every call with this body; returns the settings to ask it."""
    server.instead = lambda _: (status, body)
    return {"model": "openai/m", "base_url": server.base_url, "retries": 1}


def generated(asks: dict[str, Any]) -> judgekit.Answers:
    return judgekit.generate("p.jsonl", **asks)


def judged(asks: dict[str, Any]) -> tuple[set[str], str]:
    """The statuses of both trials, and the error of the first."""
    run = judgekit.compare("a.jsonl", "b.jsonl", judge="pairwise", **asks)
    rows = read_jsonl(run.folder / "judgements.jsonl")
    return {row["status"] for row in rows}, rows[0]["error"] or ""


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (completion(STUMP, "insufficient_system_resource"), "generation error"),
        (completion(STUMP, "network_error"), "generation error"),
        (completion(STUMP, None, error={"code": 502, "message": "gone"}), "http 502"),
        (completion(STUMP, "stop", error={"code": 502, "message": "gone"}), "http 502"),
        (completion(STUMP, "stop", error="gone"), "error in a reply"),
    ],
)
def test_04_a_broken_off_reply_is_asked_again_then_failed(
    here: Path, server: JudgeServer, body: Any, name: str
) -> None:
    answers = generated(serve(server, body))
    assert (answers.rows, answers.summary["without_answer"]) == ([], {"failed": 1})
    assert name in answers.why
    assert len(server.requests) == 2
    assert kept_replies(here / ".judgekit" / "replies.db") == 0


def test_04_so_it_gives_no_verdict(here: Path, server: JudgeServer) -> None:
    statuses, _ = judged(serve(server, completion("[[A]] would be", "network_error")))
    assert statuses == {"failed"}


def test_04_a_reply_cut_at_the_window_is_cut(here: Path, server: JudgeServer) -> None:
    asks = serve(server, completion(STUMP, "model_context_window_exceeded"))
    assert [row["finish"] for row in generated(asks).rows] == ["length"]
    assert judged(asks)[0] == {"truncated"}


def test_an_end_that_nobody_knows_is_failed_by_its_name(here: Path, server: JudgeServer) -> None:
    statuses, error = judged(serve(server, completion("A is clearer. [[A]]", "paused")))
    assert statuses == {"failed"}
    assert "finish_reason 'paused'" in error
    assert len(server.requests) == 2, "asking again would change nothing"


@pytest.mark.parametrize(
    "body",
    [
        completion(None, "content_filter: PROHIBITED_CONTENT"),
        completion("It was the best of", "RECITATION"),
        completion("", "sensitive"),
        {"choices": [{"index": 0, "finish_reason": "PROHIBITED_CONTENT", "message": None}]},
    ],
)
def test_05_a_filtered_reply_is_refused(here: Path, server: JudgeServer, body: Any) -> None:
    asks = serve(server, body)
    assert generated(asks).summary["without_answer"] == {"refused": 1}
    assert judged(asks)[0] == {"refused"}


def test_06_an_error_beside_a_choice_is_never_stored(here: Path, server: JudgeServer) -> None:
    error = {"code": 429, "message": "Rate limited upstream"}
    asks = serve(server, completion("", None) | {"error": error})
    for times in (1, 2):
        statuses, said = judged(asks)
        assert statuses == {"failed"}
        assert "Rate limited upstream" in said
        assert len(server.requests) == 4 * times
    assert kept_replies(here / ".judgekit" / "replies.db") == 0


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (
            422,
            {"error": "`inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000"},
        ),
        (400, [{"error": {"message": "The input token count (12) exceeds the maximum number of"}}]),
        (400, {"error": {"code": "1261", "message": "Prompt exceeds max length"}}),
        (500, {"error": {"message": "Requested tokens (5000) exceed context window of 4096"}}),
    ],
)
def test_13_too_long_a_prompt(here: Path, server: JudgeServer, status: int, error: Any) -> None:
    assert judged(serve(server, error, status))[0] == {Status.TOO_LONG.value}
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (403, {"message": "Your account has been flagged for suspicious activity"}),
        (400, {"message": "No connected db.", "type": "no_db_connection", "code": "400"}),
        (429, {"message": "You are out", "type": "insufficient_quota"}),
    ],
)
def test_16_trouble_with_the_account_ends_the_run(
    here: Path, server: JudgeServer, status: int, error: Any
) -> None:
    with pytest.raises(EngineError, match="account") as stopped:
        judged(serve(server, {"error": error}, status))
    assert "\n" not in str(stopped.value)
    assert error["message"] in str(stopped.value)


def test_16_a_403_about_content_is_that_case_s(here: Path, server: JudgeServer) -> None:
    error = {"code": "permission-denied", "error": "Content violates usage guidelines. "}
    assert judged(serve(server, error, 403))[0] == {"refused"}


def test_21_a_reasoning_part_is_thinking(here: Path, server: JudgeServer) -> None:
    parts = [
        {"type": "reasoning", "text": "Final verdict: [[B]]"},
        {"type": "text", "text": "A is clearer. [[A]]"},
    ]
    asks = serve(server, completion(parts))
    assert generated(asks).rows[0]["response"] == "A is clearer. [[A]]"
    assert judged(asks)[0] == {"valid"}


def test_21_a_part_that_nobody_knows_is_failed(here: Path, server: JudgeServer) -> None:
    statuses, error = judged(serve(server, completion([{"type": "draft", "text": "[[A]]"}])))
    assert statuses == {"failed"}
    assert "'draft'" in error


@pytest.mark.parametrize("loc", [5, ["body", 5], None, {"x": 1}])
def test_79_any_error_body_is_read(here: Path, server: JudgeServer, loc: Any) -> None:
    error = {"detail": [{"loc": loc, "msg": "Field required", "type": "missing"}]}
    statuses, said = judged(serve(server, error, 422))
    assert statuses == {"failed"}
    assert "http 422" in said
    assert "Field required" in said


def test_an_authentication_error_in_a_success_is_one(here: Path, server: JudgeServer) -> None:
    error = {"error": {"message": "Authentication failed", "type": "authentication_error"}}
    with pytest.raises(EngineError, match="wants a key"):
        judged(serve(server, error))


def test_a_recording_is_read_by_the_same_words(here: Path) -> None:
    ends = {"AB": "network_error", "BA": "paused"}
    rows = [
        {"id": "q0", "order": order, "completion": "[[A]]", "finish_reason": end}
        for order, end in ends.items()
    ]
    write_jsonl(here / "recorded.jsonl", rows)
    assert judged({"model": "replay/recorded.jsonl"})[0] == {"failed"}


COUNTS = [-35, -1, 2**53, 2**63, 2**64 - 1, 10**30, True, 1.0, float("nan"), "5", None, [5]]


@pytest.mark.parametrize("count", COUNTS)
def test_07_71_a_count_that_cannot_be_one_is_unknown(
    here: Path, server: JudgeServer, count: Any
) -> None:
    usage = {"prompt_tokens": 1151, "completion_tokens": count}
    asks = serve(server, completion("A is clearer.\n\n[[A]]") | {"usage": usage})
    run = judgekit.compare("a.jsonl", "b.jsonl", judge="pairwise", **asks)
    counts = run.metadata.counts
    assert (counts.tokens_in, counts.tokens_out, counts.without_usage) == (2302, 0, 2)


def priced(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "config.toml").write_text("[prices]\nm = {input = 1000000, output = 1000000}\n")
    monkeypatch.setenv("JUDGEKIT_CONFIG", str(here / "config.toml"))


@pytest.mark.parametrize("count", [-35, "5", 2**63])
def test_07_no_count_loosens_a_limit_of_cost(
    here: Path, server: JudgeServer, monkeypatch: pytest.MonkeyPatch, count: Any
) -> None:
    priced(here, monkeypatch)
    for name in "ab":
        write_answers(here / f"{name}.jsonl", [f"{name} {n}" for n in range(10)])
    usage = {"prompt_tokens": count, "completion_tokens": count}
    asks = serve(server, completion("[[A]]") | {"usage": usage})
    most = Admission(price=Price(1e6, 1e6)).worst(Call((Message("user", "x" * 3000),)))
    run = judgekit.compare("a.jsonl", "b.jsonl", judge="pairwise", **asks, max_cost=3 * most)
    assert 0 < len(server.requests) < 10
    assert run.metadata.counts.cost_usd is None, "no reply named its tokens"
    assert run.metadata.stop is not None
    assert "--max-cost" in run.metadata.stop.text


def test_12_what_is_refused_alike_is_asked_for_one_window(
    cli: Cli, here: Path, server: JudgeServer
) -> None:
    for name in "ab":
        write_answers(here / f"{name}.jsonl", [f"{name} {n}" for n in range(100)])
    serve(server, {"error": {"message": "Unknown parameter: 'frobnicate'."}}, 400)
    said = cli(
        "compare", "a.jsonl", "b.jsonl", "--judge", "pairwise", "--model", "openai/m",
        "--base-url", server.base_url,
    )  # fmt: skip
    assert "the first 64 calls failed alike" in said.error
    assert "Unknown parameter: 'frobnicate'" in said.error
    assert len(server.requests) == 64


def test_12_logits_of_a_server_without_log_probabilities(here: Path, server: JudgeServer) -> None:
    for name in "ab":
        write_answers(here / f"{name}.jsonl", [f"{name} {n}" for n in range(30)])
    asks = serve(server, completion("A", "length")) | {"verdict": "logits", "concurrency": 4}
    with pytest.raises(EngineError, match=r"no log-probabilities .*use --verdict text"):
        judgekit.compare("a.jsonl", "b.jsonl", judge="pairwise", **asks)
    assert len(server.requests) == 20
    assert kept_replies(here / ".judgekit" / "replies.db") == 0
