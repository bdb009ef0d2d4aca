"""Prompt files: what they may say, and what is refused with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from judgekit.errors import InputError
from judgekit.judging.templates import Head, Prompts, Template, builtin_dir
from judgekit.types import Case, Message, Response, Trial

BUILTIN = Prompts([builtin_dir()])
CASE = Case(
    "c7",
    (Message("user", "What is 6 times 7?"),),
    (Response("42", "one"), Response("about 40", "two")),
    reference="forty-two",
)
PAIR = Trial(CASE, (0, 1), ("A", "B"))
SINGLE = Trial(CASE, (1,), ("A",))
HEAD = '+++\nshows = "pair"\nreads = "label"\n+++\n'
BODY = "=== user ===\n{{ first }}\n{{ second }}\n"


def load(tmp_path: Path, text: str) -> Template:
    path = tmp_path / "rubric.md"
    path.write_bytes(text.encode("utf-8"))
    return Prompts([]).load(str(path))


def shown(template: Template, trial: Trial) -> str:
    messages, _ = template.render(trial)
    return "\n".join(message.content for message in messages)


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("pairwise", Head("pair", "label")),
        ("additive", Head("single", "score", (0, 5))),
        ("reference-pair", Head("pair", "label", reference=True)),
        ("reference-single", Head("single", "rating", (1, 10), reference=True)),
        ("answer", Head("question")),
    ],
)
def test_the_built_in_prompts(name: str, head: Head) -> None:
    template = BUILTIN.load(name)
    assert template.head == head
    assert template.reminder
    template.check_cases([CASE])
    messages, prefill = template.render(PAIR if head.shows == "pair" else SINGLE)
    assert [message.role for message in messages] == ["system", "user"]
    assert prefill == ""
    assert ("forty-two" in messages[1].content) == head.reference


def test_there_are_no_other_built_in_prompts() -> None:
    assert BUILTIN.names() == [
        "additive", "answer", "answer-relevance", "claims", "classify", "faithfulness", "pairwise",
        "reference-pair", "reference-single", "revise", "rubric", "rubric-json",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["pairwise", "reference-pair"])
def test_pair_prompts_ask_for_the_names_shown(name: str) -> None:
    template = BUILTIN.load(name)
    text = shown(template, PAIR)
    assert all(label in text for label in ("[[A]]", "[[B]]", "[[C]]"))
    assert "[[A>>B]]" not in text
    assert "[[rating]]" not in text
    renamed = shown(template, Trial(CASE, (0, 1), ("X", "Y")))
    assert "[[X]]" in renamed
    assert "[[A]]" not in renamed
    assert "<answer-Y " in renamed


def test_the_rating_prompt_asks_for_a_rating() -> None:
    text = shown(BUILTIN.load("reference-single"), SINGLE)
    assert "[[rating]]" in text
    assert "from 1 to 10" in text


def test_a_reference_given_wins() -> None:
    template = BUILTIN.load("reference-pair")
    messages, _ = template.render(PAIR, reference="six times seven")
    assert "six times seven" in messages[1].content
    assert "forty-two" not in messages[1].content


def test_every_section_is_rendered(tmp_path: Path) -> None:
    template = load(
        tmp_path,
        '+++\nshows = "single"\nreads = "score"\nscale = [0, 2.5]\nlabel = "Points"\n+++\n'
        "\n=== system ===\n\nBe fair.\n\n=== user ===\n"
        "{% if reference %}\n{{ reference }}\n{% endif %}\n{{ answer }}\n"
        "From {{ low }} to {{ high }}.\n"
        "=== assistant ===\nPoints for {{ name_first }}:\n"
        "=== reminder ===\nOnly a number up to {{ high }}.\n",
    )
    messages, prefill = template.render(SINGLE)
    assert messages[0] == Message("system", "Be fair.")
    assert messages[1].content.startswith("<reference ")
    assert messages[1].content.endswith("From 0 to 2.5.")
    assert "about 40" in messages[1].content
    assert prefill == "Points for A:"
    assert template.reminder == "Only a number up to 2.5."
    assert template.head.label == "Points"


def test_windows_files_and_byte_order_marks_read_the_same(tmp_path: Path) -> None:
    plain = load(tmp_path, HEAD + BODY)
    windows = load(tmp_path, "\ufeff" + (HEAD + BODY).replace("\n", "\r\n"))
    assert windows.render(PAIR) == plain.render(PAIR)
    assert windows.digest != plain.digest
    assert load(tmp_path, HEAD + BODY) == plain


def test_a_prompt_without_a_reminder_gets_the_general_one(tmp_path: Path) -> None:
    assert "verdict" in load(tmp_path, HEAD + BODY).reminder


def test_no_tie(tmp_path: Path) -> None:
    text = HEAD.replace("reads", 'tie = ""\nreads') + BODY
    assert load(tmp_path, text).head.tie is None


REFUSED = [
    ("Judge this.\n", 1, "'+++'"),
    ("+++\nshows = pair\n+++\n" + BODY, 2, "not TOML"),
    ('+++\nreads = "label"\n+++\n' + BODY, 2, "add shows ="),
    ('+++\nshows = "both"\n+++\n' + BODY, 2, "shows = 'both'"),
    ('+++\nshows = "pair"\nread = "label"\n+++\n' + BODY, 3, "did you mean 'reads'?"),
    ('+++\nshows = "pair"\nreads = "labels"\n+++\n' + BODY, 3, "reads = 'labels'"),
    ('+++\nshows = "pair"\nscale = [5, 1]\n+++\n' + BODY, 3, "scale = [5, 1]"),
    ('+++\nshows = "pair"\nscale = [true, 2]\n+++\n' + BODY, 3, "scale = [True, 2]"),
    ('+++\nshows = "pair"\ntie = 3\n+++\n' + BODY, 3, "tie = 3"),
    ('+++\nshows = "pair"\nreference = "yes"\n+++\n' + BODY, 3, "reference = 'yes'"),
    ('+++\nshows = "question"\nreads = "label"\n+++\n' + BODY, 3, "take `reads` out"),
    (HEAD.replace("reads", 'label = " "\nreads') + BODY, 3, "wanted: the word before a score"),
    (HEAD.replace("label", "rating") + BODY, 3, "take one of label, arena"),
    (HEAD + "\nHi\n" + BODY, 6, "before the first section"),
    (HEAD + "=== system ===\nHi\n", 7, "no section '=== user ==='"),
    (HEAD + "=== User ===\nHi\n", 5, "unknown section '=== User ==='"),
    (HEAD + BODY + "=== user ===\n", 8, "second section"),
    (HEAD + "=== user ===\n\n{{ first }}\n{% if %}\n", 8, "not Jinja2"),
    (HEAD + "=== user ===\n{{ first }}\n{{ secnd }}\n", 7, "did you mean 'second'?"),
    (HEAD + BODY + "{{ low }}\n", 8, "scale = [1, 10]"),
    (HEAD + BODY + "{{ range(3) }}\n", 8, "unknown variable 'range'"),
    (HEAD + BODY + "{% if false %}{{ answer_a }}{% endif %}\n", 8, "unknown variable 'answer_a'"),
    (HEAD + "=== user ===\n{{ first }}\n", 6, "does not show second"),
    (HEAD + BODY + "{{ reference }}\n", 6, "reference = true"),
    (HEAD.replace("reads", "reference = true\nreads") + BODY, 7, "does not show reference"),
    (HEAD + BODY + "\n{{ first + 1 }}\n", 9, "cannot be rendered"),
    (HEAD + BODY + "{{ first | random }}\n", 8, "random"),
    (HEAD + BODY + "{% include 'x.md' %}\n", 8, "may not use {% include %}"),
    (HEAD + BODY + "{{ first.__class__.__mro__ }}\n", 8, "the attribute '__mro__'"),
    (HEAD + BODY + "=== reminder ===\nSay {{ name_first }}.\n", 9, "'name_first'"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "part"), REFUSED)
def test_a_wrong_file_is_refused_with_its_line(
    tmp_path: Path, text: str, line: int, part: str
) -> None:
    with pytest.raises(InputError) as raised:
        load(tmp_path, text)
    message = str(raised.value)
    assert part in message
    assert f"rubric.md:{line}:" in message or f"(at line {line}," in message
    assert "\n" not in message


def test_bytes_that_are_not_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "rubric.md"
    path.write_bytes(HEAD.encode() + b"=== user ===\n\xff")
    with pytest.raises(InputError, match=r"rubric\.md:6: not UTF-8"):
        Prompts([]).load(str(path))


@pytest.mark.parametrize(
    ("name", "arity", "part"),
    [
        ("pairwise", 1, 'shows = "single"'),
        ("additive", 2, 'shows = "pair"'),
        ("answer", 1, 'says shows = "question"'),
        ("pairwise", 3, "cannot show 3 answers"),
    ],
)
def test_a_prompt_for_something_else_is_refused(name: str, arity: int, part: str) -> None:
    with pytest.raises(InputError, match=part):
        BUILTIN.load(name).check_arity(arity)


@pytest.mark.parametrize(("name", "arity"), [("pairwise", 2), ("additive", 1)])
def test_a_prompt_made_for_it_is_taken(name: str, arity: int) -> None:
    template = BUILTIN.load(name)
    template.check_arity(arity)
    assert {"pair": 2, "single": 1}[template.head.shows] == arity


def test_cases_without_reference_are_refused_before_anything_is_paid() -> None:
    template = BUILTIN.load("reference-pair")
    bare = [Case(str(n), CASE.prompt, CASE.responses) for n in range(3)]
    with pytest.raises(InputError, match=r"case '0' \(and 2 more of 4\): it has no reference"):
        template.check_cases([CASE, *bare])
    template.check_cases(bare, reference_given=True)
    BUILTIN.load("pairwise").check_cases(bare)
