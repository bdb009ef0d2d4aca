"""Case 41: prompts needed rest on the variance at the win rate that they are named for."""

from __future__ import annotations

import random

import pytest

from judgekit.runs.analysis import prompts_by_difference
from judgekit.stats import clustered_rate
from judgekit.stats.power import design_effect, effective_prompts, prompts_to_detect

Rows = list[tuple[str, float]]


def won(share: float, prompts: int = 400) -> Rows:
    return [(str(i), float(i < round(share * prompts))) for i in range(prompts)]


def power(prompts: int, rate: float, ties: float, runs: int = 1500) -> float:
    draw = random.Random(f"{prompts} {rate} {ties}")
    weights = [rate - ties / 2, ties, max(0.0, 1 - rate - ties / 2)]
    found = 0
    for _ in range(runs):
        values = draw.choices([1.0, 0.5, 0.0], weights, k=prompts)
        found += (clustered_rate((str(i), v, 1) for i, v in enumerate(values)).low or 0) > 0.5
    return found / runs


@pytest.mark.parametrize("seen", [0.05, 0.5, 0.762, 0.9, 0.95, 1.0])
def test_what_was_seen_does_not_move_the_number(seen: float) -> None:
    needed = prompts_by_difference(won(seen))
    assert needed is not None
    assert needed == prompts_by_difference(won(0.5))
    assert needed[0.1] == pytest.approx(194, abs=4)


@pytest.mark.parametrize(("rate", "ties"), [(0.6, 0.0), (0.6, 0.5), (0.4, 0.3), (0.7, 0.2)])
def test_so_many_prompts_have_the_power(rate: float, ties: float) -> None:
    prompts = prompts_to_detect(rate, ties=ties)
    assert prompts is not None
    found = power(prompts, max(rate, 1 - rate), ties)
    assert 0.77 <= found <= (0.85 if prompts >= 80 else 1.0)


def test_a_rate_that_cannot_occur_is_not_named() -> None:
    """90 of 100 cases count half, so that no win rate above 55 % exists."""
    needed = prompts_by_difference([(str(i), 0.5 if i % 10 else 1.0) for i in range(100)])
    assert needed is not None
    assert set(needed) == {0.05, 0.02}
    assert prompts_by_difference([(str(i), 0.5) for i in range(100)]) is None
    assert prompts_to_detect(0.5) is None
    assert prompts_to_detect(1.1) is None


def test_prompts_of_several_cases() -> None:
    """Cases that are always alike make one draw of a prompt; independent ones make several."""
    alike = [(str(i), float(i % 2)) for i in range(200) for _ in range(4)]
    assert design_effect(alike) == pytest.approx(1, rel=0.02)
    draw = random.Random(1)
    apart = [(str(i), float(draw.random() < 0.5)) for i in range(2000) for _ in range(4)]
    assert design_effect(apart) == pytest.approx(0.25, rel=0.1)
    certain = [(str(i), 1.0) for i in range(50) for _ in range(3)]
    assert design_effect(certain) == 1


def test_prompts_of_very_unequal_size_say_nothing() -> None:
    rows = [("big", 1.0)] * 200 + [(f"p{i}", float(i % 2)) for i in range(20)]
    assert effective_prompts([200, *[1] * 20]) < 2
    assert prompts_by_difference(rows) is None
