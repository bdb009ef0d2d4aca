"""The length-adjusted win rate: planted effects are found, and what cannot be told is said."""

from __future__ import annotations

import random
from math import exp, tanh

import pytest

from judgekit.stats import Rate, clustered_rate
from judgekit.stats.length_control import length_controlled_rate

Row = tuple[str, float, int, int]


def planted(
    draw: random.Random, *, skill: float, bias: float, prompts: int = 300, shift: int = 150
) -> list[Row]:
    """Outcomes with log-odds `skill` + `bias`·tanh(Δ/200), a's answers longer by `shift`."""
    rows: list[Row] = []
    for prompt in range(prompts):
        b = draw.randint(200, 1200)
        a = max(1, b + int(draw.gauss(shift, 200)))
        chance = 1 / (1 + exp(-(skill + bias * tanh((a - b) / 200))))
        rows.append((str(prompt), float(draw.random() < chance), a, b))
    return rows


def test_a_planted_bias_is_taken_out() -> None:
    """Equal models, a judge for length, a's answers longer: the raw rate is far from one half."""
    draw = random.Random(1)
    raw, held = [], 0
    for _ in range(200):
        rows = planted(draw, skill=0.0, bias=1.0)
        raw.append(sum(value for _, value, _, _ in rows) / len(rows))
        found = length_controlled_rate(rows).rate
        assert found.low is not None
        assert found.high is not None
        held += found.low <= 0.5 <= found.high
    assert min(raw) > 0.5
    assert 0.92 <= held / 200 <= 0.985


def test_without_a_bias_the_rate_stays() -> None:
    rows = planted(random.Random(2), skill=0.8, bias=0.0, prompts=2000)
    found = length_controlled_rate(rows)
    raw = sum(value for _, value, _, _ in rows) / len(rows)
    assert found.rate.value == pytest.approx(raw, abs=0.02)
    assert found.effect.low is not None
    assert found.effect.high is not None
    assert found.effect.low < 0 < found.effect.high


def test_swapping_the_models_swaps_the_rate() -> None:
    rows = planted(random.Random(3), skill=0.5, bias=0.7)
    there = length_controlled_rate(rows)
    back = length_controlled_rate((c, 1 - v, b, a) for c, v, a, b in rows)
    assert there.rate.value is not None
    assert back.rate.value == pytest.approx(1 - there.rate.value, abs=1e-9)
    assert back.longer_wins.value == pytest.approx(there.longer_wins.value)


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([(str(i), float(i % 2), 10, 10) for i in range(20)], "equal length"),
        ([(str(i), 1.0, 10 + i, 20) for i in range(20)], "the same outcome"),
        ([(str(i), float(i % 2), 30 + i, 20) for i in range(20)], "longer in all but 0"),
        ([(str(i), float(i % 2), 5, 20 + i) for i in range(20)], "shorter in all but 0"),
        ([(str(i), float(i >= 10), 10 + i, 20) for i in range(20)], "without exception"),
        ([], "equal length"),
    ],
)
def test_what_cannot_be_told_is_said(rows: list[Row], reason: str) -> None:
    found = length_controlled_rate(rows)
    assert found.rate.value is None
    assert reason in found.reason


def test_ties_are_half_a_win_of_the_longer_answer() -> None:
    rows = [("p", 1.0, 20, 10), ("q", 1.0, 10, 20), ("r", 0.5, 20, 10), ("s", 0.5, 10, 20)]
    rows += [("t", 1.0, 20, 10), ("u", 1.0, 10, 10)]
    found = length_controlled_rate(rows)
    assert found.unequal == 5
    assert found.longer_wins == clustered_rate(
        (c, v, 1) for c, v in zip("pqrst", (1, 0, 0.5, 0.5, 1), strict=True)
    )
    assert found.longer_wins.value == pytest.approx(0.6)
    assert length_controlled_rate([("p", 1.0, 10, 10)]).longer_wins == Rate()
