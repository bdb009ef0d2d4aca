"""`judgekit score` and `compare` with the judge `rubric`, against a server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from answers import read_jsonl, write_answers, write_jsonl
from commands import Cli
from places import EXAMPLES
from servers import JudgeServer

RUBRIC = str(EXAMPLES / "rubric.toml")


@pytest.fixture
def ask(here: Path, server: JudgeServer) -> list[str]:
    write_answers(here / "a.jsonl", ["GOOD one", "plain one"] * 6)
    write_answers(here / "b.jsonl", ["plain two", "POOR two"] * 6)
    return ["--judge", "rubric", "--model", "openai/m", "--base-url", server.base_url]


def test_one_call_judges_all_criteria(cli: Cli, ask: list[str], server: JudgeServer) -> None:
    said = cli("score", "a.jsonl", *ask, "--rubric", RUBRIC, "--out", "run", "--json")
    assert said.code == 0, said.err
    assert len(server.requests) == 12
    summary = json.loads(said.out)
    rubric = summary["rubric"]
    assert [c["name"] for c in rubric["criteria"]] == ["correct", "complete", "clear", "padding"]
    assert [c["weight"] for c in rubric["criteria"]] == [3, 2, 1, -1]
    # GOOD has the best verdict of each scale, the fault among them: (3 + 2 + 1 - 1) / 6.
    # Plain has the middle one: no, 3 of 1 to 5, the middle level, no.
    assert summary["mean_score"]["value"] == pytest.approx((5 / 6 + 1.5 / 6) / 2)
    [row, *_] = read_jsonl(Path("run/judgements.jsonl"))
    assert {c["name"]: c["value"] for c in row["criteria"]} == {
        "correct": 1.0,
        "complete": 1.0,
        "clear": 1.0,
        "padding": 1.0,
    }
    assert sorted(c["place"] for c in row["criteria"]) == [1, 2, 3, 4]


def test_the_order_is_drawn_for_each_case(cli: Cli, ask: list[str]) -> None:
    cli("score", "a.jsonl", *ask, "--rubric", RUBRIC, "--out", "run")
    rows = read_jsonl(Path("run/judgements.jsonl"))
    assert len({tuple(c["place"] for c in row["criteria"]) for row in rows}) > 3


@pytest.mark.parametrize("flag", ["--per-criterion", "--structured"])
def test_both_other_forms_give_the_same_scores(
    cli: Cli, ask: list[str], server: JudgeServer, flag: str
) -> None:
    plain = cli("score", "a.jsonl", *ask, "--rubric", RUBRIC, "--out", "run", "--json")
    calls = len(server.requests)
    other = cli("score", "a.jsonl", *ask, "--rubric", RUBRIC, flag, "--out", "other", "--json")
    assert other.code == 0, other.err
    assert len(server.requests) - calls == (48 if flag == "--per-criterion" else 12)
    scores = [json.loads(said.out)["mean_score"] for said in (plain, other)]
    assert scores[0] == scores[1]
    if flag == "--structured":
        schema = server.requests[-1]["response_format"]["json_schema"]
        assert set(schema["schema"]["required"]) == {"correct", "complete", "clear", "padding"}


def test_a_comparison_says_which_criteria_differ(cli: Cli, ask: list[str]) -> None:
    said = cli("compare", "a.jsonl", "b.jsonl", *ask, "--rubric", RUBRIC, "--json")
    assert said.code == 0, said.err
    criteria = {c["name"]: c for c in json.loads(said.out)["rubric"]["criteria"]}
    assert criteria["complete"]["difference"]["value"] == 0.5
    assert criteria["complete"]["decisive"]
    for criterion in criteria.values():
        assert criterion["p_adjusted"] >= criterion["p_value"]


def test_a_criterion_that_a_reply_lacks_has_no_value_and_the_answer_no_score(
    cli: Cli, ask: list[str], server: JudgeServer
) -> None:
    server.says = lambda body: "correct: so it is => yes\ncomplete: all of it => 5"
    flags = ["--rubric", RUBRIC, "--json"]
    said = cli("score", "a.jsonl", *ask, *flags)
    assert said.code == 3
    assert "2 of 4 criteria without a verdict: clear (missing in the reply), padding" in said.err
    partial = cli("score", "a.jsonl", *ask, *flags, "--partial")
    document = json.loads(partial.out)
    assert document["mean_score"]["value"] == 1.0
    assert document["rubric"]["partial"] == 12
    unread = {c["name"]: c["unread"] for c in document["rubric"]["criteria"]}
    assert unread == {"correct": 0, "complete": 0, "clear": 12, "padding": 12}


def test_each_case_may_have_a_rubric_of_its_own(
    cli: Cli, here: Path, ask: list[str], server: JudgeServer
) -> None:
    criteria = [
        {"criterion": "Names the dose.", "points": 5, "tags": []},
        {"criterion": "Invents a source.", "points": -4, "tags": []},
    ]
    write_jsonl(
        here / "own.jsonl",
        [
            {"id": f"q{n}", "prompt": f"Question {n}?", "response": text, "rubrics": criteria}
            for n, text in enumerate(["GOOD", "POOR", "GOOD"])
        ],
    )
    said = cli("score", "own.jsonl", *ask, "--rubric-column", "rubrics", "--json")
    assert said.code == 0, said.err
    document = json.loads(said.out)
    assert document["mean_score"]["value"] == pytest.approx(2 / 3 * 0.2)
    assert [c["name"] for c in document["rubric"]["criteria"]] == [
        "Names the dose.",
        "Invents a source.",
    ]
    asked = server.requests[0]["messages"][-1]["content"]
    assert "(yes or no): Names the dose." in asked
    assert "points" not in asked


@pytest.mark.parametrize(
    ("flags", "error"),
    [
        ([], "the judge 'rubric' needs a rubric: --rubric FILE"),
        (["--rubric", RUBRIC, "--rubric-column", "x"], "takes one rubric, not two"),
        (["--rubric", "missing.toml"], "cannot read the rubric 'missing.toml'"),
        (["--rubric-column", "criteria"], "criteria"),
    ],
)
def test_what_is_no_rubric_is_refused_before_anything_is_paid(
    cli: Cli, ask: list[str], server: JudgeServer, flags: list[str], error: str
) -> None:
    assert error in cli("score", "a.jsonl", *ask, *flags).error
    assert server.requests == []
