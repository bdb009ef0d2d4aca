"""Single answers with people's labels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from answers import write_jsonl

from judgekit.errors import InputError
from judgekit.io.labelled_answers import LabelledAnswers, load_labelled_answers


def row(label: Any, **columns: Any) -> dict[str, Any]:
    return {"prompt": "Q?", "response": "R", "label": label} | columns


def read(folder: Path, *rows: dict[str, Any], **how: Any) -> LabelledAnswers:
    return load_labelled_answers(write_jsonl(folder / "answers.jsonl", rows), **how)


def test_numbers_grades_and_texts_of_numbers(tmp_path: Path) -> None:
    labelled = read(tmp_path, row(4), row("3.5"), row("good"), row(None), row(""))
    assert list(labelled.labels.values()) == [4.0, 3.5, "good"]
    assert labelled.left_out == {"no label": 2}
    assert [case.id for case in labelled.cases] == ["row-1", "row-2", "row-3"]


def test_columns_of_other_names_and_several_people(tmp_path: Path) -> None:
    rows = [{"q": "Q?", "a": "R", "score": 2, "labels": [2, 3, None]}]
    labelled = read(tmp_path, *rows, columns={"prompt": "q", "response": "a", "label": "score"})
    assert labelled.labels == {"row-1": 2.0}
    assert labelled.votes == {"row-1": (2.0, 3.0)}


def test_references_stand_beside_the_answers(tmp_path: Path) -> None:
    references = write_jsonl(tmp_path / "references.jsonl", [{"id": "x", "reference": "the one"}])
    labelled = read(tmp_path, row(1, id="x"), references=references)
    assert labelled.cases[0].reference == "the one"


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([row(True)], "line 1: the label is true; write a number"),
        ([row({"x": 1})], "write a number or the name of a grade"),
        ([row(None)], "no row has a label to align a judge with"),
        ([row(1, id="x"), row(2, id="x")], "line 2: the id 'x' stands in an earlier line"),
        ([row(1, response=None)], "line 1: the response is null"),
    ],
)
def test_what_is_wrong_names_its_row(tmp_path: Path, rows: list[Any], why: str) -> None:
    with pytest.raises(InputError, match=why):
        read(tmp_path, *rows)


def test_an_empty_prompt_is_passed_over_and_counted(tmp_path: Path) -> None:
    labelled = read(tmp_path, row(1), row(2, prompt=""))
    assert labelled.left_out == {"empty prompt": 1}
