"""Reading completions as servers really write them."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from judgekit.plugins.engines.openai_reply import (
    finish,
    label_logprobs,
    loads,
    read,
    split_thinking,
    valid_unicode,
)

from judgekit.errors import CallFailure
from judgekit.types import Call, Message, Reply, Sampling

CALL = Call((Message("user", "q"),))


def body(message: dict[str, Any], **choice: Any) -> dict[str, Any]:
    return {"choices": [{"message": message, "finish_reason": "stop", **choice}]}


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({"content": "[[A]]"}, Reply("[[A]]")),
        ({"content": None}, Reply("")),
        ({}, Reply("")),
        ({"content": [{"type": "text", "text": "[["}, {"text": "A]]"}, 7]}, Reply("[[A]]")),
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
    ("reason", "expected"),
    [
        ("stop", "stop"),
        ("", "stop"),
        (None, "stop"),
        ("eos", "stop"),
        ("length", "length"),
        ("MAX_TOKENS", "length"),
        ("content_filter", "content_filter"),
        ("content management policy", "content_filter"),
        (["stop", "stop"], "stop"),
    ],
)
def test_finish(reason: object, expected: str) -> None:
    assert finish(reason) == expected


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
    reply = read(answer, Call(CALL.messages, labels=("A", "B"), generate=False))
    assert reply is not None
    assert reply.label_logprobs is None


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
