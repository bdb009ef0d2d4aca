"""Resampled intervals beside the formula's."""

from __future__ import annotations

import random

import pytest

from judgekit.stats import Rate, clustered_rate
from judgekit.stats.bootstrap import bootstrap_rate


@pytest.mark.parametrize("cases_a_prompt", [1, 4])
def test_it_agrees_with_the_formula(cases_a_prompt: int) -> None:
    draw = random.Random(1)
    rows = []
    for prompt in range(400):
        leaning = draw.random()
        rows += [(str(prompt), float(draw.random() < leaning), 1.0) for _ in range(cases_a_prompt)]
    ours, formula = bootstrap_rate(rows), clustered_rate(rows)
    assert ours.value == pytest.approx(formula.value)
    assert ours.low == pytest.approx(formula.low, abs=0.005)
    assert ours.high == pytest.approx(formula.high, abs=0.005)


def test_equal_seeds_give_equal_intervals() -> None:
    rows = [(str(i % 30), float(i % 3 == 0), 1.0) for i in range(90)]
    assert bootstrap_rate(rows) == bootstrap_rate(rows)
    assert bootstrap_rate(rows, samples=50, seed=1) != bootstrap_rate(rows, samples=50)


def test_little_to_resample() -> None:
    assert bootstrap_rate([]) == Rate()
    assert bootstrap_rate([("p", 1, 0)]) == Rate()
    assert bootstrap_rate([("p", 1, 2), ("p", 0, 2)]) == Rate(0.25)
    assert bootstrap_rate([("p", 1, 1), ("q", 1, 1)]) == Rate(1, 1, 1)
