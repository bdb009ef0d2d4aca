"""Intervals: against known figures, at the borders, and by how often they hold the truth."""

from __future__ import annotations

import random
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgekit.stats import Rate, clustered_mean, clustered_rate, expected_half_width
from judgekit.stats.intervals import _wilson, chance_corrected_interval, jackknife_interval, t95


def alone(values: list[float]) -> list[tuple[str, float, float]]:
    """Each value in a cluster of its own."""
    return [(str(i), value, 1) for i, value in enumerate(values)]


@pytest.mark.parametrize(
    ("freedom", "quantile"),
    [(1, 12.7062), (2, 4.3027), (3, 3.1824), (4, 2.7764), (5, 2.5706), (10, 2.2281),
     (30, 2.0423), (120, 1.9799), (10**6, 1.95997)],
)  # fmt: skip
def test_students_t(freedom: int, quantile: float) -> None:
    assert t95(freedom) == pytest.approx(quantile, rel=2e-3 if freedom < 10 else 5e-5)


@pytest.mark.parametrize(
    ("wins", "n", "low", "high"),  # Newcombe 1998, Statistics in Medicine 17, table I, method 3
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611),
     (1, 29, 0.0061, 0.1718)],
)  # fmt: skip
def test_wilson(wins: int, n: int, low: float, high: float) -> None:
    assert _wilson(wins / n, n, 1.959964) == pytest.approx((low, high), abs=5e-5)


def test_the_rate_is_a_ratio_of_sums() -> None:
    rate = clustered_rate([("p", 1, 1), ("p", 0, 1), ("q", 1, 1), ("r", 2, 4), ("s", 0, 0)])
    assert rate.value == pytest.approx(4 / 7)


def test_repeating_every_case_within_its_prompt_tells_nothing_new() -> None:
    once = alone([1, 0, 1, 1, 0.5, 0, 1, 1, 0, 1])
    thrice = clustered_rate(once * 3)
    first = clustered_rate(once)
    assert (thrice.low, thrice.high) == pytest.approx((first.low, first.high))


def test_as_many_prompts_more_do_tell() -> None:
    values = [1, 0, 1, 1, 0.5, 0, 1, 1, 0, 1]
    narrow, wide = clustered_rate(alone(values * 4)), clustered_rate(alone(values))
    assert width(narrow) == pytest.approx(width(wide) / 2, rel=0.15)


def width(rate: Rate) -> float:
    assert rate.low is not None
    assert rate.high is not None
    return rate.high - rate.low


@pytest.mark.parametrize(
    ("values", "low", "high"),
    [
        ([1.0] * 20, 1 / (1 + 2.093**2 / 20), 1.0),  # Wilson with one draw per prompt
        ([0.0] * 20, 0.0, 1 - 1 / (1 + 2.093**2 / 20)),
        ([1.0], 0.0, 1.0),
        ([0.5], 0.0, 1.0),
    ],
)
def test_borders(values: list[float], low: float, high: float) -> None:
    rate = clustered_rate(alone(values))
    assert (rate.value, rate.low, rate.high) == pytest.approx((values[0], low, high), abs=1e-4)


def test_all_ties_are_narrow_but_not_certain() -> None:
    """About what two decided prompts more would allow."""
    assert width(clustered_rate(alone([0.5] * 50))) == pytest.approx(
        2 * 2.01 * sqrt(0.5) / 50, 0.01
    )


def test_without_anything_there_is_no_rate() -> None:
    assert clustered_rate([]) == clustered_rate([("p", 0, 0)]) == clustered_mean([]) == Rate()
    assert Rate().to_dict() == {"value": None, "low": None, "high": None}


def test_mean_scores() -> None:
    """Gosset's sleep data, group 2 (1908): mean 2.33, 95 % interval 0.898 to 3.762."""
    scores = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
    rate = clustered_mean(alone(scores))
    assert (rate.value, rate.low, rate.high) == pytest.approx((2.33, 0.898, 3.762), abs=1e-3)
    assert clustered_mean([("p", 3, 1), ("p", 4, 1)]) == Rate(3.5)


@pytest.mark.parametrize(("cases", "half"), [(0, 0.5), (1, 0.5), (100, 0.097), (805, 0.0345)])
def test_expected_half_width(cases: int, half: float) -> None:
    assert expected_half_width(cases) == pytest.approx(half, abs=5e-4)


def test_the_worst_case_is_the_widest() -> None:
    half_won = clustered_rate(alone([1.0, 0.0] * 50))
    assert width(half_won) / 2 == pytest.approx(expected_half_width(100), rel=0.01)


observations = st.lists(
    st.tuples(st.sampled_from("pqrstuvw"), st.sampled_from([0, 0.25, 0.5, 1]), st.just(1.0)),
    min_size=1,
)


@given(observations)
def test_the_interval_holds_its_value_and_has_a_width(
    observed: list[tuple[str, float, float]],
) -> None:
    rate = clustered_rate(observed)
    assert rate.value is not None
    assert rate.low is not None
    assert rate.high is not None
    assert 0 <= rate.low <= rate.value <= rate.high <= 1
    assert rate.low < rate.high


@given(observations)
def test_losses_mirror_wins(observed: list[tuple[str, float, float]]) -> None:
    rate = clustered_rate(observed)
    other = clustered_rate([(cluster, n - x, n) for cluster, x, n in observed])
    assert rate.value is not None
    assert rate.low is not None
    assert rate.high is not None
    assert (other.value, other.low, other.high) == pytest.approx(
        (1 - rate.value, 1 - rate.high, 1 - rate.low), abs=1e-9
    )


@pytest.mark.parametrize(
    ("prompts", "rate", "tied"),
    [(20, 0.5, 0.3), (20, 0.7, 0.0), (20, 0.95, 0.08), (50, 0.7, 0.3), (200, 0.5, 0.3)],
)
def test_coverage(prompts: int, rate: float, tied: float) -> None:
    """Prompts of one to three alike cases: 95 of 100 intervals hold the truth (seeded)."""
    draw = random.Random(20)
    held = 0
    runs = 1000
    for _ in range(runs):
        found = clustered_rate(simulated(draw, prompts, rate, tied))
        assert found.low is not None
        assert found.high is not None
        held += found.low <= rate <= found.high
    assert 0.93 <= held / runs <= 0.98


def simulated(
    draw: random.Random, prompts: int, rate: float, tied: float
) -> list[tuple[str, float, float]]:
    """Outcomes with this mean and share of ties; half the cases repeat their prompt's first."""
    won = rate - tied / 2

    def outcome() -> float:
        u = draw.random()
        return 1.0 if u < won else 0.5 if u < won + tied else 0.0

    out = []
    for prompt in range(prompts):
        first = outcome()
        out += [
            (str(prompt), first if draw.random() < 0.5 else outcome(), 1.0)
            for _ in range(draw.randint(1, 3))
        ]
    return out


@pytest.mark.parametrize("value", [0.999, -0.999, 0.3])
def test_a_correlations_interval_stays_inside(value: float) -> None:
    without = [value - 0.05 * (i % 3) * value for i in range(12)]
    found = jackknife_interval(value, without)
    assert found.low is not None
    assert found.high is not None
    assert -1 <= found.low < value < found.high <= 1
    assert jackknife_interval(value, without[:9]) == Rate(value)
    assert jackknife_interval(value, [*without, None]) == Rate(value)
    assert jackknife_interval(value, [value] * 12) == Rate(value)
    assert jackknife_interval(1.0, without) == Rate(1.0)


def test_disagreement_beyond_chance_ends_at_minus_one() -> None:
    """Where chance alone would differ in three of ten, the plain low end would be below."""
    found = chance_corrected_interval(-0.9, [-0.9 - 0.1 * (i % 2) for i in range(12)], 0.3)
    assert found.low == -1
    assert found.high is not None
    assert -0.9 < found.high < 0
