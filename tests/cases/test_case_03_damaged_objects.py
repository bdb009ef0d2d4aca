"""Case 03: JSON is read leniently where that is certain, and a part is never read as the whole."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgekit.judging import parsing
from judgekit.types import Choice, Status

INNER = '"style": {"winner": "B"}'


@pytest.mark.parametrize(
    "reply",
    [
        f'{{{INNER}, "reason": "A is right.\nB only reads better.", "winner": "A"}}',
        f'{{{INNER}, "reason": "a\ttab, a \x07 bell", "winner": "A"}}',
        f'{{{INNER}, "reason": "so \\( x \\in \\mathbb{{R}} \\)", "winner": "A"}}',
        f'{{{INNER}, "reason": "a path C:\\users\\x", "winner": "A"}}',
        f'{{{INNER}, "reasons": ["one", "two",], "winner": "A",}}',
        f'```json\n{{\n  {INNER},\n  "winner": "A",\n}}\n```',
        '{"reason": "a comma, } and a \\"quote,\\" ]", "winner": "A"}',
    ],
)
def test_what_is_certain_is_read(reply: str) -> None:
    assert parsing.json_winner(reply).choice is Choice.FIRST


@pytest.mark.parametrize(
    "reply",
    [
        f'{{{INNER}, "reason": "he said "no" to it", "winner": "A"}}',
        f'{{{INNER}, "winner": "A"',
        f"{{{INNER}, 'winner': 'A'}}",
        f'{{{INNER} "winner": "A"}}',
        f"{{'x': 1, {INNER}}}",
        f"{{x: 1, {INNER}}}",
        f"{{{{{INNER}}}",
        f"{{\n  // the style first\n  {INNER}\n}}",
        '{"a": 1,\n{"winner": "B"}\n',
        '{"criteria": [\n{"winner": "B"},\n{"winner": "B"}\n',
        "{" + " " * 50 + "'x': 1, " + INNER + "}",
        '{"x": {"y": {"z": {"winner": "B"}}}, oops}',
    ],
)
def test_nothing_within_an_unreadable_object_is_a_verdict(reply: str) -> None:
    verdict = parsing.json_winner(reply)
    assert verdict.status is Status.UNPARSED
    assert verdict.choice is None


@given(st.text(max_size=40), st.text(max_size=40))
def test_whatever_stands_beside_it(before: str, after: str) -> None:
    reply = f'{{"reason": {before!r}, {INNER}, {after}'
    verdict = parsing.json_winner(reply)
    assert verdict.choice is None or '"winner"' in after


@pytest.mark.parametrize(
    "reply",
    [
        '{"reason": \'}\', "style": {"winner": "B"},',
        '{"reason": "he said "}" to it", "style": {"winner": "B"}',
        '{"reason": "he said "}" to it", "criteria": [\n{"winner": "B"}\n]',
        "{'reason': '}',\n'criteria': [\n{\"winner\": \"B\"}\n]",
        '{"reason": `}`, "list": [1,\n{"winner": "B"}\n',
    ],
)
def test_a_brace_in_a_text_does_not_end_the_damaged_object(reply: str) -> None:
    assert parsing.json_winner(reply).choice is None


def test_after_words_and_a_comma_an_object_is_whole() -> None:
    assert parsing.json_winner('In short, {"winner": "A"}').choice is Choice.FIRST


def test_a_formula_with_braces_is_no_object() -> None:
    reply = 'The set {1, 2} and \\frac{1}{2} are fine.\n{"winner": "A"}'
    assert parsing.json_winner(reply).choice is Choice.FIRST
