"""The paired test: exact values, how often it cries wolf, and how many prompts it needs."""

from __future__ import annotations

import random
from math import comb

import pytest

from judgekit.stats import Rate
from judgekit.stats.paired_test import paired_test
from judgekit.stats.power import prompts_needed, value_variance


def rows(wins: int, losses: int, ties: int = 0) -> list[tuple[str, float, float]]:
    values = [(1.0, 0.0)] * wins + [(0.0, 1.0)] * losses + [(0.5, 0.5)] * ties
    return [(str(i), x, y) for i, (x, y) in enumerate(values)]


@pytest.mark.parametrize(("wins", "losses"), [(5, 0), (7, 1), (6, 6), (9, 3)])
def test_yes_or_no_is_the_sign_test(wins: int, losses: int) -> None:
    n, k = wins + losses, max(wins, losses)
    tail = sum(comb(n, i) for i in range(k, n + 1)) / 2**n
    found = paired_test(rows(wins, losses, ties=4))
    assert found.p_value == pytest.approx(min(1, 2 * tail))
    assert found.exact
    assert (found.cases, found.differing) == (n + 4, n)


def test_drawn_flips_come_near_the_sign_test() -> None:
    tail = sum(comb(60, i) for i in range(38, 61)) / 2**60
    found = paired_test(rows(38, 22))
    assert not found.exact
    assert found.p_value == pytest.approx(2 * tail, abs=0.01)
    assert found == paired_test(rows(38, 22))


def test_a_prompt_counts_once() -> None:
    """Twenty copies of one prompt's win are one prompt's win."""
    assert paired_test([("p", 1, 0)] * 20).p_value == 1
    assert paired_test([("p", 1, 0)] * 20).difference == Rate(1.0, -1.0, 1.0)


def test_nothing_to_compare() -> None:
    assert paired_test([]).p_value is None
    assert paired_test(rows(0, 0, ties=3)).p_value == 1


def test_it_cries_wolf_as_often_as_it_says() -> None:
    draw = random.Random(3)
    found = [
        paired_test((str(i), draw.random(), draw.random()) for i in range(40)).p_value
        for _ in range(200)
    ]
    assert 0.01 <= sum(p is not None and p <= 0.05 for p in found) / 200 <= 0.10


def test_prompts_needed_give_the_power_promised() -> None:
    n = prompts_needed(0.1, value_variance(0.6, tie_share=0.2))
    draw = random.Random(7)
    found = 0
    for _ in range(200):
        values = draw.choices([1.0, 0.5, 0.0], weights=[0.5, 0.2, 0.3], k=n)
        p = paired_test((str(i), v, 0.5) for i, v in enumerate(values)).p_value
        found += p is not None and p <= 0.05
    assert 0.72 <= found / 200 <= 0.88


def test_variance_of_a_value() -> None:
    assert value_variance(0.5) == 0.25
    assert value_variance(0.5, tie_share=1.0) == 0
    with pytest.raises(ValueError, match="cannot be"):
        value_variance(0.9, tie_share=0.5)
    with pytest.raises(ValueError, match="difference of 0"):
        prompts_needed(0, 0.25)


@pytest.mark.parametrize("n", [2, 12, 20, 50])
def test_an_interval_of_shares_is_possible_and_never_a_point(n: int) -> None:
    """Also where no prompt differs, and where all do."""
    for wins in {0, 1, n // 2, n}:
        for losses in {0, (n - wins) // 2, n - wins}:
            d = paired_test(rows(wins, losses, n - wins - losses), shares=True).difference
            assert d.value == pytest.approx((wins - losses) / n)
            assert d.low is not None
            assert d.high is not None
            assert -1 <= d.low <= d.value <= d.high <= 1
            assert d.high - d.low > 0.05


def test_interval_and_verdict_never_contradict_each_other() -> None:
    told = 0
    for n in (6, 12, 20, 50):
        for wins in range(n + 1):
            for losses in range(n - wins + 1):
                found = paired_test(rows(wins, losses, n - wins - losses), shares=True)
                d = found.difference
                assert d.low is not None
                assert d.high is not None
                assert found.p_value is not None
                assert found.told_apart == (d.low > 0 or d.high < 0)
                assert found.told_apart <= (found.p_value < 0.05)
                told += found.told_apart
    assert told > 100


@pytest.mark.parametrize(("n", "p", "q"), [(20, 0.95, 0.9), (50, 0.95, 0.93), (50, 0.9, 0.85)])
def test_the_interval_holds_also_for_accurate_judges(n: int, p: float, q: float) -> None:
    draw = random.Random(2)
    held = 0
    for _ in range(300):
        drawn = [draw.random() for _ in range(n)]
        given = [(str(i), float(x < p), float(x < q)) for i, x in enumerate(drawn)]
        d = paired_test(given, shares=True).difference
        assert d.low is not None
        assert d.high is not None
        held += d.low <= p - q <= d.high
    assert held / 300 >= 0.93


def test_verdicts_are_known_by_their_values() -> None:
    assert paired_test(rows(3, 1, 8)) == paired_test(rows(3, 1, 8), shares=True)
    scores = [(str(i), 2 * x + 1, 2 * y + 1) for i, (_, x, y) in enumerate(rows(3, 1, 8))]
    low = paired_test(scores, shares=False).difference.low
    assert low is not None
    assert low != pytest.approx(2 * paired_test(rows(3, 1, 8)).difference.low)  # type: ignore[operator]


@pytest.mark.parametrize("by", [0.0, 1.5])
def test_scores_that_all_differ_alike_have_no_interval(by: float) -> None:
    found = paired_test(((str(i), 5.0 + by, 5.0) for i in range(12)), shares=False)
    assert found.difference == Rate(by)
    assert found.told_apart == (by > 0)
