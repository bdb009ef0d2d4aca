"""The corrected win rate: it holds the truth where the judge alone does not, and is narrower."""

from __future__ import annotations

import random

import pytest

from judgekit.stats.prediction_powered import prediction_powered_rate

Row = tuple[str, float, float | None]


def judged(
    draw: random.Random, prompts: int, labels: int, *, errs: float, favours: float
) -> list[Row]:
    """People prefer a in 60 %; the judge errs, and then says a with `favours`."""
    rows: list[Row] = []
    for prompt in range(prompts):
        truth = float(draw.random() < 0.6)
        wrong = draw.random() < errs
        said = float(draw.random() < favours) if wrong else truth
        rows.append((str(prompt), said, truth if prompt < labels else None))
    return rows


def test_it_holds_the_truth_where_the_judge_does_not() -> None:
    draw = random.Random(1)
    held = judge_held = 0
    narrower = []
    for _ in range(400):
        found = prediction_powered_rate(judged(draw, 1000, 100, errs=0.2, favours=0.9))
        assert found.rate.low is not None
        assert found.rate.high is not None
        assert found.by_judge.low is not None
        assert found.by_judge.high is not None
        assert found.narrower is not None
        held += found.rate.low <= 0.6 <= found.rate.high
        judge_held += found.by_judge.low <= 0.6 <= found.by_judge.high
        narrower.append(found.narrower)
    assert 0.93 <= held / 400 <= 0.99
    assert judge_held / 400 < 0.1
    assert 0.15 < sum(narrower) / 400 < 0.6


def test_a_judge_that_knows_nothing_does_no_harm() -> None:
    found = prediction_powered_rate(judged(random.Random(2), 1000, 60, errs=1.0, favours=0.9))
    assert found.weight is not None
    assert found.weight < 0.3
    assert found.narrower == pytest.approx(0, abs=0.08)


@pytest.mark.parametrize(
    ("labels", "reason"), [(0, "0 prompts have labels"), (9, "at least 10"), (30, "every prompt")]
)
def test_what_cannot_be_corrected_is_said(labels: int, reason: str) -> None:
    found = prediction_powered_rate(judged(random.Random(3), 30, labels, errs=0.1, favours=0.5))
    assert found.rate.value is None
    assert reason in found.reason


def test_constant_judges_and_labels() -> None:
    rows: list[Row] = [(str(i), 1.0, float(i % 2) if i < 20 else None) for i in range(60)]
    found = prediction_powered_rate(rows)
    assert found.weight == 0
    assert found.rate.value == pytest.approx(0.5)
    same: list[Row] = [(str(i), 1.0, 1.0 if i < 20 else None) for i in range(60)]
    assert prediction_powered_rate(same).rate.high == 1
