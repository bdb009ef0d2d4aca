"""Case 17: the commonest layouts of preferences are read, or a line says how to name what lacks."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from answers import write_jsonl

from judgekit.errors import InputError
from judgekit.train.data.rows_reader import read_pair_rows, read_text_rows
from judgekit.types import Message

SYSTEM, USER = Message("system", "Be brief."), Message("user", "Which?")
SIDES = {"chosen": "This.", "rejected": "No idea."}


def said(role: str, content: str) -> dict[str, str]:
    return {"role": role, "content": content}


def told(speaker: str, value: str) -> dict[str, str]:
    return {"from": speaker, "value": value}


ASSISTANT = {name: said("assistant", text) for name, text in SIDES.items()}
WHOLE = {name: [said("user", "Which?"), message] for name, message in ASSISTANT.items()}
ANSWERS = {"response_a": "No idea.", "response_b": "This."}
LAYOUTS: list[tuple[dict[str, Any], object]] = [
    ({"system": "Be brief.", "question": "Which?", **SIDES}, (SYSTEM, USER)),
    ({"system": "", "question": "Which?", **SIDES}, "Which?"),
    ({"instruction": "Which?", "input": "", **SIDES}, "Which?"),
    ({"instruction": "Which?", "input": "A or B", **SIDES}, "Which?\n\nA or B"),
    ({"input": "Which?", "system": "Be brief.", **SIDES}, (SYSTEM, USER)),
    (
        {"instruction": "Which?", "history": [["Hi", "Hello"]], **SIDES},
        (Message("user", "Hi"), Message("assistant", "Hello"), USER),
    ),
    ({"prompt": "Which?", **ASSISTANT}, "Which?"),
    ({"prompt": [said("user", "Which?")], **ASSISTANT}, (USER,)),
    ({"prompt": "Which?", "chosen": WHOLE["chosen"], "rejected": "No idea."}, (USER,)),
    ({**WHOLE, "question": "Which?"}, (USER,)),
    (
        {
            "conversations": [told("system", "Be brief."), told("human", "Which?")],
            "chosen": told("gpt", "This."),
            "rejected": told("gpt", "No idea."),
        },
        (SYSTEM, USER),
    ),
    ({"prompt": "Which?", **ANSWERS, "label": "B"}, "Which?"),
    ({"question": "Which?", **ANSWERS, "winner": "model_b"}, "Which?"),
    ({"prompt": ["Which?"], **{s: [a] for s, a in ANSWERS.items()}, "label": "b"}, (USER,)),
    ({"prompt": "Which?", **ANSWERS, "label": "m", "model_b": "m"}, "Which?"),
]  # fmt: skip


@pytest.mark.parametrize(("row", "prompt"), LAYOUTS)
def test_layouts_are_read(tmp_path: Path, row: dict[str, Any], prompt: object) -> None:
    (found,) = read_pair_rows(write_jsonl(tmp_path / "p.jsonl", [row])).rows
    assert found.prompt == prompt
    assert (found.chosen, found.rejected) == ("This.", "No idea.")
    (taught,) = read_text_rows(tmp_path / "p.jsonl").rows
    assert (taught.prompt, taught.answer) == (prompt, "This.")


def test_two_judged_turns(tmp_path: Path) -> None:
    row = {
        "prompt": ["Hi", "Which?"],
        "response_a": ["Hello", "This."],
        "response_b": ["Hello", "No idea."],
        "label": "A",
    }
    other = row | {"response_b": ["Good day", "No idea."]}
    found = read_pair_rows(write_jsonl(tmp_path / "p.jsonl", [row, other]))
    assert found.rows[0].prompt == (Message("user", "Hi"), Message("assistant", "Hello"), USER)
    assert found.dropped == {"different_prompts": 1}


def test_ties_and_rows_without_a_label_are_counted(tmp_path: Path) -> None:
    rows = [{"prompt": "Which?", **ANSWERS, "label": label} for label in ("A", "tie", None, "")]
    found = read_pair_rows(write_jsonl(tmp_path / "p.jsonl", rows))
    assert (len(found.rows), found.dropped) == (1, {"tie": 1, "unlabelled": 2})


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (SIDES, "no prompt beside it; name the column of the prompt with --columns prompt=NAME"),
        ({"prompt": "Which?", **ANSWERS, "label": 1}, "the label is 1; write A, B or tie"),
        ({"prompt": "a", "question": "b", **SIDES}, "could be the column 'prompt' or 'question'"),
        ({"prompt": "Which?", "history": [["Hi"]], **SIDES}, "the history has ['Hi'], not a pair"),
        (
            {"system": "s", "prompt": [said("system", "t"), said("user", "u")], **SIDES},
            "a column system stands beside a prompt with a system message",
        ),
        ({"text": "t", "better": "b"}, "name them with --columns chosen=NAME,rejected=NAME"),
        (
            {"prompt": "Which?", "chosen": told("human", "This."), "rejected": "No idea."},
            "the chosen answer is a message of the user",
        ),
    ],
)
def test_what_is_missing_is_named(tmp_path: Path, row: dict[str, Any], message: str) -> None:
    write_jsonl(tmp_path / "p.jsonl", [row])
    with pytest.raises(InputError, match=re.escape(message)) as refused:
        read_pair_rows(tmp_path / "p.jsonl")
    assert str(refused.value).startswith(f"{tmp_path / 'p.jsonl'}, line 1: ")


@pytest.mark.parametrize("side", ["chosen", "rejected"])
@pytest.mark.parametrize("between", [[], [said("user", "ok")]])
def test_an_answer_of_several_messages_blames_that_answer(
    tmp_path: Path, side: str, between: list[dict[str, str]]
) -> None:
    several = [said("assistant", "Let me see."), *between, said("assistant", "Trout.")]
    row = {"prompt": [said("user", "Fish?")], **ASSISTANT, side: several}
    write_jsonl(tmp_path / "p.jsonl", [row])
    with pytest.raises(InputError) as refused:
        read_pair_rows(tmp_path / "p.jsonl")
    assert f"line 1: {side} has {len(several)} messages, and one answer is learned: join" in str(
        refused.value
    )
    assert "the prompt ends" not in str(refused.value)


def test_columns_of_other_names_and_paths(tmp_path: Path) -> None:
    rows = [{"doc": {"question": "Which?"}, "Best": ["This."], "worst": "No idea.", "input": 3}]
    columns = {"prompt": "doc.question", "chosen": "Best.0", "rejected": "worst"}
    path = write_jsonl(tmp_path / "p.jsonl", rows)
    (found,) = read_pair_rows(path, columns=columns).rows
    assert (found.prompt, found.chosen, found.rejected) == ("Which?", "This.", "No idea.")
    (taught,) = read_text_rows(path, columns={"prompt": "doc.question", "response": "worst"}).rows
    assert (taught.prompt, taught.answer) == ("Which?", "No idea.")
    with pytest.raises(InputError, match=r"no row has the column 'doc\.answer' \(--columns\); the"):
        read_pair_rows(path, columns=columns | {"margin": "doc.answer"})
    with pytest.raises(InputError, match=r"no part 'choosen'; did you mean 'chosen'\?"):
        read_pair_rows(path, columns={"choosen": "worst"})


def test_the_number_of_a_message_is_that_in_its_list(tmp_path: Path) -> None:
    wrong = [said("user", "Which?"), said("assistant", "x"), said("user", "y"), said("model", "z")]
    write_jsonl(tmp_path / "p.jsonl", [{"chosen": WHOLE["chosen"], "rejected": wrong}])
    with pytest.raises(InputError, match="message 4 has the role 'model'"):
        read_pair_rows(tmp_path / "p.jsonl")
