"""Balanced accuracy with its interval, and the exact test of a gain in it."""

from __future__ import annotations

import random
from itertools import product
from math import comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgekit.stats import balanced_accuracy as module
from judgekit.stats.balanced_accuracy import PairedCase, balanced_accuracy, gain_test


def test_each_label_counts_alike() -> None:
    rows = [(f"a{n}", "A", True) for n in range(90)] + [(f"b{n}", "B", n < 2) for n in range(10)]
    rate = balanced_accuracy(rows)
    assert rate.value == pytest.approx((1 + 0.2) / 2)
    assert rate.low is not None
    assert rate.high is not None
    assert rate.low < 0.6 < rate.high
    assert rate.high - rate.low > 0.2  # ten cases decide half of it


def test_nothing_and_one_prompt() -> None:
    assert balanced_accuracy([]).value is None
    assert balanced_accuracy([("p", "A", True)]) == module.Rate(1.0)


def test_all_right_still_has_an_interval() -> None:
    rate = balanced_accuracy((f"p{n}", "A", True) for n in range(20))
    assert rate.value == rate.high == 1.0
    assert rate.low is not None
    assert 0.7 < rate.low < 0.95


def test_cases_of_a_prompt_count_as_one_draw() -> None:
    alone = balanced_accuracy((f"p{n}", "AB"[n % 2], n % 3 == 0) for n in range(40))
    five = balanced_accuracy((f"p{n}", "AB"[n % 2], n % 3 == 0) for n in range(40) for _ in "12345")
    assert alone.value == pytest.approx(five.value)
    assert alone.low is not None
    assert five.low is not None
    assert five.low < alone.low + 0.05


@pytest.mark.parametrize(("a", "b", "p", "q"), [(20, 20, 0.8, 0.7), (50, 10, 0.9, 0.6)])
def test_the_interval_covers_the_truth(a: int, b: int, p: float, q: float) -> None:
    draw = random.Random(1)
    held = 0
    for _ in range(400):
        rows = [(f"a{n}", "A", draw.random() < p) for n in range(a)]
        rows += [(f"b{n}", "B", draw.random() < q) for n in range(b)]
        rate = balanced_accuracy(rows)
        held += (rate.low or 0) <= (p + q) / 2 <= (rate.high or 0)
    assert 0.92 <= held / 400 <= 0.985


def pair(cluster: str, label: str, before: bool, after: bool) -> PairedCase:
    return PairedCase(cluster, label, before, after)


@pytest.mark.parametrize(("fixed", "broken"), [(6, 0), (9, 2), (20, 11), (5, 5), (0, 4)])
def test_with_one_label_it_is_mcnemars_exact_test(fixed: int, broken: int) -> None:
    cases = [pair(f"f{n}", "A", False, True) for n in range(fixed)]
    cases += [pair(f"b{n}", "A", True, False) for n in range(broken)]
    cases += [pair(f"s{n}", "A", True, True) for n in range(30)]
    n = fixed + broken
    expected = sum(comb(n, k) for k in range(fixed, n + 1)) / 2**n
    test = gain_test(cases)
    assert test.exact
    assert test.p_value == pytest.approx(expected)
    assert (test.fixed, test.broken, test.clusters) == (fixed, broken, n + 30)


CASES = st.lists(
    st.builds(
        PairedCase,
        st.sampled_from("pqrstuv"),
        st.sampled_from(["A", "B", "tie"]),
        st.booleans(),
        st.booleans(),
    ),
    min_size=1,
    max_size=16,
)


@settings(max_examples=60, deadline=None)
@given(CASES)
def test_the_distribution_is_that_of_all_exchanges(cases: list[PairedCase]) -> None:
    sizes = {case.label: sum(c.label == case.label for c in cases) for case in cases}
    of_cluster: dict[str, float] = {}
    for case in cases:
        gain = (case.after - case.before) / sizes[case.label]
        of_cluster[case.cluster] = of_cluster.get(case.cluster, 0.0) + gain
    values = list(of_cluster.values())
    sums = [
        sum(s * v for s, v in zip(signs, values, strict=True))
        for signs in product((1, -1), repeat=len(values))
    ]
    expected = sum(total >= sum(values) - 1e-9 for total in sums) / len(sums)
    test = gain_test(cases)
    assert test.p_value == pytest.approx(expected)
    assert test.gain.value == pytest.approx(sum(values) / len(sizes))
    low, high = test.gain.low, test.gain.high
    assert low is not None
    assert high is not None
    assert low <= test.gain.value + 1e-9
    assert test.gain.value - 1e-9 <= high
    assert test.significant == (low > 0 and (test.p_value or 1) <= 0.025)


def test_many_labels_are_drawn_with_a_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    cases = [pair(f"{n}", str(n % 8), n % 3 == 0, n % 2 == 0) for n in range(80)]
    exact = gain_test(cases[:24])
    monkeypatch.setattr(module, "MOST_STATES", 10)
    drawn = gain_test(cases[:24])
    assert exact.exact
    assert not drawn.exact
    assert drawn.p_value == pytest.approx(exact.p_value, abs=0.01)
    assert gain_test(cases) == gain_test(cases)


def test_no_case_has_no_test() -> None:
    test = gain_test([])
    assert (test.p_value, test.significant, test.gain.value) == (None, False, None)


def test_five_fixes_are_too_few_and_six_are_enough() -> None:
    still = [pair(f"s{n}", "A", True, True) for n in range(40)]
    five = [pair(f"f{n}", "A", False, True) for n in range(5)]
    assert not gain_test([*still, *five]).significant
    assert gain_test([*still, *five, pair("f5", "A", False, True)]).significant


@pytest.mark.parametrize("labels", [1, 2, 3])
def test_the_level_holds_where_nothing_changes_for_the_better(labels: int) -> None:
    draw = random.Random(labels)
    shown = 0
    for _ in range(600):
        cases = [
            pair(f"p{n}", "ABC"[n % labels], draw.random() < 0.7, draw.random() < 0.7)
            for n in range(45)
        ]
        shown += gain_test(cases).significant
    assert shown / 600 <= 0.025 + 2 * (0.025 * 0.975 / 600) ** 0.5
