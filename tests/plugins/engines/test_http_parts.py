"""Content as text, as parts, and as what nobody knows."""

from __future__ import annotations

from typing import Any

import pytest
from judgekit.plugins.engines.http_parts import Content

from judgekit.errors import CallFailure

TEXT = {"type": "text", "text": "A"}


@pytest.mark.parametrize(
    ("content", "text", "thinking"),
    [
        ("A", "A", ""),
        (None, "", ""),
        ([], "", ""),
        (TEXT, "A", ""),
        (["A is ", "clearer"], "A is clearer", ""),
        ([{"type": "output_text", "text": "A"}, {"text": "B"}, None], "AB", ""),
        ([{"type": "text", "text": None}], "", ""),
        ([{"type": "text", "text": {"value": "A", "annotations": []}}], "A", ""),
        ([{"type": "reasoning", "text": "B?"}, TEXT], "A", "B?"),
        ([{"type": "reasoning", "summary": [{"type": "summary_text", "text": "B?"}]}], "", "B?"),
        ([{"type": "reasoning.text", "text": "B?"}, TEXT], "A", "B?"),
        ([{"type": "thinking", "thinking": "B?", "signature": "x"}, TEXT], "A", "B?"),
        ([{"type": "thinking", "thinking": [{"type": "text", "text": "B?"}]}, TEXT], "A", "B?"),
        ([{"type": "redacted_thinking", "data": "xyz"}, TEXT], "A", ""),
        ([{"type": "reasoning.encrypted", "data": "xyz"}, TEXT], "A", ""),
        ([{"text": "B?", "thought": True}, TEXT], "A", "B?"),
    ],
)
def test_known_parts(content: Any, text: str, thinking: str) -> None:
    read = Content.of(content)
    assert ("".join(read.text), "".join(read.thinking)) == (text, thinking)


@pytest.mark.parametrize(
    ("part", "named"),
    [
        (7, "int"),
        (True, "bool"),
        ([TEXT], "list"),
        ({}, "''"),
        ({"body": "A"}, "body"),
        ({"type": "audio", "text": "[[B]]"}, "audio"),
        ({"type": "image_url", "image_url": {"url": "x"}}, "image_url"),
        ({"type": "text"}, "text"),
        ({"type": "text", "text": 7}, "text"),
        ({"type": "text", "text": {"other": "A"}}, "text"),
        ({"type": 7, "text": "A"}, "7"),
        ({"type": None, "text": "A"}, "None"),
    ],
)
def test_what_nobody_knows_is_no_text(part: Any, named: str) -> None:
    with pytest.raises(CallFailure, match=f"type .*{named}") as failed:
        Content.of([TEXT, part])
    assert failed.value.name == "unknown content part"
    assert not failed.value.retryable


def test_refusals_and_tools() -> None:
    read = Content.of([{"type": "refusal", "refusal": "No."}, {"type": "tool_use", "id": "x"}])
    assert (read.refusal, read.calls_tool) == (["No."], True)


def test_thoughts_without_end() -> None:
    deep: Any = "B?"
    for _ in range(900):
        deep = [deep]
    assert Content.of([{"type": "thinking", "thinking": deep}, TEXT]).text == ["A"]
