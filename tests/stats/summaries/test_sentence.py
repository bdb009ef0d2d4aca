"""The sentence of a comparison: how many more prompts would decide it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from judgekit.stats import Rate, Summary, sentence, summarise
from judgekit.types import Outcome, Position

A = Outcome("c", "p", 0, True, Position.CONSISTENT, 1.0, 1.0, (), {"valid": 2})
B = replace(A, winner=1, mean=0.0)
SPLIT = replace(A, winner=None, position=Position.FIRST, mean=0.5)
LOST = replace(A, winner=None, decided=False, position=Position.ERROR, statuses={"unparsed": 2})


def summary(*parts: tuple[Outcome, int], **how: Any) -> Summary:
    """So many of each outcome, every one a prompt of its own."""
    every = [made for made, n in parts for _ in range(n)]
    cases = [replace(made, case=f"c{i}", cluster=f"p{i}") for i, made in enumerate(every)]
    return summarise(cases, a="a", b="b", judge="pairwise", model=None, **how)


def more_prompts(made: Summary) -> int:
    """What the sentence says would decide it."""
    found = re.search(r"about (\d+) more prompt", sentence(made))
    assert found is not None
    return int(found[1])


def test_the_number_of_prompts_that_would_tell() -> None:
    """Against the textbook's sample size for one share: ((1.96 + 0.84) · 0.5 / 0.05)² = 785."""
    assert 200 + more_prompts(summary((A, 110), (B, 90))) == pytest.approx(785, rel=0.02)
    said = sentence(summary((A, 50_001), (B, 50_000)))
    assert "no number of prompts in reach" in said


def test_prompts_without_a_verdict_are_to_be_asked_too() -> None:
    """16 of 40 prompts count, so of those to come two fifths will."""
    all_count, some = summary((A, 10), (B, 6)), summary((A, 10), (B, 6), (LOST, 24))
    assert more_prompts(some) == pytest.approx(more_prompts(all_count) * 40 / 16, rel=0.05)
    dropped = summary((A, 10), (B, 6), (SPLIT, 24), inconsistent="drop")
    assert more_prompts(dropped) == more_prompts(some)


def test_a_watched_run_takes_as_many_prompts_as_another() -> None:
    parts = (A, 110), (B, 90)
    watched = summary(*parts, anytime=Rate(0.55, 0.45, 0.65))
    assert more_prompts(watched) == more_prompts(summary(*parts)) == 580
    assert "(95 % interval 45.0 to 65.0)" in sentence(watched)


def test_a_watched_run_that_an_ordinary_interval_would_have_decided() -> None:
    """Its own interval, ±25 points, has to shrink to a difference of 20: 100 · 25² / 20² = 156."""
    made = summary((A, 70), (B, 30), anytime=Rate(0.7, 0.45, 0.95))
    assert more_prompts(made) == 56
