"""The confidence sequence: how often it ever misses, how wide it is, what it refuses."""

from __future__ import annotations

import random

import pytest

from judgekit.stats.confidence_sequence import ConfidenceSequence


@pytest.mark.parametrize(
    ("won", "tied"), [(0.5, 0.0), (0.3, 0.4), (0.9, 0.05), (0.02, 0.0)], ids=str
)
def test_it_misses_the_truth_at_no_moment(won: float, tied: float) -> None:
    """In at least 95 of 100 runs; looked at after every value."""
    truth = won + tied / 2
    draw = random.Random(11)
    runs, missed = 200, 0
    for _ in range(runs):
        sequence = ConfidenceSequence()
        for value in draw.choices([1.0, 0.5, 0.0], [won, tied, 1 - won - tied], k=300):
            sequence.add(value)
        found = sequence.interval
        assert found.low is not None
        assert found.high is not None
        missed += not found.low <= truth <= found.high
    assert missed / runs <= 0.06


def test_a_clear_winner_is_found_early() -> None:
    sequence = ConfidenceSequence()
    draw = random.Random(2)
    while (low := sequence.interval.low) is None or low <= 0.5:
        sequence.add(float(draw.random() < 0.8))
    assert sequence.count < 80


def test_it_narrows_as_the_fixed_interval_does() -> None:
    """Within 2.5 times of 1.96·σ/√n, which may be looked at only once."""
    draw = random.Random(4)
    sequence = ConfidenceSequence()
    for _ in range(2000):
        sequence.add(float(draw.random() < 0.5))
    found = sequence.interval
    assert found.low is not None
    assert found.high is not None
    assert (found.high - found.low) / 2 < 2.5 * 1.96 * 0.5 / 2000**0.5


def test_nothing_yet_and_nothing_wild() -> None:
    sequence = ConfidenceSequence()
    assert sequence.interval.value is None
    with pytest.raises(ValueError, match="is not in 0 to 1"):
        sequence.add(1.5)


@pytest.mark.parametrize("value", [0.0, 1.0, 0.5])
def test_values_that_never_change(value: float) -> None:
    sequence = ConfidenceSequence()
    for _ in range(500):
        sequence.add(value)
    found = sequence.interval
    assert found.low is not None
    assert found.high is not None
    assert found.low <= value <= found.high
    assert found.high - found.low < 0.05
