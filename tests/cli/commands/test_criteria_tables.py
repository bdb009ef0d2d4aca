"""What commands print of a rubric's criteria: tables, cases, frames, item analysis and gates."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from answers import write_answers, write_jsonl
from commands import Cli
from places import EXAMPLES
from servers import JudgeServer

import judgekit

RUBRIC = str(EXAMPLES / "rubric.toml")
Scored = Callable[..., Path]


@pytest.fixture
def ask(here: Path, server: JudgeServer) -> list[str]:
    write_answers(here / "a.jsonl", ["GOOD one", "plain one"] * 6)
    write_answers(here / "b.jsonl", ["plain two", "POOR two"] * 6)
    model = ["--model", "openai/m", "--base-url", server.base_url]
    return ["--judge", "rubric", "--rubric", RUBRIC, *model]


def test_score_prints_each_criterion_and_the_mean_within_0_to_1(cli: Cli, ask: list[str]) -> None:
    said = cli("score", "a.jsonl", *ask)
    assert said.code == 0, said.err
    lines = {" ".join(line.split()) for line in said.out.splitlines()}
    assert "correct (weight 3) 50.0 % (22.4 to 77.6)" in lines, said.out
    assert any(line.startswith("complete (weight 2) 75.0 %") for line in lines)
    assert any(line.startswith("padding (weight -1) 50.0 %") for line in lines)
    assert any(line.startswith("mean score within 0 to 1 0.54 (") for line in lines)


def test_a_mean_below_0_stands_beside_the_clipped_one(
    cli: Cli, ask: list[str], server: JudgeServer
) -> None:
    server.says = lambda body: (
        "correct: x => no\ncomplete: x => 1\nclear: x => muddled\npadding: x => yes"
    )
    said = cli("score", "a.jsonl", *ask)
    lines = [" ".join(line.split()) for line in said.out.splitlines()]
    assert any(line.startswith("mean score -0.17") for line in lines), said.out
    assert any(line.startswith("mean score within 0 to 1 0.00") for line in lines)


def test_compare_prints_which_criteria_differ_by_adjusted_p_values(
    cli: Cli, ask: list[str]
) -> None:
    said = cli("compare", "a.jsonl", "b.jsonl", *ask)
    assert said.code == 0, said.err
    [complete] = [line for line in said.out.splitlines() if "complete (weight 2)" in line]
    assert "75.0 % against 25.0 %: +50.0 points" in complete
    assert "adjusted p = 0.00" in complete
    assert complete.endswith("decisive")
    [correct] = [line for line in said.out.splitlines() if "correct (weight 3)" in line]
    assert "50.0 % against 0.0 %" in correct


def test_show_prints_each_criterion_with_its_status_and_reason(
    cli: Cli, ask: list[str], server: JudgeServer
) -> None:
    server.says = lambda body: "correct: It names the dose => yes\ncomplete: part of it => 9"
    cli("score", "a.jsonl", *ask, "--partial", "--out", "run")
    said = cli("show", "run", "--limit", "1")
    assert "correct: 1 (weight 3): It names the dose" in said.out, said.out
    assert "complete: no verdict, unparsed" in said.out
    assert "padding: no verdict, unparsed (missing in the reply) (weight -1)" in said.out


def test_a_run_gives_its_criteria_as_a_frame(cli: Cli, ask: list[str]) -> None:
    cli("compare", "a.jsonl", "b.jsonl", *ask, "--out", "run")
    frame = judgekit.load_run("run").criteria
    assert len(frame) == 12 * 2 * 4
    assert set(frame["criterion"]) == {"correct", "complete", "clear", "padding"}
    means = frame.groupby(["model", "criterion"])["value"].mean()
    assert means["a", "complete"] == 0.75
    assert means["b", "complete"] == 0.25
    assert set(frame["status"]) == {"valid"}


def test_a_run_of_another_judge_has_an_empty_frame(cli: Cli, ask: list[str]) -> None:
    cli("score", "a.jsonl", "--judge", "overlap", "--references", "a.jsonl", "--out", "run")
    frame = judgekit.load_run("run").criteria
    assert frame.empty
    assert "criterion" in frame


@pytest.mark.parametrize(
    "metric", ["rubric.clipped", "rubric.criteria.value", "rubric.criteria.p_adjusted"]
)
def test_the_metrics_of_criteria_are_explained(cli: Cli, metric: str) -> None:
    assert metric in cli("explain", metric).out


def test_stats_analyses_the_criteria(cli: Cli, ask: list[str]) -> None:
    cli("score", "a.jsonl", *ask, "--out", "run")
    said = cli("stats", "run", "--criteria", "--json")
    [model] = said.json["models"]
    items = {item["name"]: item for item in model["criteria"]}
    # Every verdict of the server goes with every other, and padding is a fault.
    assert items["correct"]["discrimination"] == pytest.approx(1)
    assert items["padding"]["discrimination"] == pytest.approx(-1)
    assert items["correct"]["redundancy"] == pytest.approx(1)
    printed = cli("stats", "run", "--criteria").out
    assert "padding: works against the other criteria" in printed
    assert "clear and correct: nearly the same verdicts" in printed
    rows = cli("stats", "run", "--criteria", "--format", "csv").out.splitlines()
    assert len(rows) == 5


def test_stats_shows_a_comparison_without_each_criterion(cli: Cli, ask: list[str]) -> None:
    cli("compare", "a.jsonl", "b.jsonl", *ask, "--out", "run")
    said = cli("stats", "run", "--criteria", "--json").json
    whole, without = said["difference"]["value"], said["differences_without"]
    # a less b, of GOOD less plain and of plain less POOR: (3 + 1 + .5 - 1) / 6 and (1 + .5) / 6.
    assert whole == pytest.approx((3.5 / 6 + 1.5 / 6) / 2)
    assert without["padding"]["value"] == pytest.approx((4.5 / 6 + 1.5 / 6) / 2)
    assert "without padding: +50.0 points" in cli("stats", "run", "--criteria").out


def test_stats_says_how_far_people_agree_on_criteria(cli: Cli, here: Path, ask: list[str]) -> None:
    cli("score", "a.jsonl", *ask, "--out", "run")
    ids = [case.id for case in judgekit.load_run("run").cases()]
    rows = [{"id": case, "criterion": "correct", "label": "yes"} for case in ids[:4]]
    rows.append({"id": "elsewhere", "criterion": "correct", "label": "no"})
    write_jsonl(here / "people.jsonl", rows)
    flags = ["--criteria", "--labels", "people.jsonl"]
    said = cli("stats", "run", *flags, "--json").json
    agreement = said["models"][0]["criteria"][0]["agreement"]
    assert (agreement["labelled"], agreement["equal"]["value"]) == (4, 0.5)
    assert said["unknown"] == 1
    assert "labels" in cli("stats", "run", *flags).out


@pytest.mark.parametrize(
    ("row", "error"),
    [
        ({"id": "q0", "label": "yes"}, "people.jsonl, line 1: each row needs id, criterion and"),
        ({"id": "q0", "criterion": "correct", "label": 7}, "line 1: 7 is no label of a criterion"),
        ({"id": "q0", "criterion": "correct", "label": ""}, "people.jsonl: no row has a label"),
        ({"id": "zz", "criterion": "correct", "label": 1}, "labels no criterion of 'run'"),
    ],
)
def test_labels_that_are_none_of_criteria_are_refused(
    cli: Cli, here: Path, ask: list[str], row: dict[str, object], error: str
) -> None:
    cli("score", "a.jsonl", *ask, "--out", "run")
    write_jsonl(here / "people.jsonl", [row])
    assert error in cli("stats", "run", "--criteria", "--labels", "people.jsonl").error


def test_a_run_without_criteria_has_no_item_analysis(cli: Cli, ask: list[str]) -> None:
    cli("score", "a.jsonl", "--judge", "overlap", "--references", "a.jsonl", "--out", "run")
    assert "'run' has no criteria" in cli("stats", "run", "--criteria").error
    assert "of one run" in cli("stats", "run", "run", "--criteria").error


def test_a_gate_takes_a_criterion(cli: Cli, here: Path, ask: list[str]) -> None:
    for name, texts in (("old", ["GOOD"] * 20), ("new", ["POOR"] * 20)):
        write_answers(here / f"{name}.jsonl", texts)
        cli("score", f"{name}.jsonl", *ask, "--out", f"run-{name}")
    flags = ["--against", "run-old", "--margin", "0.02", "--metric"]
    said = cli("gate", "run-new", *flags, "criteria.correct")
    assert said.code == 1, said.err
    assert said.out.startswith("failed: criteria.correct against run-old, margin 0.02: ")
    # A fault that has become rarer is no fall.
    assert cli("gate", "run-new", *flags, "criteria.padding").code == 0
    assert (
        "did you mean 'criteria.correct'?"
        in cli("gate", "run-new", *flags, "criteria.corect").error
    )
