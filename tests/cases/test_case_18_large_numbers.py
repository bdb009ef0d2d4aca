"""Case 18: whole numbers beyond 64 bits stay whole: ids, and what messages carry."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgekit.errors import InputError
from judgekit.io import join, load_answers, read_rows
from judgekit.io.jsonl import json_line, json_text, json_value
from judgekit.io.labels import read_labels

LARGE = [10**25, 10**25 + 1, 12345678901234567890, 12345678901234567891, 2**64, -(2**63) - 1]


@pytest.mark.parametrize("layout", ["lines", "array"])
def test_ids_stay_whole(tmp_path: Path, layout: str) -> None:
    rows = [{"id": number, "prompt": f"p{number}", "response": "r"} for number in LARGE]
    text = json.dumps(rows) if layout == "array" else "\n".join(map(json.dumps, rows))
    (tmp_path / "a.jsonl").write_text(text)
    assert [row.id for row in load_answers(tmp_path / "a.jsonl").rows] == list(map(str, LARGE))


def test_digits_as_text_are_the_same_id(tmp_path: Path) -> None:
    for name, convert in (("a", int), ("b", str)):
        rows = [{"id": convert(n), "prompt": "p", "response": f"r{n}"} for n in LARGE]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)))
    joined = join([load_answers(tmp_path / f"{name}.jsonl") for name in "ab"])
    assert [case.id for case in joined.cases] == list(map(str, LARGE))
    labels = "\n".join(json.dumps({"id": n, "label": "A"}) for n in LARGE)
    (tmp_path / "labels.jsonl").write_text(labels)
    assert read_labels(tmp_path / "labels.jsonl", ["a", "b"]).keys() == set(map(str, LARGE))


def test_tables_hold_them_as_decimals(tmp_path: Path) -> None:
    arrow: Any = pytest.importorskip("pyarrow", reason="Parquet needs the extra 'parquet'")
    from pyarrow import parquet

    rows = [{"id": Decimal(n), "prompt": f"p{n}", "response": "r"} for n in LARGE]
    parquet.write_table(arrow.Table.from_pylist(rows), tmp_path / "a.parquet")
    assert [row.id for row in load_answers(tmp_path / "a.parquet").rows] == list(map(str, LARGE))
    parquet.write_table(arrow.Table.from_pylist([rows[0] | {"id": Decimal("1.5")}]), tmp_path / "b")
    with pytest.raises(InputError, match=r"the id is Decimal\('1.5'\); an id is text"):
        load_answers(tmp_path / "b")


def test_arguments_of_tools_keep_their_digits(tmp_path: Path) -> None:
    call = [{"id": "c", "type": "function", "function": {"name": "f", "arguments": {"n": 10**25}}}]
    prompt = [
        {"role": "user", "content": "p"},
        {"role": "assistant", "content": None, "tool_calls": call},
        {"role": "tool", "tool_call_id": "c", "content": "30"},
    ]
    (tmp_path / "a.jsonl").write_text(json.dumps({"prompt": prompt, "response": "r"}))
    (row,) = load_answers(tmp_path / "a.jsonl").rows
    assert json.loads(row.prompt[1].tool_calls) == call


def test_floats_are_as_they_were(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"a": 1e300, "b": 0.12345678901234567890, "c": 1e20}\n')
    (row,) = read_rows(tmp_path / "a.jsonl")
    assert row.data == {"a": 1e300, "b": 0.12345678901234567890, "c": 1e20}
    assert all(isinstance(value, float) for value in row.data.values())


@given(st.recursive(st.integers(-(10**40), 10**40) | st.text() | st.none(), lambda x: st.lists(x)))
def test_what_is_written_is_read(value: object) -> None:
    assert json_value(json_line(value)) == value
    assert json.loads(json_text(value)) == value


@pytest.mark.parametrize("value", [b"bytes", {1: 10**30, "x": {1}}, "\ud800", [10**30, "\ud800"]])
def test_what_is_no_json_is_a_type_error(value: object) -> None:
    with pytest.raises(TypeError):
        json_text(value)
