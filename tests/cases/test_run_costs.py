"""What a run cost is what it cost over all its starts, and its limits hold for all of them."""

from __future__ import annotations

import signal
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from answers import kept_replies, stable_files, write_answers, write_jsonl
from commands import Cli, Start
from servers import Body, JudgeServer

CASES = 20
CALLS = 2 * CASES
PRICE = (100 * 1.0 + 10 * 10.0) / 1e6  # of the server's 100 and 10 tokens
PRICES = "[prices]\nm = { input = 1.0, output = 10.0 }\n"


@pytest.fixture(autouse=True)
def _files(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_answers(here / "a.jsonl", [f"GOOD {n}" if n % 3 else f"plain {n}" for n in range(CASES)])
    write_answers(here / "b.jsonl", [f"POOR {n}" for n in range(CASES)])
    (here / "user.toml").write_text(PRICES)
    monkeypatch.setenv("JUDGEKIT_CONFIG", str(here / "user.toml"))


@pytest.fixture
def words(server: JudgeServer) -> list[str]:
    flags = ["--judge", "pairwise", "--model", "openai/m", "--base-url", server.base_url]
    return ["compare", "a.jsonl", "b.jsonl", *flags, "--concurrency", "4", "--json"]


def counts(found: Any, *names: str) -> tuple[Any, ...]:
    return tuple(found[name] for name in names)


def test_killed_at_half_resumed_and_repeated(
    start: Start, cli: Cli, words: list[str], server: JudgeServer, here: Path
) -> None:
    server.hold_after(CASES)
    process = start(*words)
    server.wait_for(CASES + 4)
    process.send_signal(signal.SIGKILL)
    process.wait()
    server.go_on()
    kept = kept_replies(here / ".judgekit/replies.db")
    resumed = cli(*words).json
    # Requests in flight at the kill had no reply: the server counts them, and nobody else can.
    assert counts(resumed, "calls", "calls_now", "reused") == (CALLS, CALLS - kept, 0)
    assert resumed["cost_usd"] == pytest.approx(CALLS * PRICE)
    asked = len(server.requests)
    for _ in range(2):
        again = cli(*words).json
        assert counts(again, "calls", "calls_now", "reused") == (CALLS, 0, 0)
        assert counts(again, "cost_usd", "tokens_in") == (resumed["cost_usd"], 100 * CALLS)
    assert len(server.requests) == asked
    [listed] = cli("runs", "list", "--json").json["runs"]
    assert counts(listed, "calls", "cost_usd") == (CALLS, resumed["cost_usd"])
    shown = cli(*words[:-1]).out
    assert f"{CALLS} calls (0 this time), 0 reused from the reply store" in shown
    assert f"${CALLS * PRICE:.4f}" in shown


def test_replies_that_another_run_has_paid_for_are_reused(cli: Cli, words: list[str]) -> None:
    first = cli(*words).json
    other = cli(*words, "--inconsistent", "drop").json
    assert first["run"] != other["run"]
    assert counts(other, "calls", "reused", "cost_usd", "tokens_in") == (0, CALLS, 0, 0)
    assert counts(cli(*words).json, "calls", "reused") == (CALLS, 0)


@pytest.mark.parametrize("limit", [("--max-cost", "0.005"), ("--max-calls", "15")])
def test_a_limit_holds_over_all_starts(
    cli: Cli, words: list[str], server: JudgeServer, limit: tuple[str, str], here: Path
) -> None:
    words += ["--max-tokens", "20", "--concurrency", "1"]
    first = cli(*words, *limit).json
    asked = len(server.requests)
    files = stable_files(here / first["run"])
    assert 0 < first["cases"] < CASES
    for _ in range(3):
        again = cli(*words, *limit).json
        assert counts(again, "calls", "calls_now") == (asked, 0)
        assert stable_files(here / again["run"]) == files
    more = cli(*words, "--max-calls", str(asked + 4)).json
    assert more["calls"] == len(server.requests) <= asked + 4
    assert more["cases"] > first["cases"]


def test_a_limit_holds_while_runs_are_killed(
    start: Start, cli: Cli, words: list[str], server: JudgeServer
) -> None:
    words += ["--max-calls", "16"]
    for requests in (5, 10):
        server.hold_after(requests)
        process = start(*words)
        server.wait_for(requests + 1)
        process.send_signal(signal.SIGKILL)
        process.wait()
        server.go_on()
    found = cli(*words).json
    assert found["calls"] == 16
    assert len(server.requests) <= 16 + 2 * 4  # those in flight at each kill
    assert found["cases"] == 8


def test_failed_calls_that_were_billed_count(
    cli: Cli, words: list[str], server: JudgeServer, here: Path
) -> None:
    failing = {"n": 0}
    answer = server.answer

    def sometimes(body: Body, authorization: str) -> tuple[int, Body]:
        status, said = answer(body, authorization)
        failing["n"] += 1
        if failing["n"] % 4 == 0:
            said["choices"] = []
        return status, said

    server.answer = sometimes  # type: ignore[method-assign]
    try:
        found = cli(*words, "--retries", "0", "--concurrency", "1").json
        assert counts(found, "calls", "cost_usd") == (CALLS, pytest.approx(CALLS * PRICE))
        assert found["statuses"]["failed"] == CALLS // 4
        repeated = cli(*words, "--retries", "5", "--concurrency", "1").json
    finally:
        del server.answer  # type: ignore[method-assign]
    billed = len(server.requests)
    assert repeated["calls"] == CALLS + CALLS // 4
    assert repeated["cost_usd"] == pytest.approx(billed * PRICE)
    assert repeated["statuses"]["failed"] == 0
    with sqlite3.connect(here / ".judgekit/replies.db") as connection:
        [ended] = (connection.execute("SELECT sum(ended = 'retried') FROM bookings").fetchone(),)
    connection.close()
    assert ended[0] == billed - repeated["calls"]


def test_a_run_at_its_limit_does_not_shrink_when_it_is_repeated(
    cli: Cli, words: list[str], server: JudgeServer
) -> None:
    server.finish = lambda body: "error" if "Question 1?" in str(body) else "stop"
    words += ["--max-calls", "20", "--retries", "0"]
    first = cli(*words).json
    again = cli(*words).json
    assert first["statuses"]["failed"] == again["statuses"]["failed"] == 2
    assert first["cases"] == again["cases"] == 10
    assert counts(again, "calls", "calls_now") == (20, 0)


def test_a_jury_and_its_judge_alone_pay_each_once(
    cli: Cli, words: list[str], server: JudgeServer
) -> None:
    alone = cli(*words).json
    jury = [*words, "--judge", "pairwise@openai/m,pairwise@openai/n"]
    del jury[jury.index("--model") : jury.index("--model") + 2]
    both = cli(*jury).json
    assert counts(both, "calls", "calls_now", "reused") == (CALLS, CALLS, CALLS)
    again = cli(*jury).json
    assert counts(again, "calls", "calls_now", "reused") == (CALLS, 0, CALLS)
    assert counts(cli(*words).json, "calls", "cost_usd") == counts(alone, "calls", "cost_usd")
    assert len(server.requests) == 2 * CALLS


def test_generated_answers_cost_what_they_cost(cli: Cli, server: JudgeServer, here: Path) -> None:
    words = ["generate", "a.jsonl", "--model", "openai/m", "--base-url", server.base_url]
    words += ["--out", "c.jsonl", "--json"]
    first = cli(*words, "--max-calls", "7").json
    assert counts(first, "calls", "calls_now", "reused") == (7, 7, 0)
    rest = cli(*words, "--force").json
    assert counts(rest, "calls", "calls_now", "reused") == (CASES, CASES - 7, 0)
    assert rest["cost_usd"] == pytest.approx(CASES * PRICE)
    more = cli(*words, "--force", "--n", "2").json
    assert counts(more, "calls", "reused") == (CASES, CASES)


def test_every_command_says_that_the_cost_is_a_lower_limit(
    cli: Cli, server: JudgeServer, here: Path
) -> None:
    def without_usage(body: Body) -> tuple[int, Any] | None:
        if "plain 3." not in str(body["messages"]):
            return None
        choice = {"message": {"role": "assistant", "content": "[[A]]"}, "finish_reason": "stop"}
        return 200, {"object": "chat.completion", "choices": [choice]}

    server.instead = without_usage
    texts = [f"plain {n}." for n in range(CASES)]
    write_answers(here / "a.jsonl", texts)
    pairs = [
        {"id": f"q{n}", "prompt": f"Q {n}?", "response_a": text, "response_b": "x", "label": "A"}
        for n, text in enumerate(texts)
    ]
    write_jsonl(here / "pairs.jsonl", pairs)
    write_jsonl(
        here / "prompts.jsonl", [{"id": "1", "prompt": "plain 3."}, {"id": "2", "prompt": "two"}]
    )
    model = ("--model", "openai/m", "--base-url", server.base_url)
    judge = ("--judge", "pairwise", *model)
    shown = {
        "compare": cli("compare", "a.jsonl", "b.jsonl", *judge),
        "bench": cli("bench", "pairs.jsonl", *judge),
        "audit": cli(
            "audit", "a.jsonl", "b.jsonl", *judge, "--repeats", "2", "--probes", "position"
        ),
        "generate": cli("generate", "prompts.jsonl", *model, "--out", "answers.jsonl"),
        "runs": cli("runs", "list"),
    }
    for command, said in shown.items():
        printed = said.out + said.err
        assert "at least $0." in printed, (command, printed)
        if command != "runs":
            assert " without token counts" in printed, (command, printed)


CACHED, PROVIDERS = 60, ("openai", "anthropic", "gemini")
UNCACHED = ((100 - CACHED) * 1.0 + 10 * 10.0) / 1e6


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    ("prices", "cost", "bound"),
    [
        ("", PRICE, "at most "),
        (", cached = 0.1", UNCACHED + CACHED * 0.1 / 1e6, ""),
        (", cached = 0", UNCACHED, ""),
    ],
)
def test_tokens_from_a_cache_cost_what_they_cost(
    cli: Cli,
    words: list[str],
    server: JudgeServer,
    here: Path,
    provider: str,
    prices: str,
    cost: float,
    bound: str,
) -> None:
    words[words.index("openai/m")] = f"{provider}/m"
    (here / "user.toml").write_text(f"[prices]\nm = {{ input = 1.0, output = 10.0{prices} }}\n")
    server.cached = CACHED
    found = cli(*words).json
    assert counts(found, "tokens_in", "tokens_cached") == (100 * CALLS, CACHED * CALLS)
    assert found["cost_usd"] == pytest.approx(CALLS * cost)
    shown = cli(*words[:-1]).out
    assert f"{100 * CALLS} ({CACHED * CALLS} cached) + {10 * CALLS} tokens" in shown
    assert f" · {bound}${CALLS * cost:.4f}" in shown
    assert len(server.requests) == CALLS


def test_tokens_written_to_a_cache_cost_more(
    cli: Cli, words: list[str], server: JudgeServer, here: Path
) -> None:
    words[words.index("openai/m")] = "anthropic/m"
    price = "m = { input = 1.0, output = 10.0, cached = 0.1, cache_write = 1.25 }"
    (here / "user.toml").write_text(f"[prices]\n{price}\n")
    server.cached, server.written = 40, 20
    cost = (40 * 1.0 + 40 * 0.1 + 20 * 1.25 + 10 * 10.0) / 1e6
    assert cli(*words).json["cost_usd"] == pytest.approx(CALLS * cost)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_limit_in_dollars_is_never_passed_whatever_a_cache_costs(
    cli: Cli, words: list[str], server: JudgeServer, here: Path, provider: str
) -> None:
    words[words.index("openai/m")] = f"{provider}/m"
    price = "m = { input = 1.0, output = 10.0, cached = 0.1, cache_write = 1.25 }"
    (here / "user.toml").write_text(f"[prices]\n{price}\n")
    server.written = 100
    found = cli(*words, "--max-tokens", "20", "--max-cost", "0.006").json
    assert 0 < found["calls"] < CALLS
    assert found["cost_usd"] <= 0.006


def test_tokens_of_calls_without_a_price_are_priced_once_it_is_known(
    cli: Cli, words: list[str], server: JudgeServer, here: Path
) -> None:
    (here / "user.toml").write_text("")
    server.cached = CACHED
    assert cli(*words).json["cost_usd"] is None
    price = "m = { input = 1.0, output = 10.0, cached = 0.1 }"
    (here / "user.toml").write_text(f"[prices]\n{price}\n")
    again = cli(*words).json
    assert again["calls_now"] == 0
    assert again["cost_usd"] == pytest.approx(CALLS * (UNCACHED + CACHED * 0.1 / 1e6))
