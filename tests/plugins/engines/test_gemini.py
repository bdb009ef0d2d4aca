"""Gemini's dialect: what is sent, what is refused before, and what an answer means."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from judgekit.plugins.engines.gemini import address, engine
from judgekit.plugins.engines.gemini_dialect import GeminiDialect
from judgekit.plugins.engines.http_address import Address
from judgekit.plugins.engines.http_failure import ServerError

from judgekit.config.endpoints import Endpoint
from judgekit.errors import CallFailure, EngineError
from judgekit.extension.engine import EngineSetup
from judgekit.types import Call, Message, Reply, Sampling, Usage

KEY = "AIzaSyA1234567890abcdefghijklmnopqrstu"
SYSTEM, USER = Message("system", "You judge."), Message("user", "Which?")
CALL = Call((SYSTEM, USER), Sampling(0.0, 100))
ALONE = Call((USER,), Sampling(max_tokens=1), ("A", "B"), "[[", generate=False)


def at(
    base_url: str | None = None, *, endpoint: Endpoint | None = None, model: str = "m"
) -> Address:
    return address(EngineSetup(model, base_url=base_url, endpoint=endpoint))


def response(*parts: Any, reason: Any = "STOP", **candidate: Any) -> dict[str, Any]:
    content = {"role": "model", "parts": list(parts)}
    return {"candidates": [{"content": content, "finishReason": reason, **candidate}]}


def read(body: Any, call: Call = CALL) -> Reply | None:
    return GeminiDialect("m").read(body, call)


def test_google_itself_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_API_KEY", KEY)
    where = at(model="gemini-2.5-flash")
    name = "https://generativelanguage.googleapis.com/v1beta"
    assert where.name == name
    assert where.url == f"{name}/models/gemini-2.5-flash:generateContent"
    assert where.headers["x-goog-api-key"] == KEY
    assert (where.variable, where.secrets) == ("GOOGLE_API_KEY", (KEY,))
    assert KEY not in where.url
    monkeypatch.setenv("GEMINI_API_KEY", "AIza-another-0123456789")
    assert at().variable == "GEMINI_API_KEY"


@pytest.mark.parametrize(
    ("given", "model", "url"),
    [
        ("http://localhost", "m", "http://localhost/v1beta/models/m:generateContent"),
        ("http://localhost/v1/", "m", "http://localhost/v1/models/m:generateContent"),
        (
            "http://localhost/v1/models/m:generateContent",
            "m",
            "http://localhost/v1/models/m:generateContent",
        ),
        ("http://localhost/v1", "models/m", "http://localhost/v1/models/m:generateContent"),
        (
            "http://localhost/v1",
            "tunedModels/t",
            "http://localhost/v1/tunedModels/t:generateContent",
        ),
        ("http://localhost/v1?a=b", "m", "http://localhost/v1/models/m:generateContent?a=b"),
        (
            "http://localhost/v1",
            "m?key=x",
            "http://localhost/v1/models/m%3Fkey%3Dx:generateContent",
        ),
    ],
)
def test_urls(given: str, model: str, url: str) -> None:
    assert at(given, model=model).url == url


def test_one_fingerprint_for_one_model() -> None:
    setups = [EngineSetup(model, base_url="http://localhost/v1") for model in ("m", "models/m")]
    assert {engine(setup).fingerprint for setup in setups} == {"gemini http://localhost/v1 m"}


def test_keys_go_only_where_they_are_meant_to(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(EngineError, match="GEMINI_API_KEY is not set"):
        at()
    monkeypatch.setenv("GEMINI_API_KEY", KEY)
    assert at("http://127.0.0.1:8000").variable is None
    assert at(endpoint=Endpoint("lab", "https://lab.example")).variable is None
    google = Endpoint("v1", "https://generativelanguage.googleapis.com/v1")
    assert at(endpoint=google).variable == "GEMINI_API_KEY"
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", "http://localhost:9/v1")
    assert at().name == "http://localhost:9/v1"


def test_the_whole_body() -> None:
    extra = (
        ("generationConfig", {"thinkingConfig": {"thinkingBudget": 0}}),
        ("safetySettings", []),
    )
    call = Call((SYSTEM, USER), Sampling(0.5, 100, 0.9, 7, ("END",), extra), prefill="Verdict:")
    assert GeminiDialect("m").body(call) == {
        "systemInstruction": {"parts": [{"text": "You judge."}]},
        "contents": [
            {"role": "user", "parts": [{"text": "Which?"}]},
            {"role": "model", "parts": [{"text": "Verdict:"}]},
        ],
        "generationConfig": {
            "temperature": 0.5,
            "topP": 0.9,
            "maxOutputTokens": 100,
            "seed": 7,
            "stopSequences": ["END"],
            "thinkingConfig": {"thinkingBudget": 0},
        },
        "safetySettings": [],
    }


def test_what_is_not_set_is_not_sent() -> None:
    assert GeminiDialect("m").body(Call((USER,))) == {
        "contents": [{"role": "user", "parts": [{"text": "Which?"}]}]
    }


@pytest.mark.parametrize("config", [{"maxOutputTokens": 9}, "all"])
def test_a_limit_beside_max_tokens_is_refused(config: Any) -> None:
    call = Call((USER,), Sampling(extra=(("generationConfig", config),)))
    with pytest.raises(EngineError, match="generationConfig"):
        GeminiDialect("m").body(call)


@pytest.mark.parametrize(
    ("said", "settled"),
    [
        ("Unknown name \"seed\" at 'generation_config': Cannot find field.", {"seed": "left out"}),
        ("top_p is not supported by this model", {"topP": "left out"}),
        (
            "Developer instruction is not enabled for models/gemma",
            {"system": "in the user message"},
        ),
        (
            "Logprobs is not enabled for models/m",
            {"responseLogprobs": "left out", "logprobs": "left out"},
        ),
    ],
)
def test_refused_parameters(said: str, settled: dict[str, str]) -> None:
    call = Call((SYSTEM, USER), Sampling(0.0, 9, 0.5, 3), labels=("A", "B"))
    dialect = GeminiDialect("m")
    assert dialect.handle_refusal(ServerError(said), call, dialect.body(call))
    assert dialect.settled == settled
    body = dialect.body(call)
    assert not dialect.handle_refusal(ServerError(said), call, body), "once, and not for ever"
    assert not settled.keys() & body["generationConfig"].keys()
    if "system" in settled:
        assert "systemInstruction" not in body
        assert body["contents"][0]["parts"] == [{"text": "You judge.\n\nWhich?"}]


def test_other_refusals_are_the_calls_own() -> None:
    dialect, said = GeminiDialect("m"), ServerError("Please use a valid role: user, model.")
    assert not dialect.handle_refusal(said, CALL, dialect.body(CALL))


def test_labels_alone() -> None:
    config = GeminiDialect("m").body(ALONE)["generationConfig"]
    assert config == {"maxOutputTokens": 1, "responseLogprobs": True, "logprobs": 20}
    top = [{"token": "B", "logProbability": -0.2}, {"token": " A", "logProbability": -2.0}]
    chosen = [{"token": "Well", "logProbability": -9.0}]
    logprobs = {"chosenCandidates": chosen, "topCandidates": [{"candidates": top}]}
    body = response({"text": "Well"}, reason="MAX_TOKENS", logprobsResult=logprobs)
    assert read(body, ALONE) == Reply("", label_logprobs={"B": -0.2, "A": -2.0})
    with pytest.raises(CallFailure, match="--verdict text"):
        read(response({"text": "Well"}), ALONE)
    dialect = GeminiDialect("m")
    with pytest.raises(EngineError, match="--verdict text"):
        dialect.handle_refusal(
            ServerError("Logprobs is not enabled for models/m"), ALONE, dialect.body(ALONE)
        )


def test_thinking_is_kept_apart_and_billed() -> None:
    parts = (
        {"text": "[[B]]?", "thought": True},
        {"text": "Well. "},
        {"text": "[[A]]", "thoughtSignature": "x"},
        {"thoughtSignature": "y"},
    )
    counts = {"promptTokenCount": 9, "candidatesTokenCount": 4, "thoughtsTokenCount": 100}
    reply = read({**response(*parts), "usageMetadata": counts})
    assert reply == Reply("Well. [[A]]", "stop", "[[B]]?", 9, 104)


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("STOP", "stop"),
        ("MAX_TOKENS", "length"),
        *((name, "content_filter") for name in ("SAFETY", "RECITATION", "BLOCKLIST", "SPII")),
        ("PROHIBITED_CONTENT", "content_filter"),
        ("IMAGE_SAFETY", "content_filter"),
    ],
)
def test_finish_reasons(reason: str, finish: str) -> None:
    expected = Reply("[[A]]", finish)
    assert read(response({"text": "[[A]]"}, reason=reason)) == expected
    without = {"candidates": [{"finishReason": reason}]}
    assert read(without) == (None if finish == "stop" else Reply("", finish))


@pytest.mark.parametrize(
    ("parts", "reason", "name"),
    [
        ([{"text": "x"}], "OTHER", "unknown finishReason 'OTHER'"),
        ([{"text": "x"}], "FINISH_REASON_UNSPECIFIED", "unknown finishReason"),
        ([{"text": "x"}], "NO_IMAGE", "unknown finishReason 'NO_IMAGE'"),
        ([], "MALFORMED_FUNCTION_CALL", "tool call"),
        ([{"functionCall": {"name": "f"}}], "STOP", "tool call"),
        ([{"inlineData": {"data": ""}}], "STOP", "unknown content part"),
        ([], None, "generation error"),
    ],
)
def test_what_is_no_answer_is_a_failure(parts: list[Any], reason: Any, name: str) -> None:
    with pytest.raises(CallFailure) as failed:
        read(response(*parts, reason=reason))
    assert failed.value.name.startswith(name)


@pytest.mark.parametrize("reason", ["SAFETY", "OTHER", "PROHIBITED_CONTENT"])
def test_a_blocked_prompt_is_an_error_about_its_content(reason: str) -> None:
    body = {"promptFeedback": {"blockReason": reason}, "usageMetadata": {"promptTokenCount": 8}}
    assert GeminiDialect("m").error_in(body) == {"error": f"blockReason: {reason}"}
    assert GeminiDialect("m").usage(body) == Usage(8, 0)


@pytest.mark.parametrize("body", [None, [], "x", {}, {"candidates": []}, {"candidates": [7]}])
def test_bodies_without_a_reply(body: Any) -> None:
    assert read(body) is None
    assert GeminiDialect("m").usage(body) == Usage()


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({"promptTokenCount": 5, "candidatesTokenCount": 3}, Usage(5, 3)),
        (
            {
                "promptTokenCount": 50,
                "candidatesTokenCount": 3,
                "thoughtsTokenCount": 4,
                "cachedContentTokenCount": 40,
                "toolUsePromptTokenCount": 2,
            },
            Usage(52, 7, 40),
        ),
        ({"promptTokenCount": 5, "thoughtsTokenCount": 4}, Usage(5, 4)),  # all went into thinking
        ({"promptTokenCount": 5, "cachedContentTokenCount": 9}, Usage(5, 0)),
        ({"promptTokenCount": -5, "candidatesTokenCount": 3}, Usage(None, 3)),
        ({}, Usage()),
    ],
)
def test_tokens(counts: dict[str, Any], expected: Usage) -> None:
    assert GeminiDialect("m").usage({"usageMetadata": counts}) == expected


def test_conversations() -> None:
    messages = (USER, Message("assistant", "A"), Message("user", "Sure?"))
    contents = GeminiDialect("m").body(replace(CALL, messages=messages))["contents"]
    assert [turn["role"] for turn in contents] == ["user", "model", "user"]
