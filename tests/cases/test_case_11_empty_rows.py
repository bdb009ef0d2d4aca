"""Case 11: rows that hold nothing are passed over and counted, in every format alike."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from answers import write_jsonl
from commands import Cli

from judgekit.errors import InputError
from judgekit.io import join, load_answers, load_pairs, load_prompts
from judgekit.io.labelled_pairs import load_labelled
from judgekit.io.rows import read_rows
from judgekit.train.data.rows_reader import read_pair_rows

ROWS = [
    {"prompt": "Name a prime.", "response": "Seven"},
    {"prompt": "", "response": ""},
    {"prompt": " ", "response": None},
    {"prompt": "Name a colour.", "response": "Red"},
    {"prompt": None, "response": "an answer to nothing"},
]


def as_parquet(path: Path, rows: list[dict[str, Any]]) -> None:
    arrow = pytest.importorskip("pyarrow", reason="Parquet needs the extra 'parquet'")
    from pyarrow import parquet

    parquet.write_table(arrow.Table.from_pylist(rows), path)


def as_csv(path: Path, rows: list[dict[str, Any]]) -> None:
    lines = [",".join(str(value or "") for value in row.values()) for row in rows]
    path.write_text("\r\n".join([",".join(rows[0]), *lines, ""]), newline="")


WRITERS: dict[str, Callable[[Path, list[dict[str, Any]]], object]] = {
    "a.jsonl": write_jsonl,
    "a.json": lambda path, rows: path.write_text(json.dumps(rows)),
    "a.csv": as_csv,
    "a.parquet": as_parquet,
}


@pytest.mark.parametrize("name", WRITERS)
def test_every_format_has_one_rule(tmp_path: Path, name: str) -> None:
    WRITERS[name](tmp_path / name, ROWS)
    answers = load_answers(tmp_path / name)
    assert [row.responses for row in answers.rows] == [("Seven",), ("Red",)]
    counts = answers.counts
    assert (counts.rows, counts.used, counts.empty, counts.skipped) == (5, 2, 3, 0)
    joined = join([answers])
    assert joined.left_out == {f"{name}: empty rows": 3}
    (remark,) = joined.remarks
    assert "empty rows passed over: 3" in remark
    assert "no value in any column" in remark
    assert load_prompts(tmp_path / name).counts.empty == 3
    assert len(read_rows(tmp_path / name)) == 3


def test_a_spreadsheets_margin(tmp_path: Path) -> None:
    """Every row has as many separators as the widest; blank rows stand on each side."""
    path = tmp_path / "a.csv"
    path.write_text(',,,\n"id",prompt,,\n1,p,,\n,,,\n , \u00a0,,,,,\n2,q,,\n3,r,,note\n')
    found = load_prompts(path, skip_bad_rows=True)
    assert [(row.id, row.given) for row in found.kept] == [("1", "p"), ("2", "q")]
    assert found.counts.why_skipped == ("line 7: the fields are 4, but 2 in the header",)
    assert found.counts.empty == 2


def test_an_id_without_a_prompt_is_no_case(tmp_path: Path) -> None:
    for name, text in (("a", "Seven"), ("b", "Nine")):
        (tmp_path / f"{name}.csv").write_text(f"id,prompt,response\n1,p,{text}\n2,,\n,,{text}\n")
    joined = join([load_answers(tmp_path / f"{name}.csv") for name in "ab"])
    assert [case.id for case in joined.cases] == ["1"]
    assert joined.left_out == {"a.csv: empty rows": 2, "b.csv: empty rows": 2}


def test_the_partner_of_an_empty_prompt_is_counted(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "a.jsonl", [{"id": n, "prompt": "p", "response": "r"} for n in (1, 2)])
    write_jsonl(
        tmp_path / "b.jsonl", [{"id": n, "prompt": "p" * (2 - n), "response": "s"} for n in (1, 2)]
    )
    joined = join([load_answers(tmp_path / f"{name}.jsonl") for name in "ab"])
    assert len(joined.cases) == 1
    assert joined.left_out == {"a.jsonl: unusable in b.jsonl": 1, "b.jsonl: empty rows": 1}


@pytest.mark.parametrize(
    "prompt", ["\t", ["a", " "], [{"role": "user", "content": [{"type": "text", "text": "\n"}]}]]
)
def test_an_empty_turn_asks_nothing(tmp_path: Path, prompt: object) -> None:
    pair = {"prompt": "p", "response_a": "r", "response_b": "s", "label": "A"}
    write_jsonl(tmp_path / "p.jsonl", [pair, pair | {"prompt": prompt}])
    assert load_pairs(tmp_path / "p.jsonl").left_out == {"p.jsonl: empty rows": 1}
    assert load_labelled(tmp_path / "p.jsonl", "p").left_out == {"empty prompt": 1}
    answer = {"prompt": "p", "chosen": "r", "rejected": "s"}
    write_jsonl(tmp_path / "t.jsonl", [answer, answer | {"prompt": prompt}, {"prompt": None}])
    if isinstance(prompt, str):
        found = read_pair_rows(tmp_path / "t.jsonl")
        assert (len(found.rows), found.dropped) == (1, {"empty_prompt": 2})


def test_a_tool_may_return_nothing(tmp_path: Path) -> None:
    prompt = [{"role": "user", "content": "p"}, {"role": "tool", "content": ""}]
    write_jsonl(tmp_path / "a.jsonl", [{"prompt": prompt, "response": "r"}])
    assert load_answers(tmp_path / "a.jsonl").counts.used == 1


def test_a_prompt_that_is_empty_in_the_file_of_prompts(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "q.jsonl", [{"id": 1, "prompt": "p"}, {"id": 2, "prompt": " "}])
    write_jsonl(tmp_path / "a.jsonl", [{"id": n, "response": "r"} for n in (1, 2)])
    found = load_answers(tmp_path / "a.jsonl", prompts=tmp_path / "q.jsonl")
    assert (found.counts.used, found.counts.empty) == (1, 1)
    assert "file of prompts is empty" in found.counts.why_empty[0]


def test_a_comparison_of_two_spreadsheets(cli: Cli, here: Path) -> None:
    for name, answers in (("a", ("Seven", "Red")), ("b", ("Nine", "Loud"))):
        rows = "".join(f"Name {i}.,{text},7\r\n" for i, text in enumerate(answers))
        (here / f"{name}.csv").write_text(f"prompt,response,reference\r\n{rows},,\r\n")
    said = cli("compare", "a.csv", "b.csv", "--judge", "overlap", "--json")
    found = said.json
    assert (found["cases"], found["left_out"]) == (
        2,
        {"a.csv: empty rows": 1, "b.csv: empty rows": 1},
    )
    assert said.err.count("empty rows passed over: 1") == 2


def test_a_file_of_nothing_but_empty_rows_is_refused_by_its_first(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("prompt,response\n,\n,\n")
    with pytest.raises(InputError, match=r"none of its 2 rows can be used; the first is line 2"):
        load_answers(tmp_path / "a.csv")
