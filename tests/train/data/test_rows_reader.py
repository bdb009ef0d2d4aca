"""Rows of every layout, what is refused by line, and what is left out and counted."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgekit.errors import InputError
from judgekit.pairs import PreferencePair, write_pairs
from judgekit.train.data.rows import PairRow, TextRow
from judgekit.train.data.rows_reader import hold_out, read_pair_rows, read_text_rows
from judgekit.types import Message

USER = {"role": "user", "content": "Q"}
SYSTEM = {"role": "system", "content": "Be brief."}
MESSAGE = Message("user", "Q")
PAIR = {"prompt": "Q", "chosen": "yes", "rejected": "no"}


def answer(text: object) -> dict[str, object]:
    return {"role": "assistant", "content": text}


def turn(speaker: str, text: str) -> str:
    return f"\n\n{speaker}: {text}"


HH = turn("Human", "Q") + "\n\nAssistant:"


def write(path: Path, *rows: Mapping[str, Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "data.jsonl"


WHOLE = {"chosen": [USER, answer("yes")], "rejected": [USER, answer("no")]}
ASKED = (MESSAGE,)


@pytest.mark.parametrize(
    ("row", "found"),
    [
        (PAIR, ("Q", "yes", "no")),
        ({**PAIR, "prompt": [USER]}, (ASKED, "yes", "no")),
        ({**PAIR, "prompt": [USER], "chosen": [answer("yes")]}, (ASKED, "yes", "no")),
        (
            {"prompt": [SYSTEM, USER], "chosen": [answer("yes")], "rejected": [answer("no")]},
            ((Message("system", "Be brief."), MESSAGE), "yes", "no"),
        ),
        (WHOLE, (ASKED, "yes", "no")),
        ({**WHOLE, "prompt": "Q", "messages": WHOLE["chosen"]}, (ASKED, "yes", "no")),
        ({**WHOLE, "prompt": [USER]}, (ASKED, "yes", "no")),
        ({"chosen": HH + " yes", "rejected": HH + " no"}, (HH, " yes", " no")),
        ({"prompt": None, "chosen": HH + " yes", "rejected": HH + " no"}, (HH, " yes", " no")),
        ({"prompt": HH, "chosen": " yes", "rejected": " no"}, (HH, " yes", " no")),
        ({"prompt": "Q\r\n", "chosen": "🙂\r\n", "rejected": "n"}, ("Q\r\n", "🙂\r\n", "n")),
        (
            {
                "instruction": "Q",
                "completions": [
                    {"response": "no", "overall_score": 2},
                    {"response": "yes", "overall_score": 7.5},
                ],
            },
            ("Q", "yes", "no"),
        ),
    ],
)
def test_layouts(file: Path, row: dict[str, Any], found: tuple[Any, str, str]) -> None:
    (read,) = read_pair_rows(write(file, row)).rows
    assert (read.prompt, read.chosen, read.rejected) == found
    assert read.place == f"{file}, line 1"


@pytest.mark.parametrize(
    ("columns", "margin", "probability"),
    [
        ({}, None, None),
        ({"margin": 2, "probability": 0.75}, 2.0, 0.75),
        ({"score_chosen": 8.5, "score_rejected": 3}, 5.5, None),
        ({"score_chosen": 8.5}, None, None),
        ({"margin": 1, "score_chosen": 8, "score_rejected": 3}, 1.0, None),
        ({"margin": None, "probability": None}, None, None),
        ({"margin": "", "probability": "0.5"}, None, 0.5),
    ],
)
def test_numbers(
    file: Path, columns: dict[str, Any], margin: float | None, probability: float | None
) -> None:
    (found,) = read_pair_rows(write(file, {**PAIR, **columns})).rows
    assert (found.margin, found.probability) == (margin, probability)


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"prompt": "Q", "chosen": "yes"}, "the rejected answer is missing"),
    ({"prompt": "Q", "rejected": "no"}, "the chosen answer is missing"),
    ({"prompt": "Q", "response": "yes"}, r"no preference in its columns \('prompt', 'response'\)"),
    ({**PAIR, "prompt": 3}, "the prompt is 3, not text"),
    ({**PAIR, "prompt": ["a", "b"]}, "the prompt lists 2 user turns"),
    ({**PAIR, "prompt": [USER, answer("A")]}, "ends with a message of the assistant"),
    ({**PAIR, "prompt": [{"role": "human", "content": "Q"}]}, "message 1 has the role 'human'"),
    ({**PAIR, "chosen": True}, "the chosen answer is true, not text"),
    ({**PAIR, "rejected": [USER]}, "the rejected answer is a message of the user"),
    ({**PAIR, "rejected": ""}, "the rejected answer is empty"),
    ({**PAIR, "chosen": " \n"}, "the chosen answer is empty"),
    ({**PAIR, "chosen": "no "}, "chosen and rejected are the same text, 'no '"),
    ({"chosen": "yes", "rejected": "no"}, "chosen is 'yes', not a whole conversation"),
    ({"chosen": [USER, answer("y")], "rejected": "no"}, "rejected is 'no', not a whole conv"),
    ({**PAIR, "chosen": [SYSTEM, USER, answer("y")]}, "answer different conversations"),
    ({"chosen": [USER], "rejected": [USER]}, "the last message of chosen is a message of the user"),
    ({"chosen": [answer("y")], "rejected": [answer("n")]}, "is an answer without a prompt"),
    (
        {"chosen": [USER, answer("y")], "rejected": [SYSTEM, USER, answer("n")]},
        "chosen and rejected answer different conversations",
    ),
    (
        {"prompt": "P", "chosen": [USER, answer("y")], "rejected": [USER, answer("n")]},
        "the prompt is not part of the conversations",
    ),
    ({**PAIR, "margin": "wide"}, "the margin is 'wide', not a number"),
    ({**PAIR, "margin": True}, "the margin is true, not a number"),
    ({**PAIR, "margin": -1}, "the margin is -1.0, so the rejected answer is better"),
    ({**PAIR, "score_chosen": 1, "score_rejected": 2}, "the margin is -1.0"),
    ({**PAIR, "probability": 1.5}, "the probability is 1.5"),
    ({"prompt": "Q", "completions": "none"}, "the completions are 'none'"),
]


@pytest.mark.parametrize(("row", "message"), WRONG)
def test_a_file_stops_at_its_first_wrong_row(file: Path, row: dict[str, Any], message: str) -> None:
    write(file, PAIR, row, PAIR, row)
    with pytest.raises(InputError, match=message) as raised:
        read_pair_rows(file)
    said = str(raised.value)
    assert said.startswith(f"{file}, line 2: ")
    assert said.endswith("; correct or remove that row (rows to correct: 2)")
    assert "\n" not in said


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "no rows; write one JSON object per line"),
        ("\n\n", "no rows; write one JSON object per line"),
        (json.dumps(PAIR) + "\n{\n", "line 2: not JSON"),
        ("[1]", r"element 1: 1 is not an object"),
        (json.dumps([PAIR, {**PAIR, "chosen": ""}]), "element 2: the chosen answer is empty"),
    ],
)
def test_a_file_that_cannot_be_read(file: Path, content: str, message: str) -> None:
    file.write_text(content)
    with pytest.raises(InputError, match=message):
        read_pair_rows(file)


def test_transcripts_of_no_use_are_counted(file: Path) -> None:
    rows = [
        {"chosen": HH + " yes", "rejected": HH + " no"},
        {"chosen": HH + " yes", "rejected": turn("Human", "P") + "\n\nAssistant: no"},
        {"chosen": HH + " yes", "rejected": HH + " yes"},
        {"chosen": HH, "rejected": HH + " no"},
    ]
    found = read_pair_rows(write(file, *rows))
    assert len(found.rows) == 1
    assert found.dropped == {"different_prompts": 1, "identical": 1, "empty": 1}


def test_where_nothing_is_left(file: Path) -> None:
    write(file, {"chosen": HH, "rejected": HH}, {"chosen": HH + " a", "rejected": HH + " a"})
    with pytest.raises(InputError, match=r"none of 2 rows can be used; the first is .*, line 1"):
        read_pair_rows(file)


def test_a_limit_counts_rows_as_they_stand(file: Path) -> None:
    rows: list[dict[str, Any]] = [{"chosen": HH, "rejected": HH}, PAIR, PAIR, {"broken": 1}]
    found = read_pair_rows(write(file, *rows), limit=2)
    assert ([row.prompt for row in found.rows], found.dropped) == (["Q"], {"empty": 1})
    with pytest.raises(InputError, match="the limit of rows must be at least 1, not 0"):
        read_pair_rows(file, limit=0)


def test_pairs_as_judgekit_writes_them(tmp_path: Path) -> None:
    prompt = (Message("system", "S"), Message("user", "P"), Message("assistant", "A"), MESSAGE)
    pair = PreferencePair(
        prompt=prompt,
        chosen="yes",
        rejected="no",
        chosen_model="m",
        rejected_model="n",
        margin=0.5,
        case="1",
        cluster="c",
        category=None,
        judgements=("j",),
        judge="pairwise",
        model=None,
        run="r",
    )
    path = tmp_path / "pairs.jsonl"
    write_pairs([pair], path)
    found = read_pair_rows(path)
    assert found.rows == [PairRow(prompt, "yes", "no", f"{path}, line 1", "c", 0.5)]


def test_csv_and_gzip(tmp_path: Path) -> None:
    table = tmp_path / "pairs.csv"
    with table.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow([*PAIR, "margin"])
        writer.writerow(["Q\r\nR", "yes\r\n", "no", "0.5"])
    (row,) = read_pair_rows(table).rows
    assert (row.prompt, row.chosen, row.margin) == ("Q\r\nR", "yes\r\n", 0.5)
    packed = tmp_path / "train.jsonl.gz"
    packed.write_bytes(gzip.compress(json.dumps(PAIR).encode(), mtime=0))
    assert read_pair_rows(str(packed)).rows[0].chosen == "yes"


def test_the_same_prompt_is_one_cluster_in_every_layout(file: Path) -> None:
    rows: list[dict[str, Any]] = [
        PAIR,
        {**PAIR, "prompt": [USER]},
        {**PAIR, "prompt": [USER, answer("A"), {"role": "user", "content": "R"}]},
        {"chosen": HH + " yes", "rejected": HH + " no"},
        {"chosen": HH + " A" + HH + " yes", "rejected": HH + " A" + HH + " no"},
        {**PAIR, "prompt": "P"},
        {**PAIR, "cluster": "own"},
        {**PAIR, "cluster": ""},
    ]
    clusters = [row.cluster for row in read_pair_rows(write(file, *rows)).rows]
    assert len({*clusters[:5], clusters[7]}) == 1
    assert clusters[6] == "own"
    assert len(set(clusters)) == 3


def test_a_huge_row(file: Path) -> None:
    (row,) = read_pair_rows(write(file, {**PAIR, "chosen": "word " * 2_000_000})).rows
    assert len(row.chosen) == 10_000_000


@pytest.mark.parametrize(
    ("row", "taught"),
    [
        ({"prompt": "Q", "response": "A"}, [("Q", "A")]),
        ({"id": 1, "instruction": "Q", "output": "A", "generator": "m"}, [("Q", "A")]),
        ({"instruction": "Q", "input": "X", "output": "A"}, [("Q\n\nX", "A")]),
        ({"instruction": "Q", "input": "", "output": "A"}, [("Q", "A")]),
        ({"prompt": "Q", "completion": "A"}, [("Q", "A")]),
        ({"prompt": [USER], "completion": [answer("A")]}, [((MESSAGE,), "A")]),
        ({"messages": [USER, answer("A")]}, [((MESSAGE,), "A")]),
        ({"prompt": "Q", "messages": [USER, answer("A")]}, [((MESSAGE,), "A")]),
        ({"messages": [USER], "response": "A"}, [((MESSAGE,), "A")]),
        (PAIR, [("Q", "yes")]),
        ({"chosen": HH + " yes", "rejected": HH + " no"}, [(HH, " yes")]),
        (
            {"prompt": ["Q", "R"], "response": ["A", "B"]},
            [
                ((MESSAGE,), "A"),
                ((MESSAGE, Message("assistant", "A"), Message("user", "R")), "B"),
            ],
        ),
        (
            {"turns": ["Q"], "choices": [{"index": 0, "turns": ["A"]}], "question_id": 81},
            [((MESSAGE,), "A")],
        ),
    ],
)
def test_texts(file: Path, row: dict[str, Any], taught: list[tuple[Any, str]]) -> None:
    found = read_text_rows(write(file, row)).rows
    assert [(r.prompt, r.answer) for r in found] == taught
    assert len({r.cluster for r in found}) == 1


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"text": "A"}, r"no column for the prompt \(its columns: 'text'\)"),
        ({"prompt": "Q"}, "no column for the response"),
        ({"prompt": "Q", "response": " "}, "the answer is empty"),
        ({"prompt": "Q", "response": None, "output": 3}, "the response is 3, not text"),
        ({"prompt": "Q", "response": "A", "output": "B"}, "the column 'response' or 'output'"),
        ({"messages": [USER]}, "the last message of messages is a message of the user"),
        ({"messages": [answer("A")]}, "is an answer without a prompt"),
        ({"prompt": ["Q", "R"], "response": ["A"]}, "has 1 answer for 2 user turns"),
    ],
)
def test_wrong_texts(file: Path, row: dict[str, Any], message: str) -> None:
    write(file, {"prompt": "Q", "response": "A"}, row)
    with pytest.raises(InputError, match=message) as raised:
        read_text_rows(file)
    assert str(raised.value).startswith(f"{file}, line 2: ")


def rows_of(clusters: Iterable[str]) -> list[TextRow]:
    return [TextRow("Q", str(i), f"row {i}", name) for i, name in enumerate(clusters)]


@given(
    st.lists(st.sampled_from("abcdefghij"), max_size=40),
    st.floats(0, 1, exclude_max=True),
    st.integers(0, 3),
)
def test_held_out(clusters: list[str], share: float, seed: int) -> None:
    rows = rows_of(clusters)
    train, held = hold_out(rows, share, seed)
    names = {r.cluster for r in train}, {r.cluster for r in held}
    assert not names[0] & names[1]
    assert sorted([*train, *held], key=rows.index) == rows
    assert [train, held] == [sorted(side, key=rows.index) for side in (train, held)]
    if len(set(clusters)) >= 2:
        assert train
        assert bool(held) == (share > 0)
        assert abs(len(names[1]) - share * len(set(clusters))) <= 1
    else:
        assert not held
    again = hold_out(rows[::-1], share, seed)
    assert {r.cluster for r in again[1]} == names[1]


def test_seeds_hold_out_different_prompts() -> None:
    rows = rows_of(map(str, range(100)))
    assert len({frozenset(r.cluster for r in hold_out(rows, 0.1, s)[1]) for s in range(5)}) == 5


@pytest.mark.parametrize("share", [-0.1, 1.0, float("nan")])
def test_a_share_that_is_none(share: float) -> None:
    with pytest.raises(InputError, match="eval_share must be from 0 to below 1"):
        hold_out(rows_of("ab"), share, 0)
