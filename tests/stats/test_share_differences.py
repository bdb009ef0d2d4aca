from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgekit.stats import Rate
from judgekit.stats.share_differences import share_difference

ROW = st.tuples(st.sampled_from("abcdef"), st.floats(-1, 1), st.sampled_from([1.0, 2.0]))


@given(st.lists(ROW, min_size=1, max_size=20))
def test_the_interval_holds_the_value_and_stays_inside(
    rows: list[tuple[str, float, float]],
) -> None:
    rate = share_difference((cluster, value * weight, weight) for cluster, value, weight in rows)
    assert rate.value is not None
    assert rate.low is not None
    assert rate.high is not None
    assert -1 <= rate.low <= rate.value + 1e-9
    assert rate.value - 1e-9 <= rate.high <= 1
    assert rate.high - rate.low > 0


def test_nothing_and_one_prompt_tell_nothing() -> None:
    assert share_difference([]) == Rate()
    assert share_difference([("a", 1, 1), ("a", 0, 1)]) == Rate(0.5, -1.0, 1.0)


@pytest.mark.parametrize(("more", "less"), [(0.1, 0.0), (0.25, 0.0), (0.3, 0.1), (0.1, 0.1)])
def test_the_interval_holds_the_truth_also_where_few_verdicts_swing(
    more: float, less: float
) -> None:
    draw = random.Random(0)
    held = 0
    for _ in range(400):
        values = draw.choices((1, -1, 0), (more, less, 1 - more - less), k=100)
        rate = share_difference((str(place), value, 1) for place, value in enumerate(values))
        assert rate.low is not None
        assert rate.high is not None
        held += rate.low <= more - less <= rate.high
    assert 0.92 <= held / 400 <= 0.99
