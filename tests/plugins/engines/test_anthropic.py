"""Anthropic's dialect: what is sent, what is refused before, and what an answer means."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from judgekit.plugins.engines.anthropic import address
from judgekit.plugins.engines.anthropic_dialect import CACHED_FROM, AnthropicDialect
from judgekit.plugins.engines.http_address import Address
from judgekit.plugins.engines.http_failure import ServerError

from judgekit.config.endpoints import Endpoint
from judgekit.errors import CallFailure, EngineError
from judgekit.extension.engine import EngineSetup
from judgekit.types import Call, Message, Reply, Sampling, Usage

KEY = "sk-ant-api03-0123456789"
SYSTEM, USER = Message("system", "You judge."), Message("user", "Which?")
CALL = Call((SYSTEM, USER), Sampling(0.0, 100))
LONG = Message("system", "x" * CACHED_FROM)


def at(base_url: str | None = None, *, endpoint: Endpoint | None = None) -> Address:
    return address(EngineSetup("m", base_url=base_url, endpoint=endpoint))


def read(body: Any, call: Call = CALL) -> Reply | None:
    return AnthropicDialect("m").read(body, call)


def message(*blocks: Any, reason: Any = "end_turn", **usage: int) -> dict[str, Any]:
    return {"content": list(blocks), "stop_reason": reason, "usage": usage}


def text(said: str) -> dict[str, str]:
    return {"type": "text", "text": said}


def test_anthropic_itself_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    where = at()
    assert where.url == "https://api.anthropic.com/v1/messages"
    assert where.headers["x-api-key"] == KEY
    assert where.headers["anthropic-version"] == "2023-06-01"
    assert "Authorization" not in where.headers
    assert (where.variable, where.secrets) == ("ANTHROPIC_API_KEY", (KEY,))
    assert KEY not in where.name


@pytest.mark.parametrize(
    "same",
    [
        "http://localhost/proxy",
        "http://localhost:80/proxy/",
        "http://localhost/proxy/v1",
        "http://LOCALHOST/proxy/v1/messages",
    ],
)
def test_one_name_and_url_for_one_place(same: str) -> None:
    where = at(same)
    assert where.name == "http://localhost/proxy"
    assert urlsplit(where.url).path == "/proxy/v1/messages"


def test_keys_go_only_where_they_are_meant_to(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(EngineError, match="ANTHROPIC_API_KEY is not set"):
        at()
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-another-0123456789")
    assert at("https://gateway.example").variable == "ANTHROPIC_API_KEY"
    assert at("http://127.0.0.1:8000").variable is None
    assert at(endpoint=Endpoint("lab", "https://lab.example")).variable is None
    assert at(endpoint=Endpoint("eu", "https://api.anthropic.com")).variable == "ANTHROPIC_API_KEY"
    with pytest.raises(EngineError, match="not encrypted"):
        at("http://lab.example")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://localhost:9")
    assert at().name == "http://localhost:9"


def test_the_whole_body() -> None:
    sampling = Sampling(0.5, 100, 0.9, stop=("END",), extra=(("top_k", 5),))
    call = Call((SYSTEM, Message("developer", "Be brief."), USER), sampling, prefill="Verdict: ")
    assert AnthropicDialect("m").body(call) == {
        "model": "m",
        "max_tokens": 100,
        "system": "You judge.\n\nBe brief.",
        "messages": [
            {"role": "user", "content": "Which?"},
            {"role": "assistant", "content": "Verdict:"},
        ],
        "temperature": 0.5,
        "top_p": 0.9,
        "stop_sequences": ["END"],
        "top_k": 5,
    }


def test_an_empty_answer_in_a_conversation_is_left_out() -> None:
    call = replace(CALL, messages=(USER, Message("assistant", ""), Message("user", "Again.")))
    roles = [row["role"] for row in AnthropicDialect("m").body(call)["messages"]]
    assert roles == ["user", "user"]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (Call((USER,)), "give --max-tokens"),
        (Call((USER,), Sampling(max_tokens=9, seed=1)), "takes no seed"),
        (Call((USER,), Sampling(max_tokens=9, extra=(("cache_control", {}),))), "cache_control"),
        (Call((USER,), Sampling(max_tokens=1), ("A",), generate=False), "use --verdict text"),
        (Call((USER,), Sampling(max_tokens=9), ("A", "B")), "leave out --logprobs"),
    ],
)
def test_what_the_api_lacks_is_refused_before_it_is_asked(call: Call, said: str) -> None:
    with pytest.raises(EngineError, match=said):
        AnthropicDialect("m").body(call)


@pytest.mark.parametrize(
    "odd",
    [
        Message("tool", "42"),
        Message("assistant", "", '[{"id": "1"}]'),
        Message("user", "Hi", extra='{"name": "Ann"}'),
    ],
)
def test_a_message_that_is_more_than_a_text_is_refused(odd: Message) -> None:
    with pytest.raises(CallFailure, match="openai/"):
        AnthropicDialect("m").body(replace(CALL, messages=(USER, odd)))


def test_long_instructions_that_come_again_are_marked_for_the_cache() -> None:
    dialect = AnthropicDialect("m")
    asked = [
        (SYSTEM, False),
        (SYSTEM, False),  # too short for any cache
        (LONG, False),
        (LONG, True),
        (LONG, True),
        (Message("system", "y" * CACHED_FROM), False),
        (LONG, False),
    ]
    for system, marked in asked:
        body = dialect.body(replace(CALL, messages=(system, USER)))
        block = {"type": "text", "text": system.content, "cache_control": {"type": "ephemeral"}}
        assert body["system"] == ([block] if marked else system.content)
    refused = ServerError("system.0.cache_control: Extra inputs are not permitted")
    call = replace(CALL, messages=(LONG, USER))
    sent = {"system": [block]}
    assert dialect.handle_refusal(refused, call, sent)
    assert dialect.settled == {"cache_control": "left out"}
    assert [dialect.body(call)["system"] for _ in range(2)] == [LONG.content] * 2


def test_nothing_is_marked_where_only_the_price_of_writing_is_not_known() -> None:
    dialect, call = AnthropicDialect("m", caches=False), replace(CALL, messages=(LONG, USER))
    assert [dialect.body(call)["system"] for _ in range(2)] == [LONG.content] * 2


def test_a_mark_changes_no_call() -> None:
    call = replace(CALL, messages=(LONG, USER))
    before, dialect = call.digest, AnthropicDialect("m")
    assert dialect.body(call) != dialect.body(call)
    assert replace(call).digest == before


@pytest.mark.parametrize(
    ("said", "gone"),
    [
        ("`temperature` is deprecated for this model.", "temperature"),
        ("`top_p` is not supported on this model", "top_p"),
        ("`temperature` and `top_p` cannot both be specified for this model.", "temperature"),
        ("temperature: Extra inputs are not permitted", "temperature"),
    ],
)
def test_refused_parameters_are_left_out(said: str, gone: str) -> None:
    dialect, call = AnthropicDialect("m"), replace(CALL, sampling=Sampling(0.0, 9, 0.5))
    assert dialect.handle_refusal(ServerError(said), call, dialect.body(call))
    assert dialect.settled == {gone: "left out"}
    assert gone not in dialect.body(call)
    if "both" not in said:
        assert not dialect.handle_refusal(ServerError(said), call, dialect.body(call))


@pytest.mark.parametrize(
    "said",
    ["max_tokens: 99999 > 64000, which is the maximum allowed number", "messages: at least one"],
)
def test_other_refusals_are_the_calls_own(said: str) -> None:
    dialect = AnthropicDialect("m")
    assert not dialect.handle_refusal(ServerError(said), CALL, dialect.body(CALL))
    assert dialect.settled == {}


def test_a_model_that_continues_no_answer_ends_the_run() -> None:
    said = "This model does not support assistant message prefill. The conversation must end with…"
    dialect, call = AnthropicDialect("new"), replace(CALL, prefill="Verdict:")
    with pytest.raises(EngineError, match="without prefill"):
        dialect.handle_refusal(ServerError(said), call, dialect.body(call))


def test_thinking_is_kept_apart() -> None:
    blocks = (
        {"type": "thinking", "thinking": "[[B]]?", "signature": "x"},
        {"type": "redacted_thinking", "data": "y"},
        text("Well. "),
        text("[[A]]"),
    )
    reply = read(message(*blocks, input_tokens=5, output_tokens=9))
    assert reply == Reply("Well. [[A]]", "stop", "[[B]]?", 5, 9)


def test_an_answer_that_was_begun_is_read_as_one() -> None:
    begun = replace(CALL, prefill="Verdict: ")
    reply = read(message(text(" [[A]]")), begun)
    assert reply is not None
    assert reply.text == "Verdict: [[A]]"


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("refusal", "refusal"),
    ],
)
def test_stop_reasons(reason: str, finish: str) -> None:
    reply = read(message(text("[[A]]"), reason=reason))
    assert reply is not None
    assert reply.finish == finish


@pytest.mark.parametrize(
    ("blocks", "reason", "name"),
    [
        ([{"type": "tool_use", "name": "f"}], "tool_use", "tool call"),
        ([{"type": "tool_use", "name": "f"}], "end_turn", "tool call"),
        ([text("half")], "pause_turn", "unknown stop_reason 'pause_turn'"),
        ([text("[[A]]")], "sudden", "unknown stop_reason 'sudden'"),
        ([text("[[A]]")], 7, "unknown stop_reason '7'"),
        ([{"type": "hologram"}], "end_turn", "unknown content part"),
        ([], None, "generation error"),
    ],
)
def test_what_is_no_answer_is_a_failure(blocks: list[Any], reason: Any, name: str) -> None:
    with pytest.raises(CallFailure) as failed:
        read(message(*blocks, reason=reason))
    assert failed.value.name == name


@pytest.mark.parametrize(
    "body", [None, [], "x", {}, {"content": None}, {"content": "x", "stop_reason": "end_turn"}]
)
def test_bodies_without_a_reply(body: Any) -> None:
    assert read(body) is None
    assert AnthropicDialect("m").usage(body) == Usage()


def test_a_refusal_without_content() -> None:
    assert read({"content": None, "stop_reason": "refusal"}) == Reply("", "refusal")


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({"input_tokens": 5, "output_tokens": 3}, Usage(5, 3)),
        (
            {
                "input_tokens": 5,
                "output_tokens": 3,
                "cache_read_input_tokens": 100,
                "cache_creation_input_tokens": 20,
            },
            Usage(125, 3, 100, 20),
        ),
        (
            {"input_tokens": 5, "output_tokens": 3, "cache_read_input_tokens": None},
            Usage(5, 3, None),
        ),
        ({"input_tokens": -5, "output_tokens": 3, "cache_read_input_tokens": 9}, Usage(None, 3)),
        ({"input_tokens": "5", "output_tokens": 3.5}, Usage()),
    ],
)
def test_tokens(counts: dict[str, Any], expected: Usage) -> None:
    assert AnthropicDialect("m").usage({"usage": counts}) == expected
