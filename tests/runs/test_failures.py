"""Runs that decide nothing: which they are, and what is said of them."""

from __future__ import annotations

from pathlib import Path

import planted_judges as planted
import pytest
from answers import read_jsonl, write_answers, write_jsonl
from commands import Cli

FAULTY = """
from judgekit import hookimpl
from judgekit.judging import BatchJudge
from judgekit.types import Choice, Status, Verdict

class OneSided(BatchJudge):
    arity = frozenset({2})
    identity = ("onesided", "1")

    def judge_batch(self, trials):
        said = Verdict.chose(Choice.FIRST), Verdict.without(Status.UNPARSED)
        return [said[trial.order[0]] for trial in trials]

class Recording(BatchJudge):
    arity = frozenset({1})
    identity = ("recording", "1")

    def judge_batch(self, trials):
        return [self.verdict(trial) for trial in trials]

    def verdict(self, trial):
        if trial.case.id == "q0":
            return Verdict.without(Status.UNPARSED, "no number")
        return Verdict.without(Status.FAILED, f"empty recording kept.jsonl:{trial.case.id}")

@hookimpl
def judgekit_judges():
    return {"recording": Recording, "onesided": OneSided}
"""


@pytest.fixture(autouse=True)
def _faulty(here: Path) -> None:
    (here / "faulty.py").write_text(FAULTY)


def test_failures_that_differ_in_their_place_only_are_one(cli: Cli, here: Path) -> None:
    write_answers(here / "a.jsonl", ["x", "y", "z", "w"])
    own = ["--judge", "recording", "--plugin", "faulty.py"]
    said = cli("score", "a.jsonl", *own)
    assert said.code == 3
    assert "3 of 4 trials are failed (empty recording kept.jsonl:q1);" in said.err
    write_answers(here / "a.jsonl", ["x"])
    assert "1 of 1 trial is unparsed (no number);" in cli("score", "a.jsonl", *own).err


@pytest.mark.parametrize(
    ("command", "judge", "share"),
    [
        ("compare", "errs20,mute", "60 of 120"),
        ("compare", "onesided", "30 of 60"),
        ("rank", "onesided", "30 of 60"),
        ("rank", "mute", "60 of 60"),
    ],
)
def test_verdicts_that_decide_no_case_are_none(
    cli: Cli, here: Path, command: str, judge: str, share: str
) -> None:
    planted.write_sides(here, 30)
    plugin = "faulty.py" if judge == "onesided" else planted.FILE
    said = cli(command, "a.jsonl", "b.jsonl", "--judge", judge, "--plugin", plugin)
    assert said.code == 3
    assert f"no verdict came out: {share} trials are unparsed" in said.err


@pytest.mark.parametrize("command", ["compare", "rank"])
def test_answers_that_are_the_same_text_need_no_verdict(cli: Cli, here: Path, command: str) -> None:
    planted.write_sides(here, 4)
    own = ["--judge", "mute", "--plugin", planted.FILE]
    assert cli(command, "a.jsonl", "a.jsonl", *own).code == 0
    rows = read_jsonl(here / "a.jsonl")
    write_jsonl(here / "c.jsonl", [*rows[:3], rows[3] | {"response": "another"}])
    assert cli(command, "a.jsonl", "c.jsonl", *own).code == 3
