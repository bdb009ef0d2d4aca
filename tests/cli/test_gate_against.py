"""`judgekit gate --against`: exit codes, JUnit, JSON and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as Xml

import planted_judges as planted
import pytest
from answers import write_answers
from commands import Cli

OWN = ["--judge", "length", "--plugin", planted.FILE]


@pytest.fixture(autouse=True)
def _runs(here: Path, cli: Cli) -> None:
    for name, texts in {
        "old": ["four", "fives"] * 8,
        "better": ["longest"] * 16,
        "worse": ["a"] * 16,
        "alike": ["fives", "four"] * 8,
    }.items():
        write_answers(here / f"{name}.jsonl", texts)
        assert cli("score", f"{name}.jsonl", *OWN, "--out", f"run-{name}").code == 0


@pytest.mark.parametrize(
    ("name", "more", "code", "line"),
    [
        ("better", [], 0, "passed: mean_score against run-old, margin 0.1: difference +2.5"),
        ("worse", [], 1, "failed: mean_score against run-old, margin 0.1: difference -3.5"),
        ("alike", [], 0, "inconclusive: mean_score against run-old"),
        ("alike", ["--inconclusive", "fail"], 1, "inconclusive: mean_score against run-old"),
    ],
)
def test_the_exit_code_is_the_verdict(
    cli: Cli, name: str, more: list[str], code: int, line: str
) -> None:
    said = cli("gate", f"run-{name}", "--against", "run-old", "--margin", "0.1", *more)
    assert said.code == code
    assert said.out.startswith(line)
    assert ("warning: it is not shown to be as good" in said.err) == (name == "alike" and not more)


def test_what_is_inconclusive_says_how_many_prompts_would_settle_it(cli: Cli) -> None:
    said = cli("gate", "run-alike", "--against", "run-old", "--margin", "0.1")
    assert "16 common prompts; about " in said.out
    assert "prompts would settle it" in said.out


@pytest.mark.parametrize(
    ("name", "element"), [("better", None), ("worse", "failure"), ("alike", "skipped")]
)
def test_junit_has_a_test_case_of_it(cli: Cli, here: Path, name: str, element: str | None) -> None:
    flags = ["--against", "run-old", "--margin", "0.1", "--junit", "gate.xml"]
    cli("gate", f"run-{name}", *flags, "--fail-if", "cases < 1")
    [suite] = Xml.parse(here / "gate.xml").getroot()
    condition, against = suite
    assert condition.attrib["name"] == "cases < 1"
    assert against.attrib["name"] == "mean_score against run-old, margin 0.1"
    assert [child.tag for child in against] == ([] if element is None else [element])
    assert suite.attrib["skipped"] == str(int(element == "skipped"))
    assert suite.attrib["failures"] == str(int(element == "failure"))


def test_json_holds_the_comparison(cli: Cli) -> None:
    said = cli("gate", "run-worse", "--against", "run-old", "--margin", "0.1", "--json")
    document = json.loads(said.out)
    assert (said.code, document["gate"]) == (1, [])
    assert document["against"]["verdict"] == "fail"
    assert document["against"]["difference"]["value"] == -3.5
    assert "against" not in json.loads(
        cli("gate", "run-old", "--fail-if", "cases < 1", "--json").out
    )


@pytest.mark.parametrize(
    ("flags", "error"),
    [
        ([], "no condition: add one such as"),
        (["--against", "run-old"], "--against RUN and --margin belong together"),
        (["--margin", "0.1"], "--against RUN and --margin belong together"),
        (["--metric", "mean_score", "--fail-if", "cases < 1"], "--metric names the metric of"),
        (["--against", "none", "--margin", "0.1"], "no run in 'none'"),
        (["--against", "run-old", "--margin", "-1"], "from 0 up, not -1"),
        (
            ["--against", "run-old", "--margin", "0.1", "--metric", "mean_scor"],
            "did you mean 'mean_score'?",
        ),
        (
            ["--against", "run-old", "--margin", "0.1", "--junit", "run-old/run.json"],
            "is read by this command",
        ),
    ],
)
def test_what_cannot_be_checked_is_one_line(cli: Cli, flags: list[str], error: str) -> None:
    assert error in cli("gate", "run-better", *flags).error
