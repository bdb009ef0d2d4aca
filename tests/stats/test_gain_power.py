"""The smallest gain that a test part can show: the power it is named for, by simulation."""

from __future__ import annotations

import random

import pytest

from judgekit.stats.balanced_accuracy import PairedCase, gain_test
from judgekit.stats.gain_power import CHANGED, balanced_prompts, smallest_gain


@pytest.mark.parametrize(("a", "b"), [(20, 20), (60, 60), (60, 0)])
def test_the_gain_is_shown_with_its_power(a: int, b: int) -> None:
    rows = [(f"a{n}", "A") for n in range(a)] + [(f"b{n}", "B") for n in range(b)]
    gain = smallest_gain(balanced_prompts(rows))
    assert gain is not None
    draw, shown = random.Random(3), 0
    share = max(CHANGED, gain)
    for _ in range(300):
        cases = []
        for prompt, label in rows:
            u = draw.random()
            before, after = (u >= (share + gain) / 2, u < (share + gain) / 2 or u >= share)
            cases.append(PairedCase(prompt, label, before, after))
        shown += gain_test(cases).significant
    assert 0.72 <= shown / 300 <= 0.90


def test_more_prompts_show_smaller_gains_without_a_step() -> None:
    gains = [smallest_gain(n) for n in (10, 20, 50, 100, 200, 400, 401, 2000)]
    assert all(gain is not None for gain in gains)
    assert gains == sorted(gains, key=lambda gain: -(gain or 0))
    assert (gains[5] or 0) - (gains[6] or 0) < 0.005


def test_too_few_prompts_show_nothing() -> None:
    assert smallest_gain(5) is None
    assert smallest_gain(0) is None


def test_a_rare_label_costs_prompts() -> None:
    even = [(f"a{n}", "A") for n in range(50)] + [(f"b{n}", "B") for n in range(50)]
    rare = [(f"a{n}", "A") for n in range(90)] + [(f"b{n}", "B") for n in range(10)]
    assert balanced_prompts(even) == pytest.approx(100)
    assert balanced_prompts(rare) == pytest.approx(4 / (1 / 90 + 1 / 10))
    assert balanced_prompts([]) == 0
    repeated = [(f"a{n % 10}", "A") for n in range(100)]
    assert balanced_prompts(repeated) == pytest.approx(10)
