"""Case 45: the sentence says how many cases are inconsistent, and what they count for."""

from __future__ import annotations

from typing import Any

import pytest

from judgekit.stats import Summary, sentence, summarise
from judgekit.stats.plain import decode, encode
from judgekit.types import Outcome, Position


def summary(split: int, won: int, lost: int = 0, ties: int = 0, **how: Any) -> Summary:
    places = (
        [(None, Position.FIRST)] * split
        + [(0, Position.CONSISTENT)] * won
        + [(1, Position.CONSISTENT)] * lost
        + [("tie", Position.CONSISTENT)] * ties
    )
    mean = {None: 0.5, 0: 1.0, 1: 0.0, "tie": 0.5}
    rows = [
        Outcome(f"c{i}", f"p{i}", winner, True, place, mean[winner], None, (), {"valid": 2})  # type: ignore[arg-type,index]
        for i, (winner, place) in enumerate(places)
    ]
    return summarise(rows, a="m1", b="m2", judge="j", model=None, **how)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("half", "it wins 55.0 %, 90 inconsistent cases counting half"),
        ("drop", "it wins 100.0 % of the 10 consistent cases of 100, ties counting half"),
    ],
)
def test_mostly_inconsistent(how: str, said: str) -> None:
    made = summary(90, 10, inconsistent=how)
    assert said in sentence(made)
    assert "most cases are inconsistent: only 10 of 100" in sentence(made)
    assert made.inconsistent_bounds_a is not None
    assert (made.inconsistent_bounds_a.low, made.inconsistent_bounds_a.high) == (0.1, 1.0)
    assert decode(Summary, encode(made)) == made


def test_level_cases_beside_inconsistent_ones() -> None:
    said = sentence(summary(10, 5, 5, inconsistent="drop"))
    assert "level at 50.0 % of the 10 consistent cases of 20" in said
    assert "10 inconsistent cases counting half" in sentence(summary(10, 5, 5))


def test_ties_are_named_beside_them() -> None:
    assert "ties and 1 inconsistent case counting half" in sentence(summary(1, 30, 5, ties=4))


def test_few_inconsistent_cases_that_could_turn_the_result() -> None:
    said = sentence(summary(30, 45, 25, inconsistent="drop"))
    assert "the 30 inconsistent cases could turn the result" in said
    assert "turn" not in sentence(summary(3, 80, 17))


def test_without_inconsistent_cases() -> None:
    made = summary(0, 30, 5, ties=5)
    assert made.inconsistent_bounds_a is None
    assert ", ties counting half (" in sentence(made)
