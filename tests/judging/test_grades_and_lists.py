"""Letter grades, and a score for each answer of a pair, as prompt files may ask for them."""

from __future__ import annotations

from pathlib import Path

import pytest
from answers import read_jsonl, write_jsonl
from commands import Cli
from servers import Body, JudgeServer

from judgekit.errors import InputError
from judgekit.judging import parsing
from judgekit.judging.templates import Head, Prompts
from judgekit.types import Choice, Status

INSPECT = {"C": 1, "P": 0.5, "I": 0}
SCHOOL = {"A+": 4.3, "A": 4, "A-": 3.7, "F": 0}
UNPARSED, AMBIGUOUS = Status.UNPARSED, Status.AMBIGUOUS
FIRST, SECOND, TIE = Choice.FIRST, Choice.SECOND, Choice.TIE


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("It is right.\n\nGRADE: C", INSPECT, 1),
        ("Grade: **P**.", INSPECT, 0.5),
        ("My final grade is I.", INSPECT, 0),
        ('{"grade": "C", "why": "A worse one gets the grade I."}', INSPECT, 1),
        ("GRADE: C, because it names the city.", INSPECT, 1),
        ("Grade: A+", SCHOOL, 4.3),
        ("Grade: A-", SCHOOL, 3.7),
        ("Grade: a", SCHOOL, 4),
        ("Note : A", SCHOOL, 4),
        ("Grade: very good", {"very good": 2, "good": 1}, 2),
        ("Grade: M", {"m": 0, "M": 1}, 1),
    ],
)
def test_a_grade_is_read(text: str, values: dict[str, float], expected: float) -> None:
    assert parsing.labelled_grade(text, values).score == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("GRADE: C or P", UNPARSED),
        ("GRADE: C/P/I", UNPARSED),
        ("GRADE: <C, P or I>", UNPARSED),
        ("GRADE: Correct", UNPARSED),
        ("GRADE: C-", UNPARSED),
        ("GRADE: C?", UNPARSED),
        ("GRADE: C for clarity", UNPARSED),
        ("Clarity grade: C", UNPARSED),
        ("I grade on a curve.", UNPARSED),
        ("I would not give the grade C.", UNPARSED),
        ("GRADE: C\n\nOn reflection, this is wrong.\n\nGRADE: I, and that is all.", AMBIGUOUS),
    ],
)
def test_what_is_no_clear_grade_is_none(text: str, expected: Status) -> None:
    assert parsing.labelled_grade(text, INSPECT).status is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[A] Score: 4\n[B] Score: 2", FIRST),
        ("B is longer.\n\n[1] Score: 4\n[2] Score: 5", SECOND),
        ("[Response 1] Score: 3\n[Response 2] Score: 4", SECOND),
        ("A: 4/10\nB: 7/10", SECOND),
        ("**Answer A:** 4\n**Answer B:** 4.0", TIE),
        ("B's score: 3\nA's score: 4", FIRST),
        ("| A | 3 |\n| B | 4 |", SECOND),
        ("Because.\n[8, 7]", FIRST),
        ("Scores: [7, 8]", SECOND),
        ('```json\n{"A": 3, "B": 4}\n```', SECOND),
        ("A: 9\nB: 2\n\nB is wrong.", FIRST),
        ("A: 4", UNPARSED),
        ("A: 4\nB: 11", UNPARSED),
        ("A: 4\nB: 3\nB: 5", UNPARSED),
        ("A: 4\nB: 7-8", UNPARSED),
        ("A: 4\nB: 80%", UNPARSED),
        ("1. 4 points are missing\n2. 3 are good", UNPARSED),
        ('{"A": {"score": 3}, "B": {"score": 4}}', UNPARSED),
        ("[8, 7, 6]", UNPARSED),
        ("[11, 7]", UNPARSED),
    ],
)
def test_a_list_of_scores(text: str, expected: Choice | Status) -> None:
    verdict = parsing.score_list(text)
    assert (verdict.choice or verdict.status) is expected


def load(folder: Path, head: str) -> Head:
    file = folder / "rubric.md"
    file.write_text(f"+++\n{head}\n+++\n=== user ===\n{{{{ answer }}}} {{{{ high }}}}\n", "utf-8")
    return Prompts([]).load(str(file)).head


def test_the_head_of_grades(tmp_path: Path) -> None:
    head = load(tmp_path, 'shows = "single"\nreads = "grade"\n[values]\nC = 1\nP = 0.5\nI = 0')
    assert head.values == (("C", 1), ("P", 0.5), ("I", 0))
    assert (head.scale, head.label) == ((0, 1), "Grade")


@pytest.mark.parametrize(
    ("head", "message"),
    [
        ('reads = "grade"', r'rubric.md:3: reads = "grade" needs the number .* values = \{A'),
        (
            'reads = "score"\nvalues = {A = 1, B = 0}',
            "rubric.md:4: values are the grades of",
        ),
        ('reads = "grade"\nvalues = {A = 1}', "two different numbers or more"),
        ('reads = "grade"\nvalues = {A = "1", B = 0}', "two different numbers or more"),
        ('reads = "grade"\nvalues = [1, 2]', "two different numbers or more"),
        ('reads = "grade"\nvalues = {A = 1, B = 0}\nscale = [0, 1]', "rubric.md:5: .*0 to 1; take"),
    ],
)
def test_a_wrong_head_of_grades_is_refused(tmp_path: Path, head: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        load(tmp_path, f'shows = "single"\n{head}')


GRADES = """+++
shows = "single"
reads = "grade"
values = {C = 1, P = 0.5, I = 0}
+++
=== user ===
{{ prompt }}
{{ answer }}
Write GRADE: C, GRADE: P or GRADE: I.
"""
LIST = """+++
shows = "pair"
reads = "list"
scale = [1, 10]
+++
=== user ===
{{ prompt }}
{{ first }}
{{ second }}
Score each answer: [{{ name_first }}] Score: N
"""


def write(folder: Path) -> None:
    for name, texts in (("a", ["GOOD", "GOOD", "POOR"]), ("b", ["POOR", "POOR", "GOOD"])):
        rows = [{"id": i, "prompt": f"{i}?", "response": text} for i, text in enumerate(texts)]
        write_jsonl(folder / f"{name}.jsonl", rows)


def test_grades_from_a_server(cli: Cli, server: JudgeServer, here: Path) -> None:
    def grade(body: Body) -> str:
        good = "GOOD" in body["messages"][-1]["content"]
        return f"Reasons.\n\nGRADE: {'C' if good else 'P'}"

    server.says = grade
    write(here)
    (here / "grade.md").write_text(GRADES, "utf-8")
    judge = ["--judge", "./grade.md", "--model", "openai/m", "--base-url", server.base_url]
    found = cli("score", "a.jsonl", *judge, "--json").json
    scores = [row["scores"] for row in read_jsonl(Path(found["run"]) / "outcomes.jsonl")]
    assert scores == [[1], [1], [0.5]]
    found = cli("compare", "a.jsonl", "b.jsonl", *judge, "--json").json
    assert (found["wins_a"], found["wins_b"]) == (2, 1)


def test_a_list_from_a_server(cli: Cli, server: JudgeServer, here: Path) -> None:
    def scores(body: Body) -> str:
        first, _, second = body["messages"][-1]["content"].partition("<answer-B ")
        low, high = (9, 2) if "GOOD" in first else (2, 9)
        return f"Reasons.\n[A] Score: {low}\n[B] Score: {high if second else 0}"

    server.says = scores
    write(here)
    (here / "list.md").write_text(LIST, "utf-8")
    judge = ["--judge", "./list.md", "--model", "openai/m", "--base-url", server.base_url]
    found = cli("compare", "a.jsonl", "b.jsonl", *judge, "--json").json
    assert (found["wins_a"], found["wins_b"], found["no_verdict"]) == (2, 1, 0)
