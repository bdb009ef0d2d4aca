"""Case 91: each format that the guide names reads a reply as its source writes it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from places import DOCS

from judgekit.judging.parsing import read
from judgekit.judging.templates import FORMATS, Head, Prompts
from judgekit.types import Choice, Reply

FIRST, SECOND, TIE = Choice.FIRST, Choice.SECOND, Choice.TIE
A_B, M = ("A", "B"), ("m", "M")

REPLIES = {
    "label": (Head("pair", "label"), A_B, "Both are fine.\n\nFinal verdict: [[C]]", TIE),
    "arena": (Head("pair", "arena"), A_B, "My final verdict is: [[B>>A]]", SECOND),
    "scores": (Head("pair", "scores", (1, 10)), A_B, "8 7\nThe first is longer.", FIRST),
    "list": (Head("pair", "list", (1, 10)), A_B, "[A] Score: 8\n[B] Score: 7", FIRST),
    "token": (Head("pair", "token", tie=None), M, "M", SECOND),
    "json": (Head("pair", "json"), A_B, '{"reason": "short", "winner": "B"}', SECOND),
    "statement": (
        Head("pair", "statement"),
        ("a", "b"),
        "Therefore, Output (b) is better.",
        SECOND,
    ),
    "line": (Head("pair", "line", tie="Tie"), ("1", "2"), "2\n\n### Reason: 1 is wrong.", SECOND),
    "announced": (
        Head("pair", "announced", tie="Tie"),
        ("1", "2"),
        "So, the final decision is Response 1.",
        FIRST,
    ),
    "ranked": (
        Head("pair", "ranked", tie=None),
        M,
        '{"ordered_models": [{"model": "M", "rank": 1}, {"model": "m", "rank": 2}]}',
        SECOND,
    ),
    "rating": (Head("single", "rating", (1, 10)), (), "It is good. Rating: [[7]]", 7),
    "score": (Head("single", "score", (0, 5)), (), "It meets four.\nScore: 4", 4),
    "grade": (
        Head("single", "grade", label="GRADE", values=(("C", 1.0), ("I", 0.0))),
        (),
        "It is right.\nGRADE: C",
        1,
    ),
    "result": (Head("single", "result", (1, 5)), (), "Feedback: clear. [RESULT] 4", 4),
    "class": (
        Head("single", "class", label="Class", classes=("pass", "fail")),
        (),
        "It does what was asked.\nClass: pass",
        "pass",
    ),
    "number": (Head("single", "number", (0, 9)), (), "7", 7),
}


def test_each_documented_format_has_a_reply_here() -> None:
    text = (DOCS / "guides" / "prompts.md").read_text(encoding="utf-8")
    documented = re.findall(r"^\| `(\w+)` \| (?:pairs|single answers) \|", text, re.MULTILINE)
    assert set(documented) == set(REPLIES) == set(FORMATS)


@pytest.mark.parametrize("name", REPLIES)
def test_a_reply_of_the_source(name: str) -> None:
    head, names, text, expected = REPLIES[name]
    verdict = read(Reply(text), head, names)
    assert (verdict.choice or verdict.label or verdict.score) == expected


def row(tmp_path: Path, kind: str, form: str) -> Head:
    answers = "{answer_a} {answer_b}" if kind == "pairwise" else "{answer}"
    plain = {
        "name": "mine",
        "type": kind,
        "system_prompt": "You rate.",
        "prompt_template": "{question} " + answers,
        "output_format": form,
    }
    path = tmp_path / "prompts.jsonl"
    path.write_text(json.dumps(plain) + "\n", encoding="utf-8")
    return Prompts([]).load(f"{path}#mine").head


@pytest.mark.parametrize(
    ("kind", "form", "text", "expected"),
    [
        ("pairwise", "[[A]]", "B is short. [[A]]", FIRST),
        ("single", "[[rating]]", "Good. Rating: [[7]]", 7),
        ("single", "[[rating]]", "Good. Rating: [7]", 7),
        ("pairwise", "[[rating_a,rating_b]]", "The first is short. Rating: [[6,8]]", SECOND),
        ("pairwise", "[[rating_a,rating_b]]", "The second is short.\n\n[[8.5, 8]]", FIRST),
        ("pairwise", "[[rating_a,rating_b]]", "They are alike. Rating: [7, 7]", TIE),
    ],
)
def test_what_fastchats_formats_ask_for(
    tmp_path: Path, kind: str, form: str, text: str, expected: Choice | float
) -> None:
    verdict = read(Reply(text), row(tmp_path, kind, form))
    assert (verdict.score if verdict.choice is None else verdict.choice) == expected


@pytest.mark.parametrize("text", ["x = [[1, 2], [3, 4]]", "See [7, 9].", "[[6,8]] would be wrong."])
def test_other_brackets_are_no_scores(tmp_path: Path, text: str) -> None:
    assert read(Reply(text), row(tmp_path, "pairwise", "[[rating_a,rating_b]]")).choice is None
