"""The margin test: a pass above the margin, a fail below it, and nothing claimed in between."""

from __future__ import annotations

import random

import pytest

from judgekit.stats.margin import margin_test


def rows(differences: list[float]) -> list[tuple[str, float, float]]:
    return [(f"p{i}", 0.5 + d / 2, 0.5 - d / 2) for i, d in enumerate(differences)]


@pytest.mark.parametrize(
    ("differences", "verdict"),
    [
        ([0.0] * 400, "pass"),
        ([1.0] * 20 + [0.0] * 20, "pass"),
        ([-1.0] * 20 + [0.0] * 20, "fail"),
        ([0.0] * 20, "inconclusive"),
        ([-1.0, 1.0] * 20, "inconclusive"),
    ],
)
def test_the_interval_decides(differences: list[float], verdict: str) -> None:
    assert margin_test(rows(differences), 0.02, shares=True).verdict == verdict


def test_without_prompts_nothing_is_decided() -> None:
    test = margin_test([], 0.02, shares=True)
    assert (test.verdict, test.prompts, test.difference.value) == ("inconclusive", 0, None)


def test_few_equal_scores_show_no_variance_and_decide_nothing() -> None:
    few = margin_test([(f"p{i}", 4.0, 4.0) for i in range(9)], 0.1, shares=False)
    assert (few.verdict, few.difference.low, few.prompts_to_settle) == ("inconclusive", None, None)
    ten = margin_test([(f"p{i}", 4.0, 4.0) for i in range(10)], 0.1, shares=False)
    assert ten.verdict == "pass"


def test_the_prompts_that_would_settle_it_do() -> None:
    draw = random.Random(5)
    spread = [draw.choice([-1.0, 0.0, 0.0, 1.0]) for _ in range(100)]
    test = margin_test(rows(spread), 0.1, shares=True)
    assert test.verdict == "inconclusive"
    assert test.prompts_to_settle is not None
    assert test.difference.value is not None
    more = test.prompts_to_settle
    decided = 0
    for _ in range(200):
        again = margin_test(rows(draw.choices(spread, k=more)), 0.1, shares=True)
        decided += again.verdict == "pass"
    assert 140 <= decided <= 185, "the power is 80 %"


def test_on_the_margin_itself_no_number_settles_it() -> None:
    test = margin_test(
        [(f"p{i}", d, 0.0) for i, d in enumerate([-1.0, 0.8] * 10)], 0.1, shares=False
    )
    assert test.difference.value == pytest.approx(-0.1)
    assert (test.verdict, test.prompts_to_settle) == ("inconclusive", None)


def test_prompts_of_several_cases_count_once() -> None:
    single = margin_test([(f"p{i}", float(i % 2), 0.3) for i in range(20)], 0.1, shares=False)
    thrice = [(f"p{i}", float(i % 2), 0.3) for i in range(20) for _ in range(3)]
    assert margin_test(thrice, 0.1, shares=False).difference.low == pytest.approx(
        single.difference.low
    )
    assert margin_test(thrice, 0.1, shares=False).prompts == 20


def test_a_true_fall_by_the_margin_is_seldom_passed() -> None:
    """One-sided level 2.5 %: at the margin itself, a pass in about that share of samples."""
    draw = random.Random(1)
    passed = 0
    for _ in range(1000):
        sample = [(f"p{i}", draw.gauss(-0.5, 1.0), 0.0) for i in range(30)]
        passed += margin_test(sample, 0.5, shares=False).verdict == "pass"
    assert passed <= 40
