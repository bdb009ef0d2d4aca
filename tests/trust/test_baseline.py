"""A run against its baseline: which prompts are compared, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import planted_judges as planted
import pytest
from answers import write_answers
from places import EXAMPLES
from servers import JudgeServer

import judgekit
from judgekit.errors import InputError
from judgekit.trust import BaselineComparison, compare_with_baseline


def score(folder: Path, name: str, answers: list[str]) -> Path:
    write_answers(folder / f"{name}.jsonl", answers)
    return judgekit.score(
        folder / f"{name}.jsonl",
        judge="length",
        plugins=(planted.FILE,),
        out=folder / f"run-{name}",
    ).folder


def against(new: Path, old: Path, margin: float = 0.5, **more: object) -> BaselineComparison:
    return compare_with_baseline(new, old, margin=margin, **more)  # type: ignore[arg-type]


def test_scores_of_the_same_prompts_are_compared(here: Path) -> None:
    old = score(here, "old", ["four"] * 15)
    better = against(score(here, "better", ["longer"] * 15), old)
    assert (better.verdict, better.metric, better.state) == ("pass", "mean_score", "passed")
    assert (better.prompts, better.added, better.missing) == (15, 0, 0)
    worse = against(score(here, "worse", ["a"] * 15), old)
    assert (worse.verdict, worse.failed) == ("fail", True)
    assert worse.message.startswith("failed: mean_score against ")


def test_prompts_added_and_missing_are_counted(here: Path) -> None:
    old = score(here, "old", ["four"] * 20)
    rows = (here / "old.jsonl").read_text().splitlines()
    fewer = [json.loads(row) for row in rows[5:]]
    extra = [{"id": f"n{i}", "prompt": f"new {i}", "response": "four"} for i in range(3)]
    (here / "new.jsonl").write_text("\n".join(json.dumps(r) for r in [*fewer, *extra]))
    new = judgekit.score(
        here / "new.jsonl", judge="length", plugins=(planted.FILE,), out=here / "run-new"
    ).folder
    comparison = against(new, old)
    assert (comparison.prompts, comparison.added, comparison.missing) == (15, 3, 5)
    assert "15 common prompts, 3 added, 5 missing" in comparison.message


def test_other_ids_of_the_same_prompts_match(here: Path) -> None:
    old = score(here, "old", ["four"] * 12)
    rows = [json.loads(row) for row in (here / "old.jsonl").read_text().splitlines()]
    (here / "new.jsonl").write_text(
        "\n".join(json.dumps(row | {"id": f"other-{i}"}) for i, row in enumerate(rows))
    )
    new = judgekit.score(
        here / "new.jsonl", judge="length", plugins=(planted.FILE,), out=here / "run-new"
    ).folder
    assert against(new, old).prompts == 12


def test_few_prompts_are_inconclusive_and_fail_where_that_is_asked(here: Path) -> None:
    old = score(here, "old", ["four", "fives"] * 2)
    new = score(here, "new", ["fives", "four"] * 2)
    comparison = against(new, old)
    assert (comparison.verdict, comparison.state, comparison.failed) == (
        "inconclusive",
        "skipped",
        False,
    )
    assert against(new, old, inconclusive="fail").state == "failed"


def compare(here: Path, name: str, a: list[str], b: list[str]) -> Path:
    write_answers(here / f"{name}.jsonl", a)
    write_answers(here / "other.jsonl", b)
    return judgekit.compare(
        here / f"{name}.jsonl", here / "other.jsonl", judge="longer", out=here / f"run-{name}"
    ).folder


def test_win_rates_against_the_same_opponent_are_compared(here: Path) -> None:
    old = compare(here, "old", ["longest"] * 30, ["middle"] * 30)
    new = compare(here, "new", ["short"] * 30, ["middle"] * 30)
    worse = against(new, old, 0.02)
    assert (worse.metric, worse.verdict, worse.prompts) == ("win_rate_a", "fail", 30)
    assert worse.difference.value == -1.0
    mean = against(new, old, 0.02, metric="win_rate_mean_a")
    assert mean.verdict == "fail"


def test_another_opponent_is_left_out_and_none_left_is_refused(here: Path) -> None:
    old = compare(here, "old", ["longest"] * 12, ["middle"] * 12)
    some = compare(here, "some", ["short"] * 12, ["middle"] * 10 + ["others"] * 2)
    assert (against(some, old).other_opponent, against(some, old).prompts) == (2, 10)
    none = compare(here, "none", ["short"] * 12, ["others"] * 12)
    with pytest.raises(InputError, match="no prompt in common with the same second answer"):
        against(none, old)


def test_what_cannot_be_compared_is_refused_in_one_line(here: Path) -> None:
    scored = score(here, "scored", ["four"] * 5)
    compared = compare(here, "compared", ["one"] * 5, ["three"] * 5)
    chance = judgekit.compare(
        here / "compared.jsonl", here / "other.jsonl", judge="chance", out=here / "chance"
    ).folder
    ranked = judgekit.rank(
        here / "compared.jsonl", here / "other.jsonl", judge="longer", out=here / "ranked"
    ).folder
    for new, old, margin, error in [
        (scored, compared, 0.1, "is of the kind 'score'"),
        (compared, chance, 0.1, "was judged otherwise (judge"),
        (ranked, compared, 0.1, "is a ranking"),
        (scored, scored, -0.1, "from 0 up, not -0.1"),
        (scored, scored, float("nan"), "from 0 up, not nan"),
    ]:
        with pytest.raises(InputError, match=r"^[^\n]*$") as raised:
            against(new, old, margin)
        assert error in str(raised.value)
    with pytest.raises(InputError, match="no metric of a case"):
        against(scored, scored, metric="win_rate_a")


def test_a_criterion_of_a_rubric_is_a_metric(here: Path, server: JudgeServer) -> None:
    def judged(name: str, texts: list[str]) -> Path:
        write_answers(here / f"{name}.jsonl", texts)
        return judgekit.score(
            here / f"{name}.jsonl",
            judge="rubric",
            options={"rubric": str(EXAMPLES / "rubric.toml")},
            model="openai/m",
            base_url=server.base_url,
            out=here / f"run-{name}",
        ).folder

    old = judged("old", ["GOOD"] * 15)
    new = judged("new", ["plain"] * 15)
    complete = against(new, old, metric="criteria.complete")
    assert (complete.verdict, complete.difference.value) == ("inconclusive", -0.5)
    # padding is a fault: what counts is how far it is not met.
    assert against(new, old, metric="criteria.padding").difference.value == 1.0
