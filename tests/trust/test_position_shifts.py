"""What drift says of the position, beside the shares and the net lean of the two runs alone."""

from __future__ import annotations

import pytest

from judgekit.stats.share_differences import share_difference
from judgekit.trust.audit.position import leans, side
from judgekit.trust.position_shifts import position_shares, position_shifts
from judgekit.types import Outcome, Position

HALF_FIRST = (Position.HALF_TIE, 1, 0)
BEFORE = [(Position.CONSISTENT, 1, 1)] * 12 + [(Position.SECOND, 0, 2)] * 2 + [HALF_FIRST] * 2
NOW = [(Position.FIRST, 2, 0)] * 6 + [(Position.CONSISTENT, 1, 1)] * 8 + [HALF_FIRST] * 2


def outcomes(kinds: list[tuple[Position, int, int]]) -> list[Outcome]:
    return [
        Outcome(f"q{n}", f"q{n}", 0, True, position, 0.5, 0.0, (), {}, first=first, second=second)
        for n, (position, first, second) in enumerate(kinds)
    ]


def one_order(n: int) -> Outcome:
    return Outcome(f"q{n}", f"q{n}", 0, True, None, 1.0, 1.0, (), {}, first=1)


def net_lean(run: list[Outcome]) -> float:
    lean = share_difference((o.cluster, side(o), 1) for o in run if leans(o)).value
    assert lean is not None
    return lean


def test_a_shift_is_the_difference_of_the_two_figures() -> None:
    pairs = list(zip(outcomes(BEFORE), outcomes(NOW), strict=True))
    # A case shown in one order in one of the runs is in none of the shares.
    pairs.append((one_order(99), outcomes(NOW)[0]))
    shifts = position_shifts(pairs)
    before, now = position_shares(pairs)
    for name, shown in (
        ("position consistency", "consistent"),
        ("the first place's share of both orders", "first"),
        ("the second place's share of both orders", "second"),
        ("the share of half-ties", "half_tie"),
    ):
        old, new = before[shown], now[shown]
        assert old is not None
        assert new is not None
        assert shifts[name].difference.value == pytest.approx(new - old)
    lean = shifts["the net lean to the first place"].difference
    expected = net_lean(outcomes(NOW)) - net_lean(outcomes(BEFORE))
    assert lean.value == pytest.approx(expected)
    assert lean.low is not None
    assert lean.high is not None
    assert lean.low < expected < lean.high
