"""One model's answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from judgekit.errors import InputError
from judgekit.io import Answer, Counts, load_answers
from judgekit.types import Message

Q = (Message("user", "q"),)


def test_a_row_as_it_is_read(write: Callable[..., Path]) -> None:
    row = {
        "id": 7,
        "prompt": ["q", "r"],
        "response": ["a", "b"],
        "reference": [None, "s"],
        "category": "math",
        "model": "m",
    }
    file = write("a.jsonl", [row])
    answers = load_answers(file)
    prompt = (*Q, Message("user", "r"))
    expected = Answer(1, "7", prompt, ("a", "b"), (None, "s"), "math", "m")
    assert answers.rows == [expected]
    assert (answers.model, answers.unit) == ("m", "line")
    assert answers.counts == Counts(file, rows=1, used=1)


@pytest.mark.parametrize(
    ("row", "prompt"),
    [
        ({"instruction": "Add.", "input": "1 2", "output": "a"}, "Add.\n\n1 2"),
        ({"instruction": "Add.", "input": "", "output": "a"}, "Add."),
        ({"instruction": "Add.", "input": None, "output": "a"}, "Add."),
        ({"messages": [{"role": "user", "content": "q"}], "output": "a"}, "q"),
        (
            {
                "messages": [
                    {"role": "user", "content": "q"},
                    {"role": "assistant", "content": "a"},
                ]
            },
            "q",
        ),
    ],
)
def test_layouts_of_instructions_and_chats(
    write: Callable[..., Path], row: Mapping[str, Any], prompt: str
) -> None:
    (answer,) = load_answers(write("a.jsonl", [row])).rows
    assert answer.prompt == (Message("user", prompt),)
    assert answer.responses == ("a",)


@pytest.mark.parametrize(
    ("name", "models", "shown"),
    [
        ("a.jsonl", ["m", "m"], "m"),
        ("a.jsonl", ["m", "n"], "a"),
        ("a.v2.jsonl", ["m", None], "a.v2"),
        ("a.jsonl", [None, None], "a"),
        ("a.jsonl", ["", ""], "a"),
    ],
)
def test_the_name_of_the_model(
    write: Callable[..., Path], name: str, models: list[str | None], shown: str
) -> None:
    rows = [{"prompt": "q", "response": "a", "model": model} for model in models]
    assert load_answers(write(name, rows)).model == shown


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"prompt": "q", "response": True}], "line 1: the response is true, not text; correct"),
        ([{"prompt": "q", "response": "a"}, {"prompt": "q"}], "line 2: the response is missing"),
        ([{"prompt": "q", "response": "a"}, {"response": "a"}], "line 2: the prompt is missing"),
        ([{"response": "a"}], "no column for the prompt; name it with --columns prompt=NAME, or"),
        ([{"messages": [{"role": "user", "content": "q"}]}], "line 1: the prompt is []"),
        ([{"messages": "q"}], "line 1: the response is null"),
        (
            [{"instruction": "q", "input": 3, "output": "a"}],
            "line 1: the input is 3, not text",
        ),
        (
            [
                {"id": 1, "prompt": "q", "response": "a"},
                {"id": 2, "prompt": "q", "response": "a"},
                {"id": "1", "prompt": "q", "response": "b"},
            ],
            "a.jsonl, line 3: the id '1' stands in line 1 with other content",
        ),
        (
            [
                {"id": 1, "prompt": "q", "response": "a", "model": "m"},
                {"id": 1, "prompt": "q", "response": "a", "model": "n"},
            ],
            "line 2: the id '1' stands in line 1 with other content",
        ),
    ],
)
def test_refusals(write: Callable[..., Path], rows: list[dict[str, Any]], said: str) -> None:
    with pytest.raises(InputError, match=re.escape(said)):
        load_answers(write("a.jsonl", rows))


def test_bad_rows_may_be_skipped_and_are_counted(write: Callable[..., Path]) -> None:
    file = write(
        "a.jsonl",
        [
            {"id": 1, "prompt": "q", "response": "a"},
            {"id": 2, "prompt": "q", "response": True},
            {"id": None, "prompt": "q", "response": "a"},
            {"id": 1, "prompt": "q", "response": "a"},
            {"id": 3, "prompt": "\ud83d", "response": "a"},
        ],
    )
    with file.open("a") as opened:
        opened.write('{"id": 4, "pro')
    answers = load_answers(file, skip_bad_rows=True)
    assert [row.id for row in answers.rows] == ["1", "3"]
    assert [(bad.line, bad.id, bad.prompt) for bad in answers.skipped] == [
        (2, "2", Q),
        (3, None, None),
        (6, None, None),
    ]
    counts = Counts(file, 6, used=2, skipped=3, duplicates=1, repaired=1)
    assert replace(answers.counts, why_skipped=()) == counts
    assert answers.counts.why_skipped[:2] == (
        "line 2: the response is true, not text",
        "line 3: the id is null; an id is text or a whole number",
    )


def test_a_file_of_bad_rows_only_says_the_first_reason(write: Callable[..., Path]) -> None:
    file = write("a.jsonl", [{"prompt": "q", "response": None}] * 2)
    with pytest.raises(InputError, match="none of its 2 rows can be used; the first is line 1: "):
        load_answers(file, skip_bad_rows=True)


def test_equal_rows_without_ids_are_rows_of_their_own(write: Callable[..., Path]) -> None:
    file = write("a.jsonl", [{"prompt": "q", "response": "a"}] * 2)
    assert load_answers(file).counts == Counts(file, rows=2, used=2)
