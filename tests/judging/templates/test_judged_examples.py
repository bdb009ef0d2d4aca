"""Examples in a prompt file, and the table that says what it was aligned with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from judgekit.errors import InputError
from judgekit.judging.templates import Prompts, Template, builtin_dir
from judgekit.judging.templates.examples import Example, example_lines
from judgekit.judging.templates.file import read_prompt
from judgekit.types import Case, Message, Response, Trial

PAIR = (builtin_dir() / "pairwise.md").read_text(encoding="utf-8")
SINGLE = (builtin_dir() / "additive.md").read_text(encoding="utf-8")
CASE = Case(
    "c", (Message("user", "What is 2 + 2?"),), (Response("four", "m"), Response("five", "n"))
)


def with_examples(folder: Path, lines: list[str], text: str = PAIR, head: str = "") -> Template:
    """The prompt with a section of examples, and more lines in its head."""
    path = folder / "judge.md"
    more = text.replace("+++\n\n", f"{head}+++\n\n", 1)
    path.write_text(f"{more}\n\n=== examples ===\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return read_prompt(path, str(path))


def system_of(template: Template, *names: str) -> str:
    messages, _ = template.render(Trial(CASE, tuple(range(len(names))), names))
    assert messages[0].role == "system"
    assert "People" not in messages[1].content
    return messages[0].content


def test_a_pair_is_shown_in_the_order_written_with_its_verdict(tmp_path: Path) -> None:
    example = Example(CASE, 0)
    tie = Example(CASE, "tie")
    head = Prompts([builtin_dir()]).load("pairwise").head
    lines = example_lines([example, example.swapped(), tie], head)
    shown = system_of(with_examples(tmp_path, lines), "A", "B")
    one, two, three = shown.split("\n\nExample ")[1:]
    assert one.index("four") < one.index("five")
    assert "example 1: answer A is better." in one
    assert two.index("five") < two.index("four")
    assert "example 2: answer B is better." in two
    assert "example 3: neither answer is better" in three
    assert "<answer-A " in one
    renamed = system_of(with_examples(tmp_path, lines), "m", "M")
    assert "example 1: answer m is better." in renamed


def test_a_single_answer_is_shown_with_its_score(tmp_path: Path) -> None:
    template = with_examples(
        tmp_path, [json.dumps({"prompt": "p", "answer": "a", "verdict": 4})], SINGLE
    )
    assert "example 1: Score: 4" in system_of(template, "A")


def test_a_prompt_without_a_system_section_shows_them_first(tmp_path: Path) -> None:
    text = '+++\nshows = "pair"\nreads = "label"\n+++\n\n=== user ===\n{{ first }} {{ second }}'
    row = json.dumps({"prompt": "p", "first": "x", "second": "y", "verdict": "second"})
    messages, _ = with_examples(tmp_path, [row], text).render(Trial(CASE, (0, 1), ("A", "B")))
    assert len(messages) == 1
    assert messages[0].content.index("People's verdict") < messages[0].content.index("four")


def test_all_of_a_case_is_read_back(tmp_path: Path) -> None:
    case = Case(
        "c",
        (
            Message("system", "Be brief."),
            Message("user", "one"),
            Message("assistant", "", '[{"id":"1"}]'),
            Message("user", "two"),
        ),
        (Response("x\n=== user ===", "m", ("earlier",)), Response("y {{ tie }}", "n", ("e",))),
        "the reference",
        columns=(("context", ("p", "q")), ("source", "s")),
    )
    head = Prompts([builtin_dir()]).load("pairwise").head
    template = with_examples(tmp_path, example_lines([Example(case, 1)], head))
    [example] = template.body.examples  # type: ignore[attr-defined]
    assert example.verdict == 1
    assert example.case.prompt == case.prompt
    assert [(r.text, r.earlier) for r in example.case.responses] == [
        (r.text, r.earlier) for r in case.responses
    ]
    assert (example.case.reference, example.case.columns) == (case.reference, case.columns)


def test_examples_do_not_change_the_call_of_a_prompt_without_any() -> None:
    messages, _ = Prompts([builtin_dir()]).load("pairwise").render(Trial(CASE, (0, 1), ("A", "B")))
    assert "People" not in "".join(message.content for message in messages)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("no json", "no example: Expecting value"),
        ("[]", "it is no JSON object"),
        ('{"prompt": "p", "first": "x", "verdict": "first"}', "second is no text"),
        ('{"prompt": 1, "first": "x", "second": "y", "verdict": "tie"}', "prompt is neither"),
        ('{"prompt": "p", "first": "x", "second": "y", "verdict": "A"}', "neither first, second"),
        ('{"prompt": "p", "first": "x", "second": "y"}', "the verdict is None"),
        ('{"prompt": "p", "first": "x", "second": "y", "winner": "A"}', "unknown key 'winner'"),
        ('{"prompt": [{"role": "x"}], "first": "x", "second": "y"}', "has no role"),
    ],
)
def test_a_line_that_is_no_example_is_named(tmp_path: Path, row: str, why: str) -> None:
    with pytest.raises(InputError, match=why) as caught:
        with_examples(tmp_path, ["", row])
    line = PAIR.count("\n") + 5  # the prompt, two blank lines, the title, a blank line, the row
    assert f"judge.md:{line}: " in str(caught.value)


def test_a_score_must_be_a_number_and_a_grade_a_known_one(tmp_path: Path) -> None:
    row = '{"prompt": "p", "answer": "x", "verdict": "good"}'
    with pytest.raises(InputError, match="the verdict is 'good', and not a number"):
        with_examples(tmp_path, [row], SINGLE)
    grades = SINGLE.replace('reads = "score"\nscale = [0, 5]\nlabel = "Score"', "").replace(
        'shows = "single"', 'shows = "single"\nreads = "grade"\nvalues = {good = 1, poor = 0}'
    )
    grades = grades.replace("{{ low }}", "0").replace("{{ high }}", "1")
    assert "Grade: good" in system_of(with_examples(tmp_path, [row], grades), "A")
    with pytest.raises(InputError, match="not one of good, poor"):
        with_examples(tmp_path, [row.replace("good", "fair")], grades)


def test_a_prompt_that_shows_no_answers_has_no_examples(tmp_path: Path) -> None:
    text = '+++\nshows = "question"\n+++\n\n=== user ===\n{{ prompt }}'
    with pytest.raises(InputError, match="shows no answers"):
        with_examples(tmp_path, ["{}"], text)


ALIGNED = """
[aligned]
judge = "pairwise"
train = ["0123456789abcdef"]
pick = ["00000000000000aa"]
test = ["00000000000000ff"]
"""


def test_the_head_says_what_it_was_aligned_with(tmp_path: Path) -> None:
    aligned = with_examples(tmp_path, [], head=ALIGNED).head.aligned
    assert aligned is not None
    assert aligned.judge == "pairwise"
    assert aligned.used == {"0123456789abcdef", "00000000000000aa"}
    assert Prompts([builtin_dir()]).load("pairwise").head.aligned is None


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ("aligned = 1", "a table .aligned. as"),
        ("[aligned]\ntrain = ['x']", "in train a list of digests"),
        ("[aligned]\ntrian = []", "did you mean 'train'"),
        ("[aligned]\njudge = 1", "a text in judge"),
    ],
)
def test_a_damaged_table_is_named(tmp_path: Path, table: str, why: str) -> None:
    with pytest.raises(InputError, match=why) as caught:
        with_examples(tmp_path, [], head=f"{table}\n")
    assert "judge.md:5: " in str(caught.value)


def test_an_example_shows_the_columns_that_the_prompt_needs(tmp_path: Path) -> None:
    text = PAIR.replace('shows = "pair"', 'shows = "pair"\nneeds = ["context"]').replace(
        "{{ prompt }}", '{{ prompt }}\n{{ column("context") }}'
    )
    row = {"prompt": "p", "first": "x", "second": "y", "verdict": "first"}
    told = json.dumps(row | {"columns": {"context": ["one page", "another"]}})
    template = with_examples(tmp_path, [told], text)
    case = Case("c", CASE.prompt, CASE.responses, columns=(("context", "of the case"),))
    messages, _ = template.render(Trial(case, (0, 1), ("A", "B")))
    assert "one page" in messages[0].content
    assert "of the case" in messages[1].content
    with pytest.raises(InputError, match="columns lack 'context', which the prompt shows"):
        with_examples(tmp_path, [json.dumps(row)], text)
