"""Label noise from a judge's inconsistency: the closed form against simulated judges."""

from __future__ import annotations

import random
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgekit.errors import InputError
from judgekit.train.label_noise import label_noise


@pytest.mark.parametrize(
    ("agreeing", "disagreeing", "trial", "agreed"),
    [
        (10, 0, 0.0, 0.0),
        (68, 32, 0.2, 0.04 / 0.68),  # 2 · 0.2 · 0.8 = 0.32
        (82, 18, 0.1, 0.01 / 0.82),
        (625, 375, 0.25, 0.0625 / 0.625),
    ],
)
def test_the_error_that_gives_this_inconsistency(
    agreeing: int, disagreeing: int, trial: float, agreed: float
) -> None:
    noise = label_noise(agreeing, disagreeing)
    assert noise.trial == pytest.approx(trial)
    assert noise.agreed == pytest.approx(agreed)
    assert noise.cases == agreeing + disagreeing


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_the_equations_hold(agreeing: int, disagreeing: int) -> None:
    if 2 * disagreeing >= agreeing + disagreeing:
        with pytest.raises(InputError):
            label_noise(agreeing, disagreeing)
        return
    noise = label_noise(agreeing, disagreeing)
    e = noise.trial
    assert 2 * e * (1 - e) == pytest.approx(noise.inconsistency, rel=1e-9)
    assert noise.agreed == pytest.approx(e**2 / (e**2 + (1 - e) ** 2), rel=1e-6)
    assert 0 <= noise.agreed <= e < 0.5


@pytest.mark.parametrize("error", [0.05, 0.2, 0.35])
def test_a_simulated_judge_is_seen_through(error: float) -> None:
    draw = random.Random(0)
    agreeing = disagreeing = wrong = 0
    for _ in range(40_000):
        first, second = draw.random() < error, draw.random() < error
        agreeing += first == second
        disagreeing += first != second
        wrong += first and second
    noise = label_noise(agreeing, disagreeing)
    assert noise.trial == pytest.approx(error, abs=0.01)
    assert noise.agreed == pytest.approx(wrong / agreeing, abs=0.01)


@pytest.mark.parametrize(
    ("agreeing", "disagreeing", "says"),
    [
        (0, 0, "no case names a winner in both orders"),
        (5, 5, "no better than chance: its two orders name different winners in 5 of 10 cases"),
        (0, 1, "1 of 1 cases"),
    ],
)
def test_what_no_error_explains(agreeing: int, disagreeing: int, says: str) -> None:
    with pytest.raises(InputError, match=says):
        label_noise(agreeing, disagreeing)


def test_it_needs_no_torch() -> None:
    code = "import sys, judgekit.train.label_noise; print('torch' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "False\n"
