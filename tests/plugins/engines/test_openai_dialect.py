"""Bodies as each server takes them, and refusals settled for good."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from judgekit.plugins.engines.http_failure import ServerError
from judgekit.plugins.engines.http_json import dumps
from judgekit.plugins.engines.openai_dialect import OpenAIDialect

from judgekit.errors import EngineError
from judgekit.types import Call, Message, Sampling

FULL = Call(
    (Message("system", "You judge."), Message("user", "Which?")),
    Sampling(0.0, 100, 0.9, 7, ("END",), (("n", 1),)),
    labels=("A", "B"),
    prefill="Verdict:",
)


def test_the_whole_body() -> None:
    assert OpenAIDialect("m").body(FULL) == {
        "model": "m",
        "messages": [
            {"role": "system", "content": "You judge."},
            {"role": "user", "content": "Which?"},
            {"role": "assistant", "content": "Verdict:"},
        ],
        "temperature": 0.0,
        "max_tokens": 100,
        "top_p": 0.9,
        "seed": 7,
        "stop": ["END"],
        "logprobs": True,
        "top_logprobs": 5,
        "n": 1,
    }


def test_what_is_not_set_is_not_sent() -> None:
    assert OpenAIDialect("m").body(Call((Message("user", "q"),))) == {
        "model": "m",
        "messages": [{"role": "user", "content": "q"}],
    }


@pytest.mark.parametrize(
    ("model", "cap"),
    [
        ("gpt-4o-mini", "max_tokens"),
        ("o3-mini", "max_completion_tokens"),
        ("gpt-5.1", "max_completion_tokens"),
        ("openai/o4-mini", "max_completion_tokens"),
        ("olmo-2", "max_tokens"),
    ],
)
def test_the_caps_name(model: str, cap: str) -> None:
    body = OpenAIDialect(model).body(Call((Message("user", "q"),), Sampling(max_tokens=5)))
    assert {k: v for k, v in body.items() if v == 5} == {cap: 5}


def test_the_users_own_arguments_override() -> None:
    extra = (("max_completion_tokens", 9), ("temperature", 1), ("reasoning_effort", "low"))
    call = Call((Message("user", "q"),), Sampling(0.0, 5, extra=extra))
    body = OpenAIDialect("m").body(call)
    assert "max_tokens" not in body
    assert {name: body[name] for name, _ in extra} == dict(extra)


def test_tool_calls_are_sent_as_they_were() -> None:
    calls = [{"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]
    call = Call((Message("assistant", "", json.dumps(calls)),))
    assert OpenAIDialect("m").body(call)["messages"][0]["tool_calls"] == calls


LABELS = Call(
    (Message("user", "Which?"),), Sampling(max_tokens=1), ("A", "B"), "[[", generate=False
)


def test_labels_alone() -> None:
    assert OpenAIDialect("m").body(LABELS) == {
        "model": "m",
        "messages": [
            {"role": "user", "content": "Which?"},
            {"role": "assistant", "content": "[["},
        ],
        "max_tokens": 1,
        "logprobs": True,
        "top_logprobs": 20,
        "continue_final_message": True,
        "add_generation_prompt": False,
    }
    assert "continue_final_message" not in OpenAIDialect("m").body(replace(LABELS, prefill=""))


def test_labels_that_begin_alike() -> None:
    with pytest.raises(EngineError, match="'1' and '10' begin alike"):
        OpenAIDialect("m").body(replace(LABELS, labels=("1", "2", "10")))


def test_a_server_that_begins_anew_after_a_prefill() -> None:
    dialect = OpenAIDialect("m")
    before = dialect.body(LABELS)
    said = error("Unrecognized request arguments: continue_final_message, add_generation_prompt")
    assert dialect.handle_refusal(said, LABELS, before)
    gone = {"continue_final_message", "add_generation_prompt"}
    assert dialect.body(LABELS) == {k: v for k, v in before.items() if k not in gone}


def test_labels_alone_of_a_server_without_log_probabilities() -> None:
    dialect = OpenAIDialect("m")
    said = error("'logprobs' is not supported with this model.", "logprobs")
    with pytest.raises(EngineError, match=r"no log-probabilities for 'm'.*--verdict text"):
        dialect.handle_refusal(said, LABELS, dialect.body(LABELS))
    assert dialect.settled == {}


def error(message: str, param: str | None = None, code: str | None = None) -> ServerError:
    return ServerError.read(
        json.dumps({"error": {"message": message, "param": param, "code": code}}).encode()
    )


@pytest.mark.parametrize(
    ("said", "settled", "gone", "new"),
    [
        (
            error(
                "Unsupported parameter: 'max_tokens' is not supported with this model. "
                "Use 'max_completion_tokens' instead.",
                "max_tokens",
                "unsupported_parameter",
            ),
            {"max_tokens": "max_completion_tokens"},
            {"max_tokens"},
            {"max_completion_tokens": 100},
        ),
        (
            error("`max_tokens` is not supported, use `max_completion_tokens`"),
            {"max_tokens": "max_completion_tokens"},
            {"max_tokens"},
            {"max_completion_tokens": 100},
        ),
        (
            error(
                "Unsupported value: 'temperature' does not support 0 with this model. "
                "Only the default (1) value is supported.",
                "temperature",
                "unsupported_value",
            ),
            {"temperature": "left out"},
            {"temperature"},
            {},
        ),
        (
            error("You are not allowed to request logprobs from this model."),
            {"logprobs": "left out", "top_logprobs": "left out"},
            {"logprobs", "top_logprobs"},
            {},
        ),
        (error("Unrecognized request argument supplied: seed"), {"seed": "left out"}, {"seed"}, {}),
        (error("property 'stop' is unsupported"), {"stop": "left out"}, {"stop"}, {}),
        (
            ServerError.read(
                b'{"detail": [{"type": "extra_forbidden", "loc": ["body", "top_p"],'
                b' "msg": "Extra inputs are not permitted"}]}'
            ),
            {"top_p": "left out"},
            {"top_p"},
            {},
        ),
    ],
)
def test_refused_parameters_are_settled(
    said: ServerError, settled: dict[str, str], gone: set[str], new: dict[str, Any]
) -> None:
    dialect = OpenAIDialect("m")
    before = dialect.body(FULL)
    assert dialect.handle_refusal(said, FULL, before)
    assert dialect.settled == settled
    after = dialect.body(FULL)
    assert {k: v for k, v in before.items() if k not in gone} | new == after
    assert dialect.handle_refusal(said, FULL, before)  # another call, refused at the same time
    assert dialect.body(FULL) == after


def test_both_caps_refused() -> None:
    dialect = OpenAIDialect("o3")
    for cap in ("max_completion_tokens", "max_tokens"):
        assert dialect.handle_refusal(error(f"unknown field {cap}"), FULL, dialect.body(FULL))
    assert dialect.settled == {"max_completion_tokens": "max_tokens", "max_tokens": "left out"}
    assert not {"max_tokens", "max_completion_tokens"} & set(dialect.body(FULL))


@pytest.mark.parametrize(
    "message",
    [
        "System role not supported",
        "Unsupported value: 'messages[0].role' does not support 'system' with this model.",
        "Developer instruction is not enabled for models/gemma-3",
    ],
)
def test_a_refused_system_message_goes_into_the_users(message: str) -> None:
    dialect = OpenAIDialect("m")
    said = error(message, "messages[0].role")
    assert dialect.handle_refusal(said, FULL, dialect.body(FULL))
    assert dialect.settled == {"system": "in the user message"}
    folded = dialect.body(FULL)
    assert folded["messages"][0] == {"role": "user", "content": "You judge.\n\nWhich?"}
    assert not dialect.handle_refusal(said, FULL, folded)
    alone = Call((Message("system", "only this"),))
    assert dialect.body(alone)["messages"] == [{"role": "user", "content": "only this"}]


@pytest.mark.parametrize(
    "message",
    [
        "max_tokens is too large: 100. This model supports at most 16 completion tokens",
        "temperature must be between 0 and 2",
        "This request is not supported",
        "Unknown parameter: 'frequency_penalty'",
        "the server stopped unexpectedly",
        "",
    ],
)
def test_what_cannot_be_done_without_is_not_settled(message: str) -> None:
    dialect = OpenAIDialect("m")
    assert not dialect.handle_refusal(error(message), FULL, dialect.body(FULL))
    assert dialect.settled == {}


@pytest.mark.parametrize("name", ["reasoning_effort", "temperature"])
def test_an_argument_of_the_users_own_is_not_dropped(name: str) -> None:
    call = Call(FULL.messages, Sampling(0.0, extra=((name, "low"),)))
    dialect = OpenAIDialect("m")
    with pytest.raises(EngineError, match=f"model argument '{name}'"):
        dialect.handle_refusal(error(f"Unknown parameter: '{name}'"), call, dialect.body(call))
    assert dialect.settled == {}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"a": "é"}, '{"a":"é"}'),
        ({"a": "x\ud800y"}, '{"a": "x\ufffdy"}'),
        ({"a": "\ud83d\ude00"}, '{"a": "\U0001f600"}'),
        ({"a": 2**70}, '{"a": 1180591620717411303424}'),
    ],
)
def test_bodies_are_valid_utf8(value: dict[str, Any], expected: str) -> None:
    assert dumps(value).decode() == expected


def test_an_argument_that_is_no_json() -> None:
    with pytest.raises(EngineError, match="as JSON"):
        dumps({"a": object()})
