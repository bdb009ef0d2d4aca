"""`judgekit show` and `judgekit pairs` over runs written by the harness's own writer."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import typer
from click.testing import Result
from rich.console import Console
from run_folders import metadata
from typer.testing import CliRunner

from judgekit import runs, stats
from judgekit.cli.commands.pairs import pairs
from judgekit.cli.commands.show import show
from judgekit.cli.render.case import print_case, shorten
from judgekit.errors import InputError
from judgekit.stats.outcomes.fold import fold, identical_outcome
from judgekit.types import (
    Case,
    Choice,
    Judgement,
    Message,
    Outcome,
    Response,
    Status,
    Trial,
    Verdict,
)

FIRST, SECOND, TIE = (Verdict.chose(c, reasoning=f"I say {c}.") for c in Choice)
UNPARSED = Verdict.without(Status.UNPARSED, "no label", reasoning="Hm.")


def case_of(name: str, a: str = "Paris.", b: str = "Rome.", category: str = "facts") -> Case:
    prompt = (Message("user", f"Question {name}?"),)
    responses = (Response(a, "north"), Response(b, "south"))
    return Case(name, prompt, responses, "Paris", category, cluster=name)


def judged(case: Case, *verdicts: Verdict) -> tuple[Case, list[Judgement], Outcome]:
    """A case shown in both orders."""
    if case.identical:
        return case, [], identical_outcome(case)
    judgements = [
        Judgement(Trial(case, order, ("A", "B")), verdict)
        for order, verdict in zip(((0, 1), (1, 0)), verdicts, strict=True)
    ]
    return case, judgements, fold(case, judgements)


CASES = [
    judged(case_of("win-a"), FIRST, SECOND),
    judged(case_of("win-b", category="maths"), SECOND, FIRST),
    judged(case_of("tie"), TIE, TIE),
    judged(case_of("always-first"), FIRST, FIRST),
    judged(case_of("half"), FIRST, TIE),
    judged(case_of("broken"), FIRST, UNPARSED),
    judged(case_of("same", "x", "x")),
]


def write_run(folder: Path, cases: Sequence[tuple[Case, list[Judgement], Outcome]]) -> Path:
    outcomes = [outcome for _, _, outcome in cases]
    summary = stats.summarise(outcomes, a="north", b="south", judge="pairwise", model="openai/m")
    with runs.RunWriter(folder, "identity") as writer:
        for case, judgements, outcome in cases:
            writer.add(case, judgements, outcome)
        return writer.finish(replace(summary, cases_planned=7), metadata())


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return write_run(tmp_path / "run", CASES)


def invoke(*words: object) -> Result:
    app = typer.Typer()
    app.command("show")(show)
    app.command("pairs")(pairs)
    return CliRunner().invoke(app, [str(word) for word in words])


def shown(*words: object) -> str:
    result = invoke("show", *words)
    assert result.exception is None, result.exception
    return result.stdout


def refused(*words: object) -> str:
    """The one line of the `InputError` that a command ends with."""
    error = invoke(*words).exception
    assert isinstance(error, InputError)
    assert "\n" not in str(error)
    return str(error)


def names(output: str) -> list[str]:
    """The cases shown, by the questions in them."""
    return re.findall(r"Question (\S+)\?", output)


ALL = [case.id for case, _, _ in CASES]


def test_everything_of_a_run(run: Path) -> None:
    output = shown(run)
    assert names(output) == ALL
    assert output.index("judged by pairwise · openai/m") < output.index("win-a")
    assert "reference: Paris" in output
    assert "I say second." in output
    assert "\x1b" not in output
    assert [line for line in output.splitlines() if line != line.rstrip()] == []


def in_a_terminal(case: Case, judgements: Sequence[Judgement], outcome: Outcome) -> str:
    """A case as a terminal of 100 columns shows it."""
    console = Console(
        file=io.StringIO(), force_terminal=True, width=100, color_system=None, highlight=False
    )
    stored = [runs.StoredJudgement(case.id, "", judgement) for judgement in judgements]
    print_case(console, case, outcome, stored, full=False)
    output = console.file
    assert isinstance(output, io.StringIO)
    return output.getvalue()


def test_answers_stand_side_by_side_in_a_terminal() -> None:
    lines = in_a_terminal(*CASES[0]).splitlines()
    assert any(re.search(r"north \(a\) .* south \(b\)", line) for line in lines)
    assert any(re.search(r"Paris\. .* Rome\.", line) for line in lines)
    assert max(map(len, lines)) <= 100


def test_each_answer_has_a_line_where_there_is_no_terminal(run: Path) -> None:
    lines = shown(run, "--case", "win-a").splitlines()
    assert "north (a): Paris." in lines
    assert "south (b): Rome." in lines


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (["--disagree"], ["always-first", "half"]),
        (["--category", "maths"], ["win-b"]),
        (["--case", "tie"], ["tie"]),
        (["--winner", "a"], ["win-a"]),
        (["--winner", "b"], ["win-b"]),
        (["--winner", "tie"], ["tie", "same"]),
        (["--status", "unparsed"], ["broken"]),
        (["--winner", "a", "--category", "facts"], ["win-a"]),
        (["--limit", "2"], ["win-a", "win-b"]),
        (["--limit", "0"], ALL),
    ],
)
def test_filters(run: Path, flags: list[str], expected: list[str]) -> None:
    output = shown(run, *flags)
    assert names(output) == expected
    assert ("judged by" in output) == (flags[0] == "--limit")
    found = json.loads(shown(run, *flags, "--json"))
    assert [row["case"]["id"] for row in found["cases"]] == expected


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("win-a", "north (a) is better: both orders agree, margin 1.00"),
        ("win-b", "south (b) is better: both orders agree, margin 1.00"),
        ("tie", "a tie: both orders agree"),
        ("always-first", "inconsistent: the first shown was chosen in both orders"),
        ("half", "inconsistent: a tie in one order, a winner in the other"),
        ("broken", "no verdict: of 2 trials 1 unparsed"),
        ("same", "a tie: the answers are the same text, and no judge was asked"),
    ],
)
def test_outcomes_in_words(run: Path, case: str, words: str) -> None:
    assert words in shown(run, "--case", case)


def test_what_the_judge_said_in_each_order(run: Path) -> None:
    output = shown(run, "--case", "broken")
    assert "first north (a) as A, second south (b) as B: chose the first, north (a)" in output
    assert "first south (b) as A, second north (a) as B: no verdict, unparsed (no label)" in output
    assert "I say first." in output
    assert "Hm." in output


@pytest.mark.parametrize(
    ("merge", "both_orders", "words"),
    [
        (
            "mean",
            True,
            "north (a) is better: by the mean of the orders, though the first shown was chosen",
        ),
        ("agree", False, "north (a) is better: shown in one order only, margin 0.80"),
    ],
)
def test_winners_that_no_second_order_confirms(
    tmp_path: Path, merge: Any, both_orders: bool, words: str
) -> None:
    case = case_of("c")
    said = [((0, 1), 0.9), ((1, 0), 0.6)] if both_orders else [((0, 1), 0.9)]
    judgements = [
        Judgement(Trial(case, order, ("A", "B")), Verdict.chose(Choice.FIRST, probability=p))
        for order, p in said
    ]
    outcome = fold(case, judgements, merge=merge, both_orders=both_orders)
    run = write_run(tmp_path / "run", [(case, judgements, outcome)])
    output = " ".join(shown(run).split())  # lines are broken where they end
    assert words in output
    assert "(the first better with p = 0.90)" in output
    assert names(shown(run, "--disagree")) == (["c"] if both_orders else [])


def test_scores(tmp_path: Path) -> None:
    case = case_of("c")
    judgements = [
        Judgement(Trial(case, (i,), ("A",), repeat), Verdict.scored(score))
        for i, score in ((0, 4), (1, 2.5))
        for repeat in range(2)
    ]
    run = write_run(tmp_path / "run", [(case, judgements, fold(case, judgements))])
    output = shown(run)
    assert "north (a): score 4" in output
    assert "south (b) (repeat 1): score 2.5" in output
    assert "north (a) is better: 4 against 2.5 points" in output


def test_a_run_of_single_answers(tmp_path: Path) -> None:
    whole = case_of("c")
    case = Case(whole.id, whole.prompt, whole.responses[:1], cluster="c")
    judgements = [Judgement(Trial(case, (0,), ("A",)), Verdict.scored(4))]
    outcome = fold(case, judgements)
    said = stats.summarise_scores([outcome], a="north", judge="additive", model=None)
    with runs.RunWriter(tmp_path / "run", "identity") as writer:
        writer.add(case, judgements, outcome)
        run = writer.finish(said, metadata("score", judge="additive", model=None))
    output = shown(run)
    assert "mean score" in output
    assert "→ score 4" in output
    assert "compare two files" in refused("pairs", run, "-o", tmp_path / "p.jsonl")


def test_histories_of_their_own_stand_with_the_answers(tmp_path: Path) -> None:
    prompt = (Message("system", "Be brief."), Message("user", "One?"), Message("user", "Two?"))
    responses = (Response("x", "north", ("uno",)), Response("y", "south", ("eins",)))
    of_chat = judged(Case("c", prompt, responses), FIRST, SECOND)
    output = shown(write_run(tmp_path / "run", [of_chat]))
    assert "system: Be brief." in output
    assert re.search(r"north \(a\): \(turn 1\) uno\n\nx\nsouth \(b\): \(turn 1\) eins\n\ny", output)
    assert re.search(r"\(turn 1\) uno .*\(turn 1\) eins", in_a_terminal(*of_chat))


def test_tool_calls_are_shown(tmp_path: Path) -> None:
    prompt = (
        Message("user", "Weather?"),
        Message("assistant", "", '[{"name": "look"}]'),
        Message("tool", "rain"),
    )
    responses = (Response("x", "north"), Response("y", "south"))
    run = write_run(tmp_path / "run", [judged(Case("c", prompt, responses), FIRST, SECOND)])
    assert 'assistant: calls [{"name": "look"}]' in shown(run)


def test_ten_at_once_and_a_word_on_the_rest(tmp_path: Path) -> None:
    cases = [judged(case_of(f"n{i}"), FIRST, SECOND) for i in range(12)]
    run = write_run(tmp_path / "run", cases)
    result = invoke("show", run)
    assert len(names(result.stdout)) == 10
    assert result.stderr == "10 of 12 cases; --limit 0 shows all\n"
    assert len(json.loads(shown(run, "--json"))["cases"]) == 12


def test_nothing_found_is_said(run: Path) -> None:
    result = invoke("show", run, "--winner", "a", "--disagree")
    assert (result.stdout, result.stderr) == ("", "no case is like that\n")
    assert json.loads(shown(run, "--winner", "a", "--disagree", "--json"))["matched"] == 0
    assert "did you mean 'win-a'?" in refused("show", run, "--case", "win_a")
    assert "there are: facts, maths" in refused("show", run, "--category", "poems")


def test_a_folder_without_a_run(tmp_path: Path) -> None:
    assert "no run in" in refused("show", tmp_path)
    assert "no run in" in refused("pairs", tmp_path)


def test_a_damaged_run(run: Path) -> None:
    path = run / "judgements.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[1:]))
    assert "damaged" in refused("show", run)


def test_json_is_the_rows_of_the_run(run: Path) -> None:
    found = json.loads(shown(run, "--case", "half", "--json"))
    assert found["summary"] == runs.read_json(run / "summary.json")
    row = found["cases"][0]
    assert row["case"] in list(runs.read_rows(run / "cases.jsonl"))
    assert row["outcome"] in list(runs.read_rows(run / "outcomes.jsonl"))
    assert row["outcome"]["judgements"] == [j["id"] for j in row["judgements"]]


def test_long_texts_are_shortened_and_shown_in_full(tmp_path: Path) -> None:
    case = case_of("c", "word " * 5000 + "END")
    run = write_run(tmp_path / "run", [judged(case, FIRST, SECOND)])
    output = shown(run)
    assert "END" not in output
    assert re.search(r"… 2\d,\d{3} more", output)
    assert len(output.splitlines()) < 60
    assert "END" in shown(run, "--full")


@pytest.mark.parametrize(
    ("text", "width", "rows", "expected"),
    [
        ("abc", 3, 1, ("abc", 0)),
        ("abcd", 3, 1, ("abc", 1)),
        ("ab\ncd\nef", 3, 2, ("ab\ncd", 3)),
        ("ab\n\n\n\n\n\nEND", 3, 3, ("ab", 9)),
        ("漢字漢字", 4, 1, ("漢字", 2)),
        ("ab\n\n\n", 3, 1, ("ab", 0)),
        ("", 3, 1, ("", 0)),
    ],
)
def test_shorten(text: str, width: int, rows: int, expected: tuple[str, int]) -> None:
    assert shorten(text, width, rows) == expected


def test_texts_of_models_never_act(tmp_path: Path, shared: Path) -> None:
    """Every awkward answer, as answer, prompt, id and reasoning, in the table and in JSON."""
    cases = []
    for line in (shared / "data/nasty.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line, parse_constant=str)
        texts = {k: clean(v) for k, v in row.items()}
        verdicts = [
            Verdict.chose(Choice.FIRST, reasoning=texts[f"response_{x}"][:2000]) for x in "ab"
        ]
        names_ = (texts["response_a"][:30], texts["response_b"][:30])
        case = Case(
            texts["id"] + texts["response_a"][:30],
            (Message("user", texts["prompt"]),),
            (Response(texts["response_a"], names_[0]), Response(texts["response_b"], names_[1])),
            texts["response_a"],
            texts["response_b"][:30],
            cluster=texts["id"],
        )
        cases.append(judged(case, *verdicts))
    run = write_run(tmp_path / "run", cases)
    for flags in (["--limit", "0"], ["--limit", "0", "--full"], ["--json"]):
        output = shown(run, *flags)
        acting = re.findall(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]", output)
        assert acting == []
        assert "nasty-38" in output


def clean(value: Any) -> str:
    """A text as the readers of files give it: without lone surrogates."""
    text = value if isinstance(value, str) else json.dumps(value)
    return re.sub("[\ud800-\udfff]", "\ufffd", text)


def test_pairs_are_written_and_told(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "p.jsonl"
    result = invoke("pairs", run, "-o", out)
    assert result.exception is None
    assert result.stdout == f"{out}\n"
    assert f"2 pairs to {out}" in result.stderr
    said = re.findall(r"left out: (.+?) +(\d+)", result.stderr)
    assert said == [("identical", "1"), ("no verdict", "1"), ("inconsistent", "2"), ("tie", "1")]
    assert len(out.read_text("utf-8").splitlines()) == 2
    assert "--force" in refused("pairs", run, "-o", out)
    assert invoke("pairs", run, "-o", out, "--force", "--format", "standard").exit_code == 0
    assert json.loads(out.read_text("utf-8").splitlines()[0])["prompt"] == "Question win-a?"


def test_pairs_in_train_and_test(tmp_path: Path) -> None:
    cases = [judged(case_of(f"n{i}"), FIRST, SECOND) for i in range(60)]
    run = write_run(tmp_path / "run", cases)
    result = invoke("pairs", run, "-o", tmp_path / "p.jsonl", "--test-share", "0.3", "--json")
    found = json.loads(result.stdout)
    train, test = tmp_path / "p.train.jsonl", tmp_path / "p.test.jsonl"
    assert list(found["files"]) == [str(train), str(test)]
    assert sum(found["files"].values()) == found["pairs"] == found["cases"] == 60
    assert set(found["left_out"].values()) == {0}
    for path, count in found["files"].items():
        assert len(Path(path).read_text("utf-8").splitlines()) == count
    assert result.stderr == ""


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--min-margin", "1.5"], "makes a pair (1 identical, 1 no verdict, 2 inconsistent, 1 tie"),
        (["--test-share", "0"], "leaves 'p.test.jsonl' without any of 2 pairs"),
        (["--test-share", "2"], "test share must be from 0 to 1"),
        (["--min-margin", "nan"], "least margin"),
    ],
)
def test_pairs_that_cannot_be(run: Path, tmp_path: Path, flags: list[str], message: str) -> None:
    assert message in refused("pairs", run, "-o", tmp_path / "p.jsonl", *flags)
    assert not list(tmp_path.glob("*.jsonl"))
