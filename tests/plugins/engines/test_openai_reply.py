"""Reading completions as servers really write them."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from judgekit.plugins.engines.http_json import loads, valid_unicode
from judgekit.plugins.engines.http_labels import label_logprobs
from judgekit.plugins.engines.http_reply import split_thinking
from judgekit.plugins.engines.openai_reply import error_in, read, usage

from judgekit.errors import CallFailure
from judgekit.types import Call, Message, Reply, Sampling, Usage

CALL = Call((Message("user", "q"),))


def body(message: dict[str, Any], **choice: Any) -> dict[str, Any]:
    return {"choices": [{"message": message, "finish_reason": "stop", **choice}]}


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({"content": "[[A]]"}, Reply("[[A]]")),
        ({"content": None}, Reply("")),
        ({}, Reply("")),
        ({"content": [{"type": "text", "text": "[["}, {"text": "A]]"}, None]}, Reply("[[A]]")),
        (
            {"content": [{"type": "thinking", "thinking": [{"text": "hm"}]}, {"text": "B"}]},
            Reply("B", thinking="hm"),
        ),
        ({"content": "B", "reasoning_content": "hm"}, Reply("B", thinking="hm")),
        ({"content": "B", "reasoning": "hm"}, Reply("B", thinking="hm")),
        ({"content": "B", "reasoning": {"effort": "low"}}, Reply("B")),
        ({"content": "<think>hm</think>\n\nB"}, Reply("B", thinking="hm")),
        ({"content": None, "refusal": "No."}, Reply("No.", "refusal")),
        ({"content": "cut \ud83d"}, Reply("cut \ufffd")),
        ({"content": "\ud83d\ude00"}, Reply("\U0001f600")),
    ],
)
def test_messages(message: dict[str, Any], expected: Reply) -> None:
    assert read(body(message), CALL) == expected


@pytest.mark.parametrize(
    "broken",
    [None, [], "x", {}, {"choices": None}, {"choices": []}, {"choices": [None]}, {"choices": [{}]}]
    + [{"choices": [{"message": message}]} for message in (None, "text", [])],
)
def test_no_choice(broken: object) -> None:
    assert read(broken, CALL) is None


def test_a_reply_that_broke_off_can_be_asked_again() -> None:
    with pytest.raises(CallFailure) as failed:
        read(body({"content": "half"}, finish_reason="error"), CALL)
    assert failed.value.retryable


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({"prompt_tokens": 3, "completion_tokens": 4}, (3, 4)),
        ({"prompt_tokens": 3}, (3, None)),
        ({"prompt_tokens": "3", "completion_tokens": None}, (None, None)),
        (None, (None, None)),
    ],
)
def test_usage(usage: object, expected: tuple[int | None, int | None]) -> None:
    reply = read({**body({"content": "x"}), "usage": usage}, CALL)
    assert reply is not None
    assert (reply.tokens_in, reply.tokens_out) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[[A]]", ("", "[[A]]")),
        ("<think>[[A]]?</think>[[B]]", ("[[A]]?", "[[B]]")),
        ("\n<think>\n\n</think>\n\n[[B]]", ("", "[[B]]")),
        ("<think>[[A]] or", ("[[A]] or", "")),
        ("<think>", ("", "")),
        ("It wrote <think>x</think>. [[A]]", ("", "It wrote <think>x</think>. [[A]]")),
    ],
)
def test_only_a_leading_block_is_thinking(text: str, expected: tuple[str, str]) -> None:
    assert split_thinking(text) == expected


@given(st.text(), st.text())
def test_thinking_never_reaches_the_text(thought: str, text: str) -> None:
    thought = thought.replace("</think>", "")
    assert split_thinking(f"<think>{thought}</think>{text}") == (thought.strip(), text.lstrip())


@given(st.text(st.characters(exclude_categories=())))
def test_whole_text_is_valid_and_valid_text_stays(text: str) -> None:
    out = valid_unicode(text)
    out.encode()
    assert valid_unicode(out) == out
    if not any("\ud800" <= c <= "\udfff" for c in text):
        assert out == text


@pytest.mark.parametrize("data", [b"", b"{", b"<html>", b"[" * 100_000, b'{"a": \xff}'])
def test_not_json(data: bytes) -> None:
    with pytest.raises(ValueError):
        loads(data)


def test_json_that_is_almost_none() -> None:
    assert loads(b'["\\ud83d", -Infinity]') == ["\ud83d", -math.inf]


def token(text: str, logprob: Any = -0.1, top: Any = None) -> dict[str, Any]:
    return {"token": text, "logprob": logprob, "top_logprobs": top}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ([token("A"), token(" x")], {"A": -0.1}),
        ([token("A", -3.0), token(" B\n", -0.2), token("]]")], {"B": -0.2}),
        ([token("A", -1.0, [token("A", -1.0), token("B", -2.0), token("x")])], {"A": -1, "B": -2}),
        ([token("A", -9.0, [token("B", -2.0)])], {"A": -9, "B": -2}),
        (
            [token("A", math.log(0.5), [token(" A", math.log(0.25)), token("B", -math.inf)])],
            {"A": math.log(0.75), "B": -math.inf},
        ),
        ([token("A", -math.inf, [token(" A", -math.inf)])], {"A": -math.inf}),
        ([token("A", None)], None),
        ([token("A", math.nan)], None),
        ([token("x")], None),
        ([None, 7], None),
        ([], None),
        (None, None),
    ],
)
def test_label_logprobs(content: Any, expected: dict[str, float] | None) -> None:
    found = label_logprobs({"content": content}, ("A", "B"))
    assert found == (pytest.approx(expected) if expected else None)


def test_labels_are_read_only_where_asked() -> None:
    answer = body({"content": "A"}, logprobs={"content": [token("A", -0.5)]})
    plain, asked = read(answer, CALL), read(answer, Call(CALL.messages, labels=("A", "B")))
    assert plain is not None
    assert plain.label_logprobs is None
    assert asked is not None
    assert asked.label_logprobs == {"A": -0.5}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ([token("x", -0.1, [token("x", -0.1), token("A", -3.0), token(" A", -3.0)])], -2.3069),
        ([token("x", -0.1, []), token("A", -0.5)], None),  # no label there: not the next one's
        ([token("B", -0.5, [token("A", -2.0)]), token("A", -0.1)], -2.0),
    ],
)
def test_labels_alone_stand_first(content: Any, expected: float | None) -> None:
    """A reply that was asked for its labels alone has no text, and was not cut."""
    answer = body({"content": "x"}, finish_reason="length", logprobs={"content": content})
    reply = read(answer, Call(CALL.messages, labels=("A", "B"), generate=False))
    assert reply is not None
    assert (reply.text, reply.finish) == ("", "stop")
    assert reply.label_logprobs is not None
    assert reply.label_logprobs.get("A") == (expected and pytest.approx(expected, abs=1e-4))


@pytest.mark.parametrize("logprobs", [None, {"content": None}, {"content": []}, [7]])
def test_labels_alone_of_a_server_that_gives_none(logprobs: Any) -> None:
    answer = body({"content": "A"}, finish_reason="length", logprobs=logprobs)
    with pytest.raises(CallFailure, match="use --verdict text") as failed:
        read(answer, Call(CALL.messages, labels=("A", "B"), generate=False))
    assert (failed.value.name, failed.value.common) == ("no log-probabilities", True)


@pytest.mark.parametrize(
    ("extra", "content", "expected"),
    [
        ((), "A]]", "A]]"),
        ((("continue_final_message", True),), "A]]", "[[A]]"),
        ((("continue_final_message", True),), "[[A]]", "[[A]]"),
    ],
)
def test_a_continued_prefill_is_part_of_the_text(
    extra: tuple[tuple[str, Any], ...], content: str, expected: str
) -> None:
    reply = read(body({"content": content}), Call(CALL.messages, Sampling(extra=extra), (), "[["))
    assert reply is not None
    assert reply.text == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (body({"content": "half"}, finish_reason="model_context_window_exceeded"), "length"),
        (body({"content": ""}, finish_reason="sensitive"), "content_filter"),
        (body({"content": "half"}, finish_reason="RECITATION"), "content_filter"),
        ({"choices": [{"message": None, "finish_reason": "SAFETY"}]}, "content_filter"),
        ({"choices": [{"message": None, "finish_reason": "MAX_TOKENS"}]}, "length"),
        (body({"content": [{"type": "refusal", "refusal": "No."}]}), "refusal"),
        (body({"content": "No.", "refusal": "No."}, finish_reason="weird"), "refusal"),
        (body({"content": "whole"}, finish_reason=None), "stop"),
        (body({"content": "x"}, finish_reason="", native_finish_reason="SAFETY"), "content_filter"),
        (body({"content": "x", "tool_calls": [{"id": "1"}]}), "stop"),
    ],
)
def test_how_replies_end(answer: dict[str, Any], expected: str) -> None:
    reply = read(answer, CALL)
    assert reply is not None
    assert reply.finish == expected


@pytest.mark.parametrize(("tokens", "expected"), [(5, "length"), (4, "stop"), (None, "stop")])
def test_without_a_reason_a_used_up_limit_is_a_cut(tokens: int | None, expected: str) -> None:
    answer = body({"content": "x"}, finish_reason=None) | {"usage": {"completion_tokens": tokens}}
    reply = read(answer, Call(CALL.messages, Sampling(max_tokens=5)))
    assert reply is not None
    assert reply.finish == expected


@pytest.mark.parametrize(
    ("answer", "name", "retryable"),
    [
        (body({"content": "half"}, finish_reason="network_error"), "generation error", True),
        (body({"content": "half"}, finish_reason="abort"), "generation error", True),
        (body({"content": ""}, finish_reason=None), "generation error", True),
        (body({"content": None, "reasoning": "x"}, finish_reason=None), "generation error", True),
        (body({"content": "x"}, finish_reason="weird"), "unknown finish_reason 'weird'", False),
        (body({"content": "x"}, finish_reason=7), "unknown finish_reason '7'", False),
        (body({"content": "x"}, finish_reason="tool_calls"), "tool call", False),
        (body({"content": "", "tool_calls": [{"id": "1"}]}), "tool call", False),
        (body({"content": [{"type": "video", "text": "x"}]}), "unknown content part", False),
    ],
)
def test_what_is_no_reply(answer: dict[str, Any], name: str, retryable: bool) -> None:
    with pytest.raises(CallFailure) as failed:
        read(answer, CALL)
    assert (failed.value.name, failed.value.retryable) == (name, retryable)
    assert failed.value.common


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (body({"content": "x"}), None),
        (body({"content": "x"}) | {"error": None}, None),
        (body({"content": "x"}) | {"error": ""}, None),
        (body({"content": "x"}) | {"error": {"code": 0, "message": ""}}, None),
        (body({"content": "x"}) | {"error": {"code": 429}}, {"code": 429}),
        (body({"content": "x"}, error="upstream"), "upstream"),
        (body({"content": "x", "error": {"message": "m"}}), {"message": "m"}),
        ({"error": ["x"], "choices": []}, ["x"]),
        ({"promptFeedback": {"blockReason": "SAFETY"}}, "blockReason: SAFETY"),
        ({}, None),
        ({"choices": []}, None),
        (body({"content": "x"}) | {"base_resp": {"status_code": 0, "status_msg": "ok"}}, None),
        (None, None),
    ],
)
def test_an_error_beside_a_choice_is_found(answer: Any, expected: Any) -> None:
    assert error_in(answer) == (expected and {"error": expected})


@pytest.mark.parametrize(
    "answer",
    [
        {"detail": "Could not validate credentials"},
        {"message": "Unauthorized", "choices": None},
        {"base_resp": {"status_code": 1004, "status_msg": "login fail"}, "choices": []},
    ],
)
def test_a_message_without_choices_is_an_error(answer: dict[str, Any]) -> None:
    assert error_in(answer) == answer


@pytest.mark.parametrize(
    "count", [-1, -35, 2**31, 2**53, 2**63, 2**64, 10**30, 1.0, 5.5, math.nan, True, "5", [5], None]
)
def test_a_count_that_cannot_be_one_is_none(count: object) -> None:
    usage = {"prompt_tokens": count, "completion_tokens": 5}
    reply = read({**body({"content": "x"}), "usage": usage}, CALL)
    assert reply is not None
    assert (reply.tokens_in, reply.tokens_out) == (None, 5)


NAMES = (
    "choices", "message", "content", "finish_reason", "type", "text", "thinking", "refusal",
    "reasoning", "logprobs", "token", "logprob", "top_logprobs", "usage", "prompt_tokens",
    "tool_calls", "error", "code", "detail", "loc", "msg", "x",
)  # fmt: skip
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["stop", "text", "reasoning", "A", 10**400, -(10**400), 429]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5)
        | st.fixed_dictionaries({"choices": st.lists(inner, min_size=1, max_size=2)})
    ),
    max_leaves=14,
)
CHOICE = st.fixed_dictionaries(
    {"message": st.dictionaries(st.sampled_from(NAMES), JSON, max_size=4)},
    optional=dict.fromkeys(("finish_reason", "logprobs", "error"), JSON),
)


@given(JSON | st.fixed_dictionaries({"choices": st.tuples(CHOICE).map(list), "usage": JSON}))
def test_any_body_is_a_reply_or_a_failure(answer: Any) -> None:
    error_in(answer)
    for call in (
        CALL,
        Call(CALL.messages, labels=("A", "B")),
        Call(CALL.messages, labels=("A", "B"), generate=False),
    ):
        try:
            reply = read(answer, call)
        except CallFailure:
            continue
        if reply is not None:
            reply.text.encode()
            assert reply.finish in ("stop", "length", "content_filter", "refusal")
            assert (reply.tokens_in or 0) >= 0


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({"prompt_tokens": 50, "completion_tokens": 3}, Usage(50, 3)),
        (
            {
                "prompt_tokens": 50,
                "completion_tokens": 3,
                "prompt_tokens_details": {"cached_tokens": 40, "cache_write_tokens": 5},
            },
            Usage(50, 3, 40, 5),
        ),
        (
            {"prompt_tokens": 50, "completion_tokens": 3, "prompt_cache_hit_tokens": 32},
            Usage(50, 3, 32),
        ),
        (
            {"prompt_tokens": 9, "prompt_tokens_details": {"cached_tokens": 10}},
            Usage(9),
        ),
        ({"prompt_tokens": 9, "prompt_tokens_details": [7]}, Usage(9)),
    ],
)
def test_tokens_from_a_cache(counts: dict[str, Any], expected: Usage) -> None:
    assert usage({"usage": counts}) == expected
