"""Which columns are found, and where nothing is guessed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from judgekit.errors import InputError
from judgekit.io.columns import find_columns
from judgekit.io.row import Row

PATH = Path("a.jsonl")
WANTED = ("id", "prompt", "response", "model", "reference", "category")
CHOICES = [{"index": 0, "turns": ["a"]}]


def find(*rows: Mapping[str, Any], **given: str) -> dict[str, str]:
    return find_columns(
        [Row(number, dict(row)) for number, row in enumerate(rows, 1)],
        PATH,
        wanted=WANTED,
        needed=("response",),
        given=given,
    )


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ({"id": 1, "prompt": "q", "response": "a"}, "id=id prompt=prompt response=response"),
        (
            {"dataset": "d", "instruction": "q", "output": "a", "generator": "m"},
            "prompt=instruction response=output model=generator",
        ),
        (
            {"instruction": "q", "input": "", "output": "a"},
            "input=input prompt=instruction response=output",
        ),
        ({"input": "q", "output": "a"}, "prompt=input response=output"),
        (
            {"question_id": 1, "answer_id": "x", "model_id": "m", "choices": CHOICES},
            "id=question_id response=choices model=model_id",
        ),
        (
            {"question": "q", "choices": ["x", "y"], "answer": "x"},
            "prompt=question response=answer",
        ),
        ({"prompt": [], "completion": []}, "prompt=prompt response=completion"),
        ({"messages": []}, "prompt=messages response=messages"),
        ({"messages": [], "response": "a"}, "prompt=messages response=response"),
        ({"prompt": "q", "instruction": None, "output": "a"}, "prompt=prompt response=output"),
        (
            {"prompt": "q", "response": "a", "reference": None, "category": "c"},
            "prompt=prompt response=response reference=reference category=category",
        ),
    ],
)
def test_usual_names(row: Mapping[str, Any], found: str) -> None:
    assert find(row) == dict(word.split("=") for word in found.split())


def test_columns_are_those_of_all_rows() -> None:
    assert find({"prompt": "q"}, {"output": "a"}) == {"prompt": "prompt", "response": "output"}


def test_given_columns_go_before_the_usual_names() -> None:
    row = {"prompt": "p", "q": "q", "response": "r", "output": "o"}
    found = find(row, prompt="q", response="output")
    assert found == {"prompt": "q", "response": "output"}


def test_a_column_given_to_one_part_is_no_candidate_for_another() -> None:
    row = {"question": "q", "answer": "gold", "output": "o"}
    assert find(row, reference="answer")["response"] == "output"


@pytest.mark.parametrize(
    ("row", "given", "said"),
    [
        (
            {"prompt": "q", "response": "a", "output": "b"},
            {},
            "a.jsonl: the response could be the column 'response' or 'output'; "
            "say which with --columns response=response",
        ),
        ({"prompt": "q", "instruction": "q", "output": "a"}, {}, "'prompt' or 'instruction'"),
        ({"question": "q", "input": "i", "output": "a"}, {}, "'question' or 'input'"),
        ({"id": 1, "question_id": 1, "output": "a"}, {}, "the id could be"),
        (
            {"prompt": "q", "text": "a"},
            {},
            "no column for the response; name it with --columns response=NAME "
            "(columns: 'prompt', 'text')",
        ),
        (
            {"prompt": "q", "text": "a"},
            {"response": "txt"},
            "no row has the column 'txt' (--columns); the columns are 'prompt', 'text'",
        ),
        ({"text": "a"}, {"answer": "text"}, "no part is named 'answer' (--columns); the parts"),
    ],
)
def test_nothing_is_guessed(row: Mapping[str, Any], given: dict[str, str], said: str) -> None:
    with pytest.raises(InputError, match=re.escape(said)):
        find(row, **given)
