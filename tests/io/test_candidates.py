"""One file with several answers to each prompt."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from judgekit.errors import InputError
from judgekit.io import Joined, load_answers, load_candidates


def load(folder: Path, rows: list[dict[str, Any]], **how: Any) -> Joined:
    path = folder / "many.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return load_candidates(path, **how)


def row(response: str, **more: Any) -> dict[str, Any]:
    return {"prompt": "Why?", "response": response} | more


def texts(joined: Joined) -> list[tuple[str, list[str]]]:
    return [(case.id, [r.text for r in case.responses]) for case in joined.cases]


def test_rows_with_one_id_are_one_case_wherever_they_stand(tmp_path: Path) -> None:
    joined = load(
        tmp_path,
        [
            row("a", id=1, model="m"),
            row("b", id=2, prompt="How?", model="m"),
            row("c", id="1", model="n", category="facts", reference="r"),
            row("d", id=2, prompt="How?", model="n"),
            row("e", id=2, prompt="How?", model="o"),
        ],
    )
    assert texts(joined) == [("1", ["a", "c"]), ("2", ["b", "d", "e"])]
    assert [r.model for r in joined.cases[1].responses] == ["m", "n", "o"]
    assert joined.models == ("m", "n", "o")
    assert (joined.cases[0].category, joined.cases[0].reference) == ("facts", "r")
    assert joined.left_out == {}


@pytest.mark.parametrize("ids", [False, True])
def test_rows_with_one_prompt_are_where_no_id_stands_twice(tmp_path: Path, ids: bool) -> None:
    rows = [row("a"), row("b", prompt="How?"), row("c"), row("d", prompt="How?")]
    if ids:
        rows = [{"id": f"s{n}"} | r for n, r in enumerate(rows)]
    joined = load(tmp_path, rows)
    names = ("s0", "s1") if ids else ("row-1", "row-2")
    assert texts(joined) == [(names[0], ["a", "c"]), (names[1], ["b", "d"])]
    assert joined.models == ("many",)


def test_what_is_left_out_is_counted(tmp_path: Path) -> None:
    rows = [
        row("a", id=1),
        row("a", id=1),  # the same again
        row("a", id=1, model="other"),  # the same text, another's
        row("b", id=1),
        row("c", id=2, prompt="How?"),  # alone
        row("d", id=3, prompt=7),
    ]
    joined = load(tmp_path, rows, skip_bad_rows=True)
    assert texts(joined) == [("1", ["a", "a", "b"])]
    assert joined.left_out == {
        "many.jsonl: prompts with one answer": 1,
        "many.jsonl: duplicates": 1,
        "many.jsonl: unusable rows": 1,
    }
    [counts] = joined.counts
    assert counts.rows == counts.used + counts.skipped + counts.duplicates + counts.left_out


def test_turns_are_cases_of_their_own(tmp_path: Path) -> None:
    turns = ["One?", "Two?"]
    rows = [{"id": 1, "prompt": turns, "response": [f"{m}1", f"{m}2"]} for m in "ab"]
    joined = load(tmp_path, rows)
    assert texts(joined) == [("1/1", ["a1", "b1"]), ("1/2", ["a2", "b2"])]
    assert [r.earlier for r in joined.cases[1].responses] == [("a1",), ("b1",)]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([row("a", id=1), row("b", id=2, prompt="How?")], "no prompt has more than one answer"),
        ([row("a", id=1), row("b", id=1, prompt="How?")], "line 2: the id '1' has another prompt"),
        (
            [row("a", id=1, reference="x"), row("b", id=1, reference="y")],
            "line 2: the id '1' has another reference",
        ),
        ([row("a", id=1), row(None, id=1)], "line 2: the response is null"),
    ],
)
def test_refused_in_one_line(tmp_path: Path, rows: list[dict[str, Any]], said: str) -> None:
    with pytest.raises(InputError) as refusal:
        load(tmp_path, rows)
    assert said in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_file_of_one_answer_each_still_wants_unique_ids(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(json.dumps(row(text, id=1)) for text in "ab"), encoding="utf-8")
    with pytest.raises(InputError, match="give each row an id of its own"):
        load_answers(path)


def test_references_by_id_are_found(tmp_path: Path) -> None:
    references = tmp_path / "references.jsonl"
    references.write_text(json.dumps({"id": 1, "reference": "r"}), encoding="utf-8")
    joined = load(tmp_path, [row("a", id=1), row("b", id=1)], references=references)
    assert joined.cases[0].reference == "r"
