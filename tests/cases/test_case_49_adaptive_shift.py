"""Case 49: the interval of the shift of adaptive orders holds the shift that the run had."""

from __future__ import annotations

import random

import pytest

from judgekit.stats.order_confidence import CALIBRATION, Row, calibrate, calibration_rounds
from judgekit.types import Choice, Verdict

OTHER = {Choice.FIRST: Choice.SECOND, Choice.SECOND: Choice.FIRST}


def held(draw: random.Random, prompts: int, rates: dict[Choice, float]) -> bool | None:
    """Whether one run's interval holds the realised shift; None where no case was shown once."""
    rows: list[Row] = []
    once: list[Verdict] = []
    lead, sure = 0.0, None
    learning = set(calibration_rounds(prompts, CALIBRATION))
    for i in range(prompts):
        shown, choice = draw.randint(0, 1), draw.choice([Choice.FIRST, Choice.SECOND])
        contested = draw.random() < rates[choice]
        first = Verdict.chose(choice)
        if sure is not None and sure.sure(first):
            once.append(first)
            value = 1.0 if (choice is Choice.FIRST) == (shown == 0) else 0.0
            lead += (value - 0.5) * contested
        else:
            second = Verdict.chose(choice if contested else OTHER[choice])
            rows.append((f"p{i}", shown, first, second))
        if i + 1 in learning:
            sure = calibrate(rows)
    if not once or sure is None:
        return None
    shift = sure.shift(once, prompts)
    assert shift.low is not None
    assert shift.high is not None
    return shift.low - 1e-12 <= lead / prompts <= shift.high + 1e-12


@pytest.mark.parametrize(("prompts", "change"), [(400, 0.1), (800, 0.12), (800, 0.05)])
def test_the_interval_holds_the_realised_shift(prompts: int, change: float) -> None:
    draw = random.Random(4)
    found = [held(draw, prompts, dict.fromkeys(OTHER, change)) for _ in range(200)]
    runs = [one for one in found if one is not None]
    assert sum(runs) / len(runs) > 0.93
