"""The gate on the command line: exit codes, what is refused before anything is paid, JUnit."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as Xml

import planted_judges as planted
import pytest
from answers import write_answers
from commands import Cli
from servers import JudgeServer

PASSES, FAILS = "win_rate_a.low < 0.5", "win_rate_a > 0.5"


@pytest.fixture(autouse=True)
def _files(here: Path) -> None:
    write_answers(here / "a.jsonl", ["GOOD one"] * 20)
    write_answers(here / "b.jsonl", ["POOR one"] * 20)
    write_answers(here / "c.jsonl", ["plain"] * 20)


@pytest.fixture
def ask(server: JudgeServer) -> list[str]:
    return ["--judge", "pairwise", "--model", "openai/m", "--base-url", server.base_url]


@pytest.mark.parametrize(
    ("conditions", "code", "says"),
    [
        ([PASSES], 0, ["passed: win_rate_a.low is 0.8"]),
        ([FAILS], 1, ["failed: win_rate_a is 1 (fails if > 0.5)"]),
        ([PASSES, FAILS], 1, ["passed: win_rate_a.low", "failed: win_rate_a is 1"]),
        (["mean_score_a < 1"], 1, ["failed: mean_score_a has no value (fails if < 1)"]),
    ],
)
def test_a_comparison_fails_where_a_condition_is_met(
    cli: Cli, ask: list[str], conditions: list[str], code: int, says: list[str]
) -> None:
    flags = [word for text in conditions for word in ("--fail-if", text)]
    said = cli("compare", "a.jsonl", "b.jsonl", *ask, *flags, "--out", "run")
    assert said.code == code
    lines = said.err.splitlines()
    assert [line[: len(start)] for line, start in zip(lines, says, strict=True)] == says
    assert said.out.splitlines()[-1] == "run", "the results come first"


def test_json_holds_what_became_of_the_conditions(cli: Cli, ask: list[str]) -> None:
    said = cli("compare", "a.jsonl", "b.jsonl", *ask, "--fail-if", FAILS, "--json")
    assert said.code == 1
    assert json.loads(said.out)["gate"] == [{"condition": FAILS, "value": 1.0, "failed": True}]


@pytest.mark.parametrize(
    ("flags", "tells"),
    [
        (["--fail-if", "win_rate_a under 0.5"], "is not a condition: write METRIC SIGN NUMBER"),
        (["--fail-if", "win_rat_a < 0.5"], "did you mean 'win_rate_a'?"),
        (["--fail-if", "position.frist < 0.5"], "did you mean 'first'?"),
        (["--fail-if", "judge == 1"], "judge is not a number"),
        (["--junit", "out.xml"], "--junit writes the results of --fail-if"),
        (["--fail-if", PASSES, "--junit", "no/out.xml"], "cannot write 'no/out.xml'"),
        (["--fail-if", PASSES, "--junit", "."], "cannot write '.'"),
        (["--fail-if", PASSES, "--junit", "a.jsonl"], "'a.jsonl' is read by this command"),
    ],
)
def test_what_could_not_be_checked_is_refused_before_anything_is_paid(
    cli: Cli, ask: list[str], server: JudgeServer, flags: list[str], tells: str
) -> None:
    assert tells in cli("compare", "a.jsonl", "b.jsonl", *ask, *flags).error
    assert server.requests == []


def test_every_comparison_is_a_suite(cli: Cli, here: Path, ask: list[str]) -> None:
    words = ["--baseline", "b.jsonl", *ask, "--fail-if", "wins_a < 1", "--fail-if", "ties > 1"]
    said = cli("compare", "a.jsonl", "c.jsonl", *words, "--junit", "gate.xml")
    assert said.code == 0
    assert said.err.splitlines()[0] == "a against b"
    assert "c against b: passed: ties is 0 (fails if > 1)" in said.err
    suites = list(Xml.parse(here / "gate.xml").getroot())
    assert [suite.attrib["name"] for suite in suites] == ["a against b", "c against b"]
    assert [suite.attrib["failures"] for suite in suites] == ["0", "0"]
    assert cli("compare", "b.jsonl", "c.jsonl", *words[2:], "--junit", "gate.xml").code == 1
    [suite] = Xml.parse(here / "gate.xml").getroot()
    assert suite.attrib["failures"] == "1"
    assert "failed: wins_a is 0 (fails if < 1)" in Xml.tostring(suite, encoding="unicode").replace(
        "&lt;", "<"
    )


def test_scores_and_rankings_have_gates(cli: Cli) -> None:
    own = ["--judge", "length", "--plugin", planted.FILE]
    assert cli("score", "a.jsonl", *own, "--fail-if", "mean_score.low < 7").code == 0
    assert cli("score", "a.jsonl", *own, "--fail-if", "mean_score < 9").code == 1
    assert cli("rank", "a.jsonl", "c.jsonl", *own, "--fail-if", "incomplete > 0").code == 0
    assert cli("rank", "a.jsonl", "c.jsonl", *own, "--fail-if", "cases >= 20").code == 1
    assert "no metric 'win_rate_a'" in cli(
        "score", "a.jsonl", *own, "--fail-if", "win_rate_a < 1"
    ).error  # fmt: skip


def test_a_jurys_own_figures_have_gates(cli: Cli, here: Path) -> None:
    planted.write_sides(here, 60)
    own = ["--judge", "errs20,errs25,errs30", "--plugin", planted.FILE]
    words = ["compare", "a.jsonl", "b.jsonl", *own]
    assert cli(*words, "--fail-if", "jury.alpha < 0.9").code == 1
    assert "has no metric 'alhpa'" in cli(*words, "--fail-if", "jury.alhpa < 0").error


def test_without_any_verdict_the_exit_code_says_so(cli: Cli, here: Path) -> None:
    own = ["--judge", "mute", "--plugin", planted.FILE]
    said = cli(
        "compare", "a.jsonl", "b.jsonl", *own, "--fail-if", PASSES, "--junit", "gate.xml"
    )  # fmt: skip
    assert said.code == 3
    assert "failed: win_rate_a.low has no value (fails if < 0.5)" in said.err
    assert Xml.parse(here / "gate.xml").getroot()[0].attrib["failures"] == "1"


def test_without_any_verdict_no_condition_lets_a_run_pass(cli: Cli, here: Path) -> None:
    own = ["--judge", "mute", "--plugin", planted.FILE, "--out", "run"]
    words = ["--fail-if", "cases < 1", "--junit", "gate.xml"]
    for command in (["compare", "a.jsonl", "b.jsonl", *own, *words], ["gate", "run", *words]):
        said = cli(*command)
        assert said.code == 3
        assert "no verdict came out: 40 of 40 trials are unparsed" in said.err
        assert "passed: cases is 20 (fails if < 1)" in said.out + said.err
        [suite] = Xml.parse(here / "gate.xml").getroot()
        assert [suite.attrib[name] for name in ("failures", "errors")] == ["0", "1"]
        [error] = suite.findall("testcase/error")
        assert error.attrib["message"] == "no verdict came out: 40 of 40 trials are unparsed"
        (here / "gate.xml").unlink()
    failed = cli("gate", "run", "--fail-if", "cases > 1")
    assert failed.code == 3, "before 1"
    assert json.loads(cli("gate", "run", *words, "--json").out)["gate"][0]["failed"] is False


def test_a_finished_run_has_a_gate(cli: Cli, here: Path, ask: list[str]) -> None:
    cli("compare", "a.jsonl", "b.jsonl", *ask, "--out", "run")
    assert cli("gate", "run", "--fail-if", PASSES).code == 0
    said = cli("gate", "run", "--fail-if", PASSES, "--fail-if", FAILS, "--junit", "gate.xml")
    assert (said.code, said.err) == (1, "")
    assert said.out.splitlines()[1] == "failed: win_rate_a is 1 (fails if > 0.5)"
    assert Xml.parse(here / "gate.xml").getroot()[0].attrib["tests"] == "2"
    whole = json.loads(cli("gate", "run", "--fail-if", FAILS, "--json").out)
    assert (whole["run"], whole["gate"][0]["failed"]) == ("run", True)
    assert "no condition: add one" in cli("gate", "run").error
    assert "no run in 'nothing'" in cli("gate", "nothing", "--fail-if", PASSES).error
