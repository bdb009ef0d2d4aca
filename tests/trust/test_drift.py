"""Drift: a judge that stays the same, and ones that do not, on a real server and planted ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import planted_judges as planted
import pytest
from answers import kept_replies, write_answers
from commands import Cli
from servers import Body, JudgeServer, opinion

import judgekit
from judgekit.api import run_job
from judgekit.errors import InputError
from judgekit.runs.drift_report import DriftReport
from judgekit.trust.drift import prepare_drift, read_drift

CASES = 60


@pytest.fixture
def frozen(here: Path, server: JudgeServer) -> Path:
    """A run with two repeats of a judge that finds a better in every third case."""
    words = ["GOOD", "plain", "POOR"]
    write_answers(here / "a.jsonl", [f"{words[n % 3]} {n}" for n in range(CASES)])
    write_answers(here / "b.jsonl", [f"plain b {n}" for n in range(CASES)])
    run = judgekit.compare(
        "a.jsonl", "b.jsonl", judge="pairwise", model="openai/m", base_url=server.base_url,
        repeats=2, out="frozen",
    )  # fmt: skip
    server.reset()
    return run.folder


def checked(frozen: Path, tolerance: float | None = None, **said: Any) -> DriftReport:
    check = prepare_drift(frozen, {"out": "check"} | said, tolerance=tolerance)
    return read_drift(check, run_job(check.job).folder)


def test_a_judge_that_stays_the_same_is_asked_again(frozen: Path, server: JudgeServer) -> None:
    found = checked(frozen)
    assert len(server.requests) == 4 * CASES
    assert kept_replies(Path("check/replies.db")) == 4 * CASES
    assert not found.drifted
    assert (found.cases, found.missing_cases, found.equal_share.value) == (CASES, 0, 1.0)
    assert found.agreement is not None
    assert found.agreement.kappa.value == 1.0
    assert (found.shift.p_value, found.decided_shift.p_value) == (1.0, 1.0)
    assert found.instability is not None
    assert found.sentence == "no drift of pairwise is seen: 100.0 % of 60 outcomes are unchanged"
    assert json.loads(Path("check/drift.json").read_text())["drifted"] is False
    checked(frozen)
    assert len(server.requests) == 4 * CASES, "the same check goes on where it was"


def harsh(body: Body) -> str:
    """Calls every answer of b's better."""
    first = body["messages"][-1]["content"].partition("<answer-B ")[0]
    return "[[A]]" if "plain b" in first else "[[B]]"


def refusing(body: Body) -> str:
    return "I would rather not." if "POOR" in body["messages"][-1]["content"] else opinion(body)


def flipping(body: Body) -> str:
    """Other winners in both directions alike, so that the mean stays where it was."""
    said = opinion(body)
    swap = {"[[A]]": "[[B]]", "[[B]]": "[[A]]"}
    return said[:-5] + swap.get(said[-5:], said[-5:])


def front(body: Body) -> str:
    return "[[A]]"


@pytest.mark.parametrize(
    ("says", "why"),
    [
        (harsh, "the mean value moved by -0.5"),
        (refusing, "the share with a verdict moved by -0.333"),
        (flipping, "differ from the earlier ones 66.7 points more often"),
        (front, "differ from the earlier ones 100.0 points more often"),
    ],
)
def test_a_judge_that_changed(frozen: Path, server: JudgeServer, says: Any, why: str) -> None:
    server.says = says
    found = checked(frozen)
    assert found.drifted
    assert why in found.sentence
    if says is front:
        assert [side["consistent"] for side in found.position] == [1.0, 0.0]


def test_a_tolerance_is_a_share_of_the_outcomes(frozen: Path, server: JudgeServer) -> None:
    server.says = refusing
    assert not checked(frozen, 0.4).drifted
    found = checked(frozen, 0.1)
    assert found.drifted
    assert "of the outcomes changed, and 10 % may" in found.sentence


def test_without_repeats_nobody_knows_how_steady_it_was(frozen: Path, server: JudgeServer) -> None:
    plain = judgekit.compare(
        "a.jsonl", "b.jsonl", judge="pairwise", model="openai/m", base_url=server.base_url,
        out="once",
    ).folder  # fmt: skip
    server.says = flipping
    found = checked(plain)
    assert not found.drifted
    assert found.instability is None
    assert "how well it agrees with itself is not known" in found.sentence
    assert checked(plain, 0.1).drifted


def test_another_judge_beside_a_frozen_one(frozen: Path, server: JudgeServer) -> None:
    found = checked(frozen, judge="front", model=None, plugins=planted.FILE, base_url=None)
    assert found.drifted
    assert (found.judge, found.model) == ("front", None)
    assert server.requests == []
    other = checked(frozen, judge="pairwise@openai/other", out="other")
    assert other.model == "openai/other"
    assert {body["model"] for body in server.requests} == {"other"}


def test_scores_drift(here: Path, server: JudgeServer) -> None:
    write_answers(here / "a.jsonl", [f"{('GOOD', 'plain')[n % 2]} {n}" for n in range(30)])
    asking = {"judge": "additive", "model": "openai/m", "base_url": server.base_url}
    frozen = judgekit.score("a.jsonl", out="scores", **asking).folder
    same = checked(frozen)
    assert (same.drifted, same.agreement, same.equal_share.value) == (False, None, 1.0)
    server.says = lambda body: opinion(body).replace("4", "3")
    found = checked(frozen, out="later")
    assert found.drifted
    assert found.shift.difference.value == pytest.approx(-0.5)


def test_the_frozen_files_may_be_gone(frozen: Path) -> None:
    Path("a.jsonl").unlink()
    Path("b.jsonl").unlink()
    assert checked(frozen, limit=5).missing_cases == CASES - 5


@pytest.mark.parametrize(
    ("tolerance", "said", "tells"),
    [
        (1.5, {}, "a share of the cases, from 0 up and below 1, not 1.5"),
        (None, {"judge": "nosuch"}, "no judge named 'nosuch'"),
        (None, {"judge": "errs20,front"}, "names 2 judges"),
    ],
)
def test_what_is_refused(
    frozen: Path, tolerance: float | None, said: dict[str, Any], tells: str
) -> None:
    with pytest.raises(judgekit.JudgekitError, match=tells):
        prepare_drift(frozen, said, tolerance=tolerance)


def test_a_jury_is_checked_judge_by_judge(here: Path) -> None:
    files = planted.write_sides(here, 4)
    jury = judgekit.compare(*files, judge="errs20,front", plugins=planted.FILE)
    with pytest.raises(InputError, match="check each judge by itself"):
        prepare_drift(jury.folder, {})
    with pytest.raises(InputError, match="no run in"):
        prepare_drift(Path("nothing"), {})


def test_the_command(cli: Cli, frozen: Path, server: JudgeServer) -> None:
    assert cli("drift", "frozen", "--dry-run", "--json").json["calls"] == 4 * CASES
    same = cli("drift", "frozen", "--out", "one")
    assert same.code == 0
    assert "no drift of pairwise is seen" in same.out
    assert same.out.splitlines()[-1] == "one/frozen"
    server.says = harsh
    changed = cli("drift", "frozen", "--out", "two")
    assert changed.code == 1
    assert "pairwise has drifted: the mean value moved" in " ".join(changed.out.split())
    whole = cli("drift", "frozen", "--out", "two", "--json", "--tolerance", "0.99")
    assert (whole.code, json.loads(whole.out)["drifted"]) == (0, False)
    server.says = lambda _: "nothing"
    assert cli("drift", "frozen", "--out", "three").code == 3
    assert "at least 1" in cli("drift", "frozen", "--limit", "0").error


def test_the_report_is_read_back(frozen: Path) -> None:
    found = checked(frozen)
    assert DriftReport.read(Path("check")) == found
    plain = json.loads(Path("check/drift.json").read_text("utf-8"))
    assert plain["equal_share"] == plain["same"]  # the key of the release before
    for new in ("equal_share", "missing_cases", "decided_shift", "instability"):
        del plain[new]
    assert DriftReport.from_dict(plain) == found
    with pytest.raises(InputError, match="cannot read"):
        DriftReport.read(Path("frozen"))


def test_a_check_never_writes_over_the_frozen_run(frozen: Path) -> None:
    first = prepare_drift(frozen, {"out": "check"})
    run_job(first.job)
    before = (Path("check/frozen/run.json")).read_bytes()
    with pytest.raises(InputError, match="holds the earlier run, which the new one would replace"):
        prepare_drift(Path("check/frozen"), {"out": "check"})
    with pytest.raises(InputError, match="holds a run; choose another"):
        prepare_drift(frozen, {"out": "frozen"})
    assert (Path("check/frozen/run.json")).read_bytes() == before


def test_the_usual_folder(frozen: Path) -> None:
    check = prepare_drift(frozen, {})
    assert check.folder.parent == Path("runs")
    assert check.folder.name.startswith("drift-frozen-2")
    assert check.job.settings.store.parent == check.folder
