"""Further columns: kept where a judge needs them, one value for each case."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from answers import write_jsonl

from judgekit import io
from judgekit.errors import InputError
from judgekit.io.case_columns import read_column
from judgekit.io.labelled_pairs import keep_labelled, load_labelled
from judgekit.io.names import MISSING
from judgekit.types import Case

NEEDS = io.Needs(("context",))
ROW = {"id": "q", "prompt": "Who?", "response": "She did."}


def read(rows: list[dict[str, Any]], folder: Path, name: str = "a.jsonl", **how: Any) -> io.Answers:
    return io.load_answers(write_jsonl(folder / name, rows), needs=NEEDS, **how)


def one_case(joined: io.Joined) -> Case:
    [case] = joined.cases
    return case


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a text", "a text"),
        (["one", "two"], ("one", "two")),
        (["one", {"title": "é", "n": 1}, None, 2.5], ("one", '{"title":"é","n":1}', "null", "2.5")),
        ({"text": "one"}, '{"text":"one"}'),
        (7, "7"),
        (False, "false"),
        ([], ()),
        ([""], ("",)),
        (None, None),
        ("", None),
        (" \n", None),
        (MISSING, None),
    ],
)
def test_a_value_is_a_text_or_a_tuple_of_texts(value: object, expected: object) -> None:
    assert read_column(value, "context") == expected


def test_a_value_that_is_no_json_is_refused(tmp_path: Path) -> None:
    rows = io.as_input([ROW | {"context": ["one", object()]}], "a")
    with pytest.raises(
        InputError, match=r"argument a, row 1: the context holds .*neither text nor"
    ):
        io.load_answers(rows, needs=NEEDS)


def test_only_needed_columns_are_kept(tmp_path: Path) -> None:
    rows = [ROW | {"context": "held", "notes": "not held"}]
    answers = read(rows, tmp_path)
    case = one_case(io.join([answers]))
    assert case.columns == (("context", "held"),)
    assert case.column("context") == "held"
    with pytest.raises(KeyError, match="notes"):
        case.column("notes")
    plain = io.load_answers(tmp_path / "a.jsonl")
    assert one_case(io.join([plain])).columns == ()


@pytest.mark.parametrize(
    ("column", "given"),
    [
        ("context", {}),
        ("Context", {}),
        ("CONTEXT ", {}),
        ("docs", {"context": "docs"}),
        ("Docs", {"context": "docs"}),
        ("doc", {"context": "doc.text"}),
    ],
)
def test_the_column_by_its_name_spelling_or_flag(
    column: str, given: dict[str, str], tmp_path: Path
) -> None:
    value: Any = {"text": "held"} if column == "doc" else "held"
    answers = read([ROW | {column: value}], tmp_path, columns=given)
    assert one_case(io.join([answers])).column("context") == "held"


def test_two_spellings_of_one_name(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the context could be the column 'Context' or 'CONTEXT'"):
        read([ROW | {"Context": "x", "CONTEXT": "y"}], tmp_path)


def test_a_needed_column_may_be_a_part_of_the_row_as_well(tmp_path: Path) -> None:
    path = write_jsonl(tmp_path / "a.jsonl", [ROW | {"category": "maths", "group": "x"}])
    answers = io.load_answers(path, needs=io.Needs(("category", "group")))
    case = one_case(io.join([answers]))
    assert (case.category, case.prompt[0].content) == ("maths", "Who?")
    assert case.columns == (("category", "maths"), ("group", "x"))


def test_delimited_and_gzipped_files(tmp_path: Path) -> None:
    table = tmp_path / "a.csv"
    table.write_text('id,prompt,response,context\nq,Who?,She did.,"a, b"\n', encoding="utf-8")
    assert one_case(io.join([io.load_answers(table, needs=NEEDS)])).column("context") == "a, b"
    packed = tmp_path / "a.jsonl.gz"
    packed.write_bytes(gzip.compress(json.dumps(ROW | {"context": ["a", "b"]}).encode()))
    assert one_case(io.join([io.load_answers(packed, needs=NEEDS)])).column("context") == ("a", "b")


def test_parquet_files_and_frames(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    frame = pandas.DataFrame([ROW | {"context": ["a", "b"]}])
    frame.to_parquet(tmp_path / "a.parquet")
    for given in (tmp_path / "a.parquet", frame):
        answers = io.load_answers(io.as_input(given, "a"), needs=NEEDS)
        assert one_case(io.join([answers])).column("context") == ("a", "b")


def test_any_of_several_files_may_hold_it(tmp_path: Path) -> None:
    files = [read([ROW], tmp_path), read([ROW | {"context": "held"}], tmp_path, "b.jsonl")]
    joined = io.join(files)
    assert one_case(joined).column("context") == "held"
    assert not joined.lacking


def test_two_values_for_one_case(tmp_path: Path) -> None:
    files = [
        read([ROW | {"context": text}], tmp_path, name)
        for name, text in (("a.jsonl", "one"), ("b.jsonl", "two"))
    ]
    with pytest.raises(InputError) as error:
        io.join(files)
    assert str(error.value) == (
        f"{tmp_path}/b.jsonl, line 1: another value in the column 'context' than in "
        f"{tmp_path}/a.jsonl, line 1; a case has one, so correct one of them, or leave the column "
        "out of one file"
    )


def test_two_values_for_one_prompt_to_rank(tmp_path: Path) -> None:
    rows = [{**ROW, "model": model, "context": model} for model in ("m", "n")]
    with pytest.raises(InputError, match=r"a\.jsonl, line 2: another value .*a\.jsonl, line 1"):
        io.load_candidates(write_jsonl(tmp_path / "a.jsonl", rows), needs=NEEDS)


def test_one_id_with_two_values(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="line 2: the id 'q' stands in line 1 with other content"):
        read([ROW | {"context": "one"}, ROW | {"context": "two"}], tmp_path)


def test_the_file_of_prompts_may_hold_it(tmp_path: Path) -> None:
    prompts = write_jsonl(tmp_path / "p.jsonl", [{"id": "q", "prompt": "Who?", "context": "held"}])
    answers = read([{"id": "q", "response": "She did."}], tmp_path, prompts=prompts)
    assert one_case(io.join([answers])).column("context") == "held"
    other = [{"id": "q", "response": "She did.", "context": "another"}]
    with pytest.raises(InputError, match=r"line 1: another value .* than the file of prompts has"):
        read(other, tmp_path, prompts=prompts)


def test_pairs_and_their_places(tmp_path: Path) -> None:
    pair = {"prompt": "Who?", "response_a": "She.", "response_b": "He."}
    rows = [pair | {"id": "1", "context": ["x"]}, pair | {"id": "2", "context": None}]
    joined = io.load_pairs(write_jsonl(tmp_path / "p.jsonl", rows), needs=NEEDS)
    assert [case.columns for case in joined.cases] == [(("context", ("x",)),), ()]
    assert joined.lacking == {"2": f"{tmp_path}/p.jsonl, line 2"}
    assert joined.columns == ("prompt", "response_a", "response_b", "id", "context")


def test_labelled_pairs_keep_it_when_they_are_written(tmp_path: Path) -> None:
    pair = {"prompt": "Who?", "response_a": "She.", "response_b": "He.", "label": "A"}
    path = write_jsonl(tmp_path / "set.jsonl", [pair | {"context": ["x", {"n": 1}]}])
    labelled = load_labelled(path, "mine", needs=NEEDS)
    kept = keep_labelled(labelled, tmp_path)
    assert one_case(io.load_pairs(kept, needs=NEEDS)).column("context") == ("x", '{"n":1}')
    with pytest.raises(InputError, match=r"set\.jsonl, line 1: no value in the column 'notes'"):
        load_labelled(path, "mine", needs=io.Needs(("notes",)))
