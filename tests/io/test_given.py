"""Rows that a script gives in place of a file are read by the same reader."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from answers import write_jsonl

from judgekit.errors import InputError
from judgekit.io import as_input, input_digest, load_answers, load_pairs, load_prompts
from judgekit.io.given import GivenRows, paths_of

ROWS = [
    {"ID": 1, "Prompt": "Why?", "response": "So.", "category": None},
    {"ID": 2, "Prompt": "How?", "response": "Thus.", "category": "ways"},
]


def given(rows: Any, name: str = "a") -> GivenRows:
    found = as_input(rows, name)
    assert isinstance(found, GivenRows)
    return found


def test_paths_stay_paths(tmp_path: Path) -> None:
    assert as_input("a.jsonl", "a") == Path("a.jsonl")
    assert as_input(tmp_path, "a") == tmp_path
    assert paths_of([tmp_path, given(ROWS)]) == [tmp_path]


@pytest.mark.parametrize(
    "as_given", [list, tuple, iter, pd.DataFrame], ids=lambda kind: kind.__name__
)
def test_they_are_what_a_file_of_them_is(as_given: Any, tmp_path: Path) -> None:
    write_jsonl(tmp_path / "a.jsonl", ROWS)
    in_file, here = load_answers(tmp_path / "a.jsonl"), load_answers(given(as_given(ROWS)))
    assert here.rows == in_file.rows
    assert (here.model, here.unit, here.counts.used) == ("a", "row", 2)


def test_other_layouts_and_pairs() -> None:
    chat = [{"from": "human", "value": "Why?"}, {"from": "gpt", "value": "So."}]
    [row] = load_answers(given([{"conversations": chat}])).rows
    assert row.responses == ("So.",)
    pairs = pd.DataFrame([{"prompt": "?", "response_a": "x", "response_b": "y", "model_a": "m"}])
    [case] = load_pairs(given(pairs)).cases
    assert [r.model for r in case.responses] == ["m", "b"]
    assert [p.given for p in load_prompts(given(ROWS)).kept] == ["Why?", "How?"]


def test_values_of_numpy_and_missing_ones() -> None:
    frame = pd.DataFrame({
        "prompt": [np.array(["Why?", "And?"], dtype=object), "How?", float("nan")],
        "response": [np.array(["So.", "Yes."]), "Thus.", "nothing"],
        "id": pd.array([1, 2, None], dtype="Int64"),
        "seen": [pd.Timestamp("2026-01-01"), pd.NaT, pd.NaT],
    })  # fmt: skip
    found = load_answers(given(frame))
    assert [row.responses for row in found.rows] == [("So.", "Yes."), ("Thus.",)]
    assert [row.id for row in found.rows] == ["1", "2"]
    assert found.counts.empty == 1


def test_a_named_index_is_a_column() -> None:
    frame = pd.DataFrame(ROWS).set_index("ID")
    assert [row.id for row in load_answers(given(frame)).rows] == ["1", "2"]
    assert [row.id for row in load_answers(given(frame.reset_index(drop=True))).rows] == [None] * 2


def test_later_changes_do_not_matter() -> None:
    rows = [dict(row) for row in ROWS]
    before = given(rows)
    rows[0]["response"] = "changed"
    assert load_answers(before).rows[0].responses == ("So.",)


def test_the_digest_is_of_the_content() -> None:
    digest = input_digest(given(ROWS))
    assert digest == input_digest(given(pd.DataFrame(ROWS), "b"))
    assert digest != input_digest(given(ROWS[:1]))
    other = [ROWS[0], {**ROWS[1], "response": "Otherwise."}]
    assert digest != input_digest(given(other))
    unread = [{**ROWS[0], "seen": datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)}, ROWS[1]]
    assert input_digest(given(unread)) == input_digest(given(unread))


def test_lone_surrogates_are_replaced_and_counted() -> None:
    found = load_answers(given([{"prompt": "Why?", "response": "\ud800"}]))
    assert found.rows[0].responses == ("\ufffd",)
    assert found.counts.repaired == 1


def deep(levels: int) -> Any:
    value: Any = "x"
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("rows", "tells"),
    [
        ([ROWS[0], ROWS[1], {"ID": 3, "Prompt": "?", "response": 7}], "^argument a, row 3: the"),
        ([ROWS[0], "Why?"], r"^argument a, row 2: 'Why\?' is not a mapping of columns and values"),
        ([ROWS[0], {**ROWS[0], "response": "other"}], "^argument a, row 2: the id '1' stands"),
        ([{"prompt": "?", "text": "x"}], "^argument a: no column for the response"),
        ([{"prompt": "?", "response": deep(5000)}], "^argument a, row 1: nested too deeply"),
        ([], "^argument a: no rows; give one at least"),
        (pd.DataFrame(), "^argument a: no rows"),
        (pd.DataFrame([["?", "x"]], columns=["prompt", "prompt"]), "two columns are named 'pr"),
        (ROWS[0], "^argument a is .* give a path, a pandas frame or a list of dicts"),
        (7, "^argument a is 7; give a path"),
        (None, "^argument a is null; give a path"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_by_argument_and_row(rows: Any, tells: str) -> None:
    with pytest.raises(InputError, match=tells) as raised:
        load_answers(as_input(rows, "a"))
    assert "\n" not in str(raised.value)
