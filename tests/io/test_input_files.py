"""Awkward and real files: each is read rightly, or refused in one line with a way out."""

from __future__ import annotations

import itertools
import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from judgekit.errors import InputError
from judgekit.io import Answers, holds_pairs, join, load_answers, load_pairs, read_rows

# What becomes of each file: (rows, used, duplicates, repaired) where it is read, else the line
# that refuses it; with how many rows are kept by --skip-bad-rows where it can keep any.
PLAIN = (10, 10, 0, 0)
READ: dict[str, tuple[int, int, int, int]] = {
    "x.jsonl": PLAIN,
    "alt_columns.jsonl": PLAIN,
    "array.json": PLAIN,
    "array_named_jsonl.jsonl": PLAIN,
    "blank_lines.jsonl": PLAIN,
    "bom.jsonl": PLAIN,
    "crlf.jsonl": PLAIN,
    "gzip_named_jsonl.jsonl": PLAIN,
    "no_final_newline.jsonl": PLAIN,
    "no_ids.jsonl": PLAIN,
    "utf16.jsonl": PLAIN,
    "y_string_ids.jsonl": PLAIN,
    "y_other_prompt.jsonl": PLAIN,
    "y_shuffled_missing.jsonl": (11, 11, 0, 0),
    "dup_same.jsonl": (3, 2, 1, 0),
    "lone_surrogate.jsonl": (2, 2, 0, 1),
    "raw_control_chars.jsonl": (1, 1, 0, 0),
    "raw_u2028.jsonl": (2, 2, 0, 0),
}
REFUSED: dict[str, tuple[str, int]] = {
    "deep_nesting.jsonl": ("line 1: nested too deeply to be read; remove that column", 0),
    "dup_conflict.jsonl": ("line 3: the id '1' stands in line 1 with other content; give", 0),
    "empty.jsonl": ("no rows; write one JSON object per line", 0),
    "invalid_utf8.jsonl": ("line 5: the byte 0xe9 is not UTF-8; save the file as UTF-8", 9),
    "missing_field.jsonl": ("line 2: the response is missing (there is no 'response' in it)", 1),
    "nan.jsonl": ("line 1: the response is nan, not text; correct the line, or leave", 1),
    "nonstring_response.jsonl": ("line 1: the response is true, not text; correct the line", 0),
    "not_objects.jsonl": ("line 1: [1, 2] is not an object of columns and values; correct", 0),
    "odd_ids.jsonl": ("line 2: the id is empty; an id is text or a whole number; correct", 5),
    "truncated.jsonl": ("line 10: not JSON (Expecting property name", 9),
}


def nesting_is_bounded() -> bool:
    """Whether this Python's JSON parser gives up on 3 000 nested lists; some newer ones do not."""
    try:
        json.loads("[" * 3000 + "]" * 3000)
    except RecursionError:
        return True
    return False


if not nesting_is_bounded():
    READ["deep_nesting.jsonl"] = (1, 1, 0, 0)
    del REFUSED["deep_nesting.jsonl"]
SAME_AS_X = [name for name, counts in READ.items() if counts == PLAIN and name[0] != "y"]


@pytest.fixture(scope="module")
def awkward(shared: Path) -> Path:
    return shared / "data" / "nasty_files"


def test_the_tables_name_every_awkward_file(awkward: Path) -> None:
    index = {row.data["file"] for row in read_rows(awkward / "_index.jsonl")}
    assert READ.keys() | REFUSED.keys() == index


@pytest.mark.parametrize("name", READ)
def test_awkward_files_that_are_read(awkward: Path, name: str) -> None:
    counts = load_answers(awkward / name).counts
    assert (counts.rows, counts.used, counts.duplicates, counts.repaired) == READ[name]


@pytest.mark.parametrize("name", SAME_AS_X)
def test_plain_files_in_other_dress_hold_the_plain_texts(awkward: Path, name: str) -> None:
    plain, other = load_answers(awkward / "x.jsonl"), load_answers(awkward / name)
    cases = join([plain, other]).cases
    assert [case.id for case in cases] == [str(number) for number in range(1, 11)]
    assert all(case.identical for case in cases)


@pytest.mark.parametrize("name", REFUSED)
def test_awkward_files_that_are_refused(awkward: Path, name: str) -> None:
    said, kept = REFUSED[name]
    with pytest.raises(InputError) as refused:
        load_answers(awkward / name)
    message = str(refused.value)
    assert f"{name}, {said}" in message or f"{name}: {said}" in message
    assert len(message.splitlines()) == 1
    if kept:
        counts = load_answers(awkward / name, skip_bad_rows=True).counts
        assert (counts.used, counts.skipped) == (kept, counts.rows - kept)


def test_every_value_that_is_no_answer_is_refused_by_its_line(
    awkward: Path, write: Callable[..., Path]
) -> None:
    rows = read_rows(awkward / "nonstring_response.jsonl")
    assert len(rows) == 6
    for row in rows:
        with pytest.raises(InputError, match=r"one\.jsonl.* line 1: the (response|prompt) is "):
            load_answers(write("one.jsonl", [row.data]))


def test_odd_but_lawful_texts_are_kept(awkward: Path) -> None:
    def responses(name: str) -> list[str]:
        return [row.responses[0] for row in load_answers(awkward / name).rows]

    assert responses("lone_surrogate.jsonl") == ["x \ufffd y", "ok 😀"]
    assert responses("raw_u2028.jsonl") == ["a\u2028b", "c\x85d"]
    assert responses("raw_control_chars.jsonl") == ["tab\there"]


def test_awkward_partners(awkward: Path) -> None:
    plain = load_answers(awkward / "x.jsonl")
    missing = load_answers(awkward / "y_shuffled_missing.jsonl")
    with pytest.raises(InputError, match=r"x\.jsonl, line 3: the id '3' is not in .*--join inner"):
        join([plain, missing])
    inner = join([plain, missing], how="inner")
    assert len(inner.cases) == 9
    assert sum(inner.left_out.values()) == 3
    assert len(join([plain, load_answers(awkward / "y_string_ids.jsonl")]).cases) == 10
    with pytest.raises(InputError, match=r"y_other_prompt\.jsonl, line 5: the id '5' has another"):
        join([plain, load_answers(awkward / "y_other_prompt.jsonl")], how="inner")


def test_awkward_pairs(shared: Path) -> None:
    path = shared / "data" / "nasty.jsonl"
    joined = load_pairs(path)
    raw = {row.data["id"]: row.data for row in read_rows(path)}
    assert [case.id for case in joined.cases] == list(raw)
    assert all(
        tuple(response.text for response in case.responses)
        == (raw[case.id]["response_a"], raw[case.id]["response_b"])
        for case in joined.cases
    )
    assert joined.repaired == 1
    assert joined.left_out == {}


@pytest.fixture(scope="module")
def alpaca(shared: Path) -> dict[str, Answers]:
    files = sorted((shared / "data" / "answers" / "alpaca").glob("*.jsonl"))
    return {file.stem: load_answers(file) for file in files}


def test_real_answers_in_pairs(alpaca: dict[str, Answers]) -> None:
    assert len(alpaca) == 9
    for a, b in itertools.combinations(alpaca, 2):
        files = [alpaca[a], alpaca[b]]
        if "phi-2" in (a, b):
            missing = r"the id 'alpaca-131' is not in \S*phi-2\.jsonl \(2 rows"
            with pytest.raises(InputError, match=missing):
                join(files)
        joined = join(files, how="inner")
        assert len(joined.cases) == (803 if "phi-2" in (a, b) else 805)
        assert sum(joined.left_out.values()) == sum(c.rows - c.used for c in joined.counts)
        assert joined.models == (a, b)
        assert len({case.id for case in joined.cases}) == len(joined.cases)


def test_real_empty_answers_stay(alpaca: dict[str, Answers]) -> None:
    assert sum(row.responses == ("",) for row in alpaca["gemma-2b-it"].rows) == 22


def test_real_answers_of_two_turns(shared: Path) -> None:
    files = sorted((shared / "data" / "answers" / "mt_bench").glob("*.jsonl"))
    joined = join([load_answers(file) for file in files])
    assert len(joined.cases) == 160
    assert joined.models == tuple(file.stem for file in files)
    assert [case.id for case in joined.cases[:3]] == ["81/1", "81/2", "82/1"]
    assert Counter(Counter(case.cluster for case in joined.cases).values()) == {2: 80}
    assert all(len(case.prompt) == len(case.responses[0].earlier) + 1 for case in joined.cases)


@pytest.mark.parametrize(
    ("name", "cases", "models"),
    [
        ("autoj_pairwise.jsonl", 1392, ("a", "b")),
        ("hh_harmless.jsonl.gz", 1632, ("a", "b")),
        ("hhh.jsonl", 221, ("a", "b")),
        ("judgebench_gpt4o.jsonl", 350, ("a", "b")),
        ("llmbar.jsonl", 419, ("a", "b")),
        ("mtbench200.jsonl", 200, ("a", "b")),
        ("mtbench_human.jsonl.gz", 925, ("a", "b")),
        ("mtbench_phi3.jsonl", 75, ("phi-3", "phi-3-dpo")),
        ("pandalm.jsonl", 999, ("a", "b")),
    ],
)
def test_real_pairs(shared: Path, name: str, cases: int, models: tuple[str, str]) -> None:
    path = shared / "data" / "pairs" / name
    joined = load_pairs(path)
    assert holds_pairs(path)
    assert (len(joined.cases), joined.models, joined.left_out) == (cases, models, {})
    ids = {case.id for case in joined.cases}
    assert ids == {row.data["id"] for row in read_rows(path)}


def test_real_pairs_of_two_turns_have_a_history(shared: Path) -> None:
    cases = load_pairs(shared / "data" / "pairs" / "mtbench_human.jsonl.gz").cases
    second = [case for case in cases if case.responses[0].earlier]
    assert len(second) == 461
    assert all(len(case.prompt) == 2 for case in second)
    assert sum(case.reference is not None for case in second) == 173
    assert {response.model for case in cases for response in case.responses} >= {"gpt-4"}


def test_real_questions_and_references_beside_the_answers(
    shared: Path, write: Callable[..., Path]
) -> None:
    folder = shared / "data"
    rows: list[dict[str, Any]] = []
    for row in read_rows(folder / "answers" / "mt_bench" / "gpt-4.jsonl"):
        choice = {"index": 0, "turns": row.data["response"]}
        rows.append({"question_id": row.data["id"], "model_id": "gpt-4", "choices": [choice]})
    answers = load_answers(
        write("model_answer.jsonl", rows),
        prompts=folder / "mt_bench" / "questions.jsonl",
        references=folder / "mt_bench" / "reference_answers.jsonl",
    )
    direct = load_answers(folder / "answers" / "mt_bench" / "gpt-4.jsonl")
    assert [row.prompt for row in answers.rows] == [row.prompt for row in direct.rows]
    assert [row.responses for row in answers.rows] == [row.responses for row in direct.rows]
    assert [row.category for row in answers.rows] == [row.category for row in direct.rows]
    given = {
        row.data["question_id"] for row in read_rows(folder / "mt_bench/reference_answers.jsonl")
    }
    in_questions = {
        row.data["question_id"]
        for row in read_rows(folder / "mt_bench" / "questions.jsonl")
        if "reference" in row.data
    }
    with_reference = {int(row.id) for row in answers.rows if row.id and row.references}
    assert with_reference == given | in_questions


def test_real_files_with_two_likely_columns_are_asked_about(shared: Path) -> None:
    path = shared / "data" / "single" / "autoj_gpt4_single.jsonl.gz"
    with pytest.raises(InputError, match=re.escape("'response' or 'completion'")):
        load_answers(path)
    assert len(load_answers(path, columns={"response": "response"}).rows) == 480
