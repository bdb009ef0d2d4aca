"""FastChat's own prompts, to the letter."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from judgekit.errors import InputError
from judgekit.judging.templates import Head, Prompts, Template
from judgekit.types import Case, Message, Response, Trial

ONE = Case(
    "one",
    (Message("user", "Is {answer_b} a {question}?"),),
    (Response("{question} [[A]]", "x"), Response("{answer_a} {{ y }} %s", "y")),
    reference="{answer}",
)
TWO = Case(
    "two",
    (Message("user", "q1"), Message("user", "q2")),
    (Response("x2", "x", ("x1",)), Response("y2", "y", ("y1",))),
    reference="r2",
    earlier_references=("r1",),
)
PLACES = {
    "question_1": "q1", "question_2": "q2",
    "answer_a_1": "y1", "answer_a_2": "y2", "answer_b_1": "x1", "answer_b_2": "x2",
    "answer_1": "y1", "answer_2": "y2", "ref_answer_1": "r1", "ref_answer_2": "r2",
}  # fmt: skip
NAMES = ["pair-v2", "pair-math-v1", "single-v1", "single-math-v1"]


@pytest.fixture(scope="session")
def originals(shared: Path) -> Path:
    return shared / "data" / "mt_bench" / "judge_prompts.jsonl"


def rows(path: Path) -> dict[str, dict[str, Any]]:
    lines = path.read_text("utf-8").splitlines()
    return {row["name"]: row for row in map(json.loads, lines)}


def swapped(template: Template, case: Case) -> Trial:
    """The trial that shows the second response first, or alone."""
    if template.head.shows == "pair":
        return Trial(case, (1, 0), ("A", "B"))
    return Trial(case, (1,), ("A",))


@pytest.mark.parametrize("name", NAMES)
def test_one_turn_to_the_letter(originals: Path, name: str) -> None:
    template = Prompts([]).load(f"{originals}#{name}")
    row = rows(originals)[name]
    (system, user), prefill = template.render(swapped(template, ONE))
    assert system == Message("system", row["system_prompt"])
    assert prefill == ""
    first, second = ONE.responses[1].text, ONE.responses[0].text
    wanted = row["prompt_template"].format(
        question=ONE.prompt[0].content, answer_a=first, answer_b=second, answer=first,
        ref_answer_1=ONE.reference,
    )  # fmt: skip
    assert user == Message("user", wanted)


@pytest.mark.parametrize("name", NAMES)
def test_two_turns_are_shown_by_the_twin(originals: Path, name: str) -> None:
    template = Prompts([]).load(f"{originals}#{name}")
    template.check_cases([ONE, TWO])
    twin = rows(originals)[f"{name}-multi-turn"]
    (system, user), _ = template.render(swapped(template, TWO))
    assert system.content == twin["system_prompt"]
    assert user.content == twin["prompt_template"].format(**PLACES)


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("pair-v2", Head("pair", "label")),
        ("pair-math-v1", Head("pair", "label", reference=True)),
        ("single-v1", Head("single", "rating", (1, 10), tie=None)),
        ("single-math-v1-multi-turn", Head("single", "rating", (1, 10), tie=None, reference=True)),
    ],
)
def test_heads(originals: Path, name: str, head: Head) -> None:
    template = Prompts([]).load(f"{originals}#{name}")
    assert template.head == head
    assert template.reminder


def test_a_reference_given_is_that_of_the_judged_turn(originals: Path) -> None:
    template = Prompts([]).load(f"{originals}#single-math-v1")
    (_, user), _ = template.render(swapped(template, TWO), reference="mine")
    assert "\nr1\n" in user.content
    assert "\nmine\n" in user.content
    assert "\nr2\n" not in user.content


def chat(*roles: str, earlier: tuple[str, ...] = (), calls: str = "") -> Case:
    prompt = tuple(Message(role, role, calls) for role in roles)  # type: ignore[arg-type]
    return Case("c", prompt, (Response("a", "x", earlier),), reference="r")


@pytest.mark.parametrize(
    ("name", "case", "part"),
    [
        ("single-v1", chat(*["user"] * 3, earlier=("1", "2")), "has 3 user turns and the prompt"),
        ("single-v1-multi-turn", chat("user"), "has 1 user turns and the prompt shows 2"),
        ("single-v1", chat("system", "user"), "no place"),
        ("single-v1", chat("user", calls="[]"), "no place"),
        ("single-v1", chat("user", "user"), "an unanswered turn"),
        ("single-math-v1", chat("user", "assistant", "user"), "no reference for turn 1"),
        ("single-math-v1", Case("c", ONE.prompt, ONE.responses), "no reference"),
    ],
)
def test_what_the_original_cannot_show_is_refused(
    originals: Path, name: str, case: Case, part: str
) -> None:
    template = Prompts([]).load(f"{originals}#{name}")
    with pytest.raises(InputError, match=part):
        template.check_cases([case])


def test_a_history_in_the_prompt_is_shown(originals: Path) -> None:
    template = Prompts([]).load(f"{originals}#single-v1")
    case = chat("user", "assistant", "user")
    template.check_cases([case])
    (_, user), _ = template.render(Trial(case, (0,), ("A",)))
    assert "### Assistant A:\nassistant\n\n### User:\nuser\n\n### Assistant A:\na" in user.content


def test_other_names_would_not_be_read(originals: Path) -> None:
    template = Prompts([]).load(f"{originals}#pair-v2")
    with pytest.raises(InputError, match="name the answers A and B"):
        template.render(Trial(ONE, (0, 1), ("X", "Y")))


@pytest.mark.parametrize(
    ("suffix", "part"),
    [("", "which prompt of"), ("#pair-v3", "did you mean 'pair-v2'?"), ("#", "#NAME")],
)
def test_a_file_without_the_row_lists_its_names(originals: Path, suffix: str, part: str) -> None:
    with pytest.raises(InputError) as raised:
        Prompts([]).load(f"{originals}{suffix}")
    message = str(raised.value)
    assert part in message
    assert ", ".join(rows(originals)) in message


ROW = {
    "name": "mine",
    "type": "pairwise",
    "system_prompt": "s",
    "prompt_template": '{{"a": {answer_a}, "b": {answer_b}}}',
    "output_format": "[[rating_a,rating_b]]",
}


def write(tmp_path: Path, **changes: object) -> str:
    path = tmp_path / "own.jsonl"
    path.write_text("\n" + json.dumps({**ROW, **changes}) + "\n", "utf-8")
    return f"{path}#mine"


def test_two_scores_and_doubled_braces(tmp_path: Path) -> None:
    template = Prompts([]).load(write(tmp_path))
    assert template.head == Head("pair", "scores", (1, 10), tie=None)
    (_, user), _ = template.render(Trial(ONE, (0, 1), ("A", "B")))
    assert user.content == '{"a": {question} [[A]], "b": {answer_a} {{ y }} %s}'


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"prompt_template": "{answer}"}, r"unknown placeholder \{answer\}"),
        ({"prompt_template": "{}"}, r"unknown placeholder \{\}"),
        ({"output_format": "[[x]]"}, r"output_format '\[\[x\]\]'"),
        ({"type": "triple"}, "'triple' prompts"),
        ({"system_prompt": None}, "no text under 'system_prompt'"),
        ({"name": 3}, "no 'name'"),
    ],
)
def test_a_row_that_cannot_be_used_is_refused(
    tmp_path: Path, changes: dict[str, object], part: str
) -> None:
    with pytest.raises(InputError, match=rf"own\.jsonl:2: .*{part}"):
        Prompts([]).load(write(tmp_path, **changes))


def test_lines_that_are_not_json_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "own.jsonl"
    path.write_text("not json\n", "utf-8")
    with pytest.raises(InputError, match=r"own\.jsonl:1: not JSON"):
        Prompts([]).load(f"{path}#mine")
