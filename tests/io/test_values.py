"""What a value may be, and what it may not."""

from __future__ import annotations

import re
from typing import Any

import pytest

from judgekit.io.row import RowError
from judgekit.io.values import (
    read_answer,
    read_category,
    read_id,
    read_prompt,
    read_references,
)
from judgekit.types import Message

USER = {"role": "user", "content": "q"}


@pytest.mark.parametrize(
    ("value", "text"), [(1, "1"), ("1", "1"), (-7, "-7"), ("a/b", "a/b"), ("1\n2", "1\n2")]
)
def test_an_id_is_text_or_a_whole_number(value: object, text: str) -> None:
    assert read_id(value) == text


@pytest.mark.parametrize(
    ("value", "said"),
    [("", "empty"), (" ", "empty"), (None, "null"), (1.0, "1.0"), (True, "true"), ({}, "{}")],
)
def test_other_ids_are_refused(value: object, said: str) -> None:
    with pytest.raises(RowError, match=re.escape(f"the id is {said}; an id is text")):
        read_id(value)


@pytest.mark.parametrize(
    ("value", "messages", "turns"),
    [
        ("q", (Message("user", "q"),), None),
        (["q"], (Message("user", "q"),), 1),
        (["q", "r"], (Message("user", "q"), Message("user", "r")), 2),
        (
            [{"role": "developer", "content": "be brief"}, USER],
            (Message("developer", "be brief"), Message("user", "q")),
            None,
        ),
        (
            [USER, {"role": "assistant", "content": "a"}, USER],
            (Message("user", "q"), Message("assistant", "a"), Message("user", "q")),
            None,
        ),
        (
            [
                USER,
                {"role": "assistant", "content": None, "tool_calls": [{"id": "c", "n": "ä"}]},
                {"role": "tool", "tool_call_id": "c", "content": "42"},
            ],
            (
                Message("user", "q"),
                Message("assistant", "", '[{"id":"c","n":"ä"}]'),
                Message("tool", "42", extra='{"tool_call_id":"c"}'),
            ),
            None,
        ),
        (
            [{"role": "user", "content": [{"type": "text", "text": t} for t in "ab"]}],
            (Message("user", "a\nb"),),
            None,
        ),
    ],
)
def test_prompts(value: object, messages: tuple[Message, ...], turns: int | None) -> None:
    assert read_prompt(value) == (messages, turns)


def user(content: object) -> list[dict[str, Any]]:
    return [{"role": "user", "content": content}]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (3, "the prompt is 3, not text, a list of user turns or a list of messages"),
        ([], "the prompt is [],"),
        (["q", USER], "the prompt is ['q', {"),
        ([USER, {"role": "assistant", "content": "a"}], "ends with a message of the assistant"),
        ([{"role": "system", "content": "s"}], "ends with a message of the system"),
        ([{"role": "human", "content": "q"}], "message 1 has the role 'human'; roles: system,"),
        ([{"speaker": "human", "text": "q"}], "message 1 has the role null"),
        ([{"from": "nobody", "value": "q"}], "the role 'nobody'; roles: system, developer, user,"),
        ([{"from": "human", "value": 3}], "message 1 has the content 3, not text"),
        (user(None), "message 1 has the content null, not text"),
        (user([{"type": "image_url", "image_url": {}}]), "an image_url part in message 1"),
        (user([{"type": "video"}]), "a video part in message 1; judgekit judges text"),
        (user(["q"]), "a 'q' part in message 1"),
        (user([{"type": "text", "text": 3}]), "message 1 has the text 3"),
        ([{**USER, "tool_calls": [b""]}], "the tool calls of message 1 are not JSON"),
    ],
)
def test_other_prompts_are_refused(value: object, said: str) -> None:
    with pytest.raises(RowError, match=re.escape(said)):
        read_prompt(value)


def choices(*turns: object) -> list[dict[str, Any]]:
    return [{"index": 0, "turns": list(turns)}]


@pytest.mark.parametrize(
    ("value", "turns", "texts"),
    [
        ("a", None, ("a",)),
        ("", None, ("",)),
        ("a", 1, ("a",)),
        (["a"], 1, ("a",)),
        (["a", ""], 2, ("a", "")),
        ([{"role": "assistant", "content": "a"}], None, ("a",)),
        ([{"role": "assistant", "content": "a"}], 1, ("a",)),
        (choices("a"), None, ("a",)),
        (choices("a", "b"), 2, ("a", "b")),
        (choices({"content": "a", "token_len": 1}), 1, ("a",)),
    ],
)
def test_answers(value: object, turns: int | None, texts: tuple[str, ...]) -> None:
    assert read_answer(value, turns) == texts


@pytest.mark.parametrize(
    ("value", "turns", "said"),
    [
        (True, None, "the response is true, not text"),
        (42, None, "the response is 42, not text"),
        (None, 2, "the response is null, not text"),
        (["a"], None, "the response is ['a'], not text"),
        ({"text": "a"}, 2, "the response is {'text': 'a'}, not text"),
        ("a", 2, "the response has 1 answer for 2 user turns"),
        (["a"], 2, "the response has 1 answer for 2 user turns"),
        (["a", "b"], 1, "the response has 2 answers for 1 user turn"),
        (["a", None], 2, "the response holds null, not text"),
        (choices("a", "b"), None, "the response has 2 answers for 1 user turn"),
        (choices("a") * 2, 1, "2 choices; keep one answer per row"),
        ([USER], None, "the response is a message of the user"),
        (
            [{"role": "assistant", "content": "a", "tool_calls": [{}]}],
            None,
            "the response calls tools",
        ),
        ([[[[["x" * 500]] * 50]]], None, "the response is [[[...]]], not text"),
    ],
)
def test_other_answers_are_refused(value: object, turns: int | None, said: str) -> None:
    with pytest.raises(RowError, match=re.escape(said)) as refused:
        read_answer(value, turns)
    assert len(str(refused.value)) < 120


@pytest.mark.parametrize(
    ("value", "count", "found"),
    [
        (None, 1, ()),
        ("", 2, ()),
        ("r", 1, ("r",)),
        (["r"], 1, ("r",)),
        (["r", "s"], 2, ("r", "s")),
        ([None, "s"], 2, (None, "s")),
        (["r"], 2, ("r", None)),
        ([None, ""], 2, ()),
        (choices("r", "s"), 2, ("r", "s")),
    ],
)
def test_references(value: object, count: int, found: tuple[str | None, ...]) -> None:
    assert read_references(value, count) == found


@pytest.mark.parametrize(
    ("value", "count", "said"),
    [
        ("r", 2, "one reference for 2 turns"),
        (["r", "s"], 1, "2 references for 1 judged turn"),
        (42, 1, "the reference is 42, neither text nor a list of texts"),
        ([1], 1, "the reference is [1]"),
    ],
)
def test_other_references_are_refused(value: object, count: int, said: str) -> None:
    with pytest.raises(RowError, match=re.escape(said)):
        read_references(value, count)


def test_a_category_is_text_or_none() -> None:
    assert [read_category(value) for value in ("math", "", None)] == ["math", None, None]
    with pytest.raises(RowError, match="the category is 3, not text"):
        read_category(3)
