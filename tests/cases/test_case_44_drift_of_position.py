"""Case 44: drift sees a new position bias, without repeats and where no mean moves."""

from __future__ import annotations

from pathlib import Path

import pytest
from answers import write_answers

import judgekit
from judgekit.api import run_job
from judgekit.runs.drift_report import DriftReport
from judgekit.trust.drift import prepare_drift, read_drift

JUDGES = '''
"""Fair judges, and ones that a share of the cases makes lean to a place."""
import os
from hashlib import sha256
from judgekit import hookimpl
from judgekit.judging import BatchJudge
from judgekit.types import Choice, Verdict

def u(*p):
    return int(sha256("|".join(p).encode()).hexdigest()[:8], 16) / 16**8

class Leaning(BatchJudge):
    arity = frozenset({2})
    @property
    def identity(self):
        return ("leaning", os.environ.get("LEAN", ""))
    def judge_batch(self, trials):
        return [self.verdict(t) for t in trials]
    def verdict(self, t):
        lean = os.environ.get("LEAN", "")
        if lean == "noise" and u("n", t.case.id) < 0.2:
            texts = sorted(x.text for x in t.shown)
            return Verdict.chose(Choice.FIRST if t.shown[0].text == texts[0] else Choice.SECOND)
        if lean in ("first", "second", "tie") and u("p", t.case.id) < 0.4:
            if lean == "tie":
                if t.order[0] == 0:
                    return Verdict.chose(Choice.TIE)
            else:
                return Verdict.chose(Choice(lean))
        a, b = (u(x.text) for x in t.shown)
        return Verdict.chose(Choice.FIRST if a > b else Choice.SECOND)

@hookimpl
def judgekit_judges():
    return {"leaning": Leaning}
'''


@pytest.fixture
def frozen(here: Path) -> Path:
    Path("leaning.py").write_text(JUDGES, encoding="utf-8")
    for name in "ab":
        write_answers(
            here / f"{name}.jsonl", [f"{name} says {i * 7919 % 1000}" for i in range(200)]
        )
    return judgekit.compare(
        "a.jsonl", "b.jsonl", judge="leaning", plugins=["./leaning.py"], out="frozen"
    ).folder


def checked(frozen: Path) -> DriftReport:
    check = prepare_drift(frozen, {"out": "check"})
    return read_drift(check, run_job(check.job).folder)


@pytest.mark.parametrize(
    ("lean", "why"),
    [
        ("first", "the first place's share of both orders moved by +"),
        ("second", "the second place's share of both orders moved by +"),
        ("tie", "the share of half-ties moved by +"),
    ],
)
def test_a_new_position_bias(
    frozen: Path, monkeypatch: pytest.MonkeyPatch, lean: str, why: str
) -> None:
    monkeypatch.setenv("LEAN", lean)
    found = checked(frozen)
    assert found.drifted
    assert "position consistency moved by -" in found.sentence
    assert why in found.sentence
    assert DriftReport.read(Path("check")) == found


def test_a_judge_that_did_not_change(frozen: Path) -> None:
    found = checked(frozen)
    assert not found.drifted
    assert len(found.position_shifts) == 6


def test_an_unstable_judge_without_a_bias_has_not_drifted_in_position(
    frozen: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEAN", "noise")
    assert not any("place" in reason for reason in checked(frozen).reasons)
