"""Prompts and references from files of their own."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from judgekit.errors import InputError
from judgekit.io import load_answers, load_pairs
from judgekit.types import Message


def model_answer(number: int, *turns: str) -> dict[str, Any]:
    """A row as FastChat's `model_answer` files have them."""
    return {
        "question_id": number,
        "answer_id": f"a{number}",
        "model_id": "m",
        "choices": [{"index": 0, "turns": list(turns)}],
        "tstamp": 1.5,
    }


ANSWERS = [model_answer(81, "a1", "a2"), model_answer(101, "b1", "b2")]
QUESTIONS = [
    {"question_id": 81, "category": "writing", "turns": ["p1", "p2"]},
    {"question_id": 101, "category": "math", "turns": ["q1", "q2"], "reference": ["r1", "r2"]},
    {"question_id": 102, "category": "math", "turns": ["not", "asked"]},
]


def test_fastchats_files_as_they_are(write: Callable[..., Path]) -> None:
    answers = load_answers(
        write("m.jsonl", ANSWERS),
        prompts=write("question.jsonl", QUESTIONS),
        references=write("gpt-4.jsonl", [model_answer(101, "s1", "s2")]),
    )
    first, second = answers.rows
    assert first.prompt == (Message("user", "p1"), Message("user", "p2"))
    assert first.responses == ("a1", "a2")
    assert (first.references, first.category) == ((), "writing")
    assert (second.id, second.references, second.category) == ("101", ("s1", "s2"), "math")
    assert answers.model == "m"


def test_references_beside_the_questions_serve_too(write: Callable[..., Path]) -> None:
    answers = load_answers(write("m.jsonl", ANSWERS), prompts=write("question.jsonl", QUESTIONS))
    assert [row.references for row in answers.rows] == [(), ("r1", "r2")]


@pytest.mark.parametrize("column", ["reference", "turns", "answer", "output"])
def test_a_references_column_goes_by_several_names(write: Callable[..., Path], column: str) -> None:
    answers = load_answers(
        write("a.jsonl", [{"id": 1, "prompt": "q", "response": "a", "reference": "own"}]),
        references=write("r.jsonl", [{"id": "1", "prompt": "q", column: "given"}]),
    )
    assert answers.rows[0].references == ("given",)


def test_references_serve_pairs(write: Callable[..., Path]) -> None:
    file = write("p.jsonl", [{"id": 1, "prompt": "q", "response_a": "a", "response_b": "b"}])
    joined = load_pairs(file, references=write("r.jsonl", [{"id": 1, "reference": "r"}]))
    assert joined.cases[0].reference == "r"


def test_columns_go_for_the_files_beside_where_they_have_them(write: Callable[..., Path]) -> None:
    answers = load_answers(
        write("a.jsonl", [{"key": 1, "text": "a"}]),
        columns={"id": "key", "response": "text"},
        prompts=write("q.jsonl", [{"key": 1, "prompt": "q"}]),
    )
    assert answers.rows[0].prompt == (Message("user", "q"),)


@pytest.mark.parametrize(
    ("answers", "prompts", "references", "said"),
    [
        (ANSWERS, QUESTIONS[:1], None, "m.jsonl, line 2: the id '101' is not in the file of pr"),
        ([{"response": "a"}], QUESTIONS, None, "m.jsonl: --prompts and --references go by id"),
        (ANSWERS, [{"turns": ["q"]}], None, "q.jsonl: no column for the id"),
        (ANSWERS, [{"id": 1, "prompt": 3}], None, "q.jsonl, line 1: the prompt is 3"),
        (ANSWERS, [{"id": None, "prompt": "q"}], None, "q.jsonl, line 1: the id is null"),
        (
            ANSWERS,
            [{"id": 1, "prompt": "q"}, {"id": "1", "prompt": "r"}],
            None,
            "q.jsonl, line 2: the id '1' stands for another in line 1",
        ),
        (ANSWERS, QUESTIONS, [{"id": 1, "reference": "r"}], "r.jsonl: it has none of the ids of"),
        (ANSWERS, QUESTIONS, [{"id": 81, "text": "r"}], "r.jsonl: the references should be in"),
        (
            ANSWERS,
            QUESTIONS,
            [{"id": 81, "turns": ["r"], "answer": "r"}],
            "there is 'turns' and 'answer'",
        ),
        (
            ANSWERS,
            QUESTIONS,
            [{"id": 81, "reference": "r"}],
            "m.jsonl, line 1: one reference for 2 turns",
        ),
    ],
)
def test_refusals_of_files_beside(
    write: Callable[..., Path],
    answers: list[dict[str, Any]],
    prompts: list[dict[str, Any]],
    references: list[dict[str, Any]] | None,
    said: str,
) -> None:
    with pytest.raises(InputError, match=re.escape(said)):
        load_answers(
            write("m.jsonl", answers),
            prompts=write("q.jsonl", prompts),
            references=write("r.jsonl", references) if references else None,
        )
