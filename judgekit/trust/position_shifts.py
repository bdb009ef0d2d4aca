"""What moved between two runs of the same cases in how a judge takes the position of an answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace

from judgekit import stats
from judgekit.stats import Rate
from judgekit.stats.paired_test import PairedTest, paired_test
from judgekit.trust.audit.position import leans, side
from judgekit.types import Outcome, Position

__all__ = ["position_shares", "position_shifts"]

OutcomePair = tuple[Outcome, Outcome]
"""The outcomes of one case, before and now."""


def position_shares(
    pairs: Sequence[OutcomePair],
) -> tuple[Mapping[str, float | None], Mapping[str, float | None]]:
    """The position shares before and now, without their intervals.

    Both are over the cases that both runs showed in both orders, or both in one, so that their
    difference is what `position_shifts` tests.
    """
    placed = [(x, y) for x, y in pairs if (x.position is None) == (y.position is None)]
    return shares([x for x, _ in placed]), shares([y for _, y in placed])


def shares(outcomes: Sequence[Outcome]) -> dict[str, float | None]:
    """The position shares, without their intervals."""
    positions = stats.positions(outcomes)
    return {f.name: getattr(positions, f.name).value for f in fields(positions)}


def position_shifts(pairs: Sequence[tuple[Outcome, Outcome]]) -> dict[str, PairedTest]:
    """Each figure of the position, now minus before, over the cases that have it in both runs.

    A judge that has not changed has the same expectation of each in both runs, however unstable it
    is, so that these tests need no repeats.
    """
    tests = {}
    for name, of_case in POSITION_FIGURES.items():
        rows = [
            (x.cluster, now, before)
            for x, y in pairs
            if (before := of_case(x)) is not None and (now := of_case(y)) is not None
        ]
        if rows:
            tests[name] = paired_test(rows)
    lean = [
        (x.cluster, (1 + side(y)) / 2, (1 + side(x)) / 2) for x, y in pairs if leans(x) and leans(y)
    ]
    if lean:  # `paired_test` takes shares in 0 to 1; the net lean goes from -1 to 1
        tests["the net lean to the first place"] = twice(paired_test(lean))
    return tests


def twice(test: PairedTest) -> PairedTest:
    """The test of a difference that is twice as large."""
    ends = (test.difference.value, test.difference.low, test.difference.high)
    return replace(test, difference=Rate(*(None if end is None else 2 * end for end in ends)))


def in_position(position: Position) -> Callable[[Outcome], float | None]:
    """Whether a case shown in both orders came out so; None where it was shown in one."""
    return lambda o: None if o.position is None else float(o.position is position)


def first_share(outcome: Outcome) -> float | None:
    """How often the answer shown first was chosen; None where no position was."""
    chosen = outcome.first + outcome.second
    return outcome.first / chosen if chosen else None


POSITION_FIGURES: Mapping[str, Callable[[Outcome], float | None]] = {
    "position consistency": in_position(Position.CONSISTENT),
    "the first place's share of both orders": in_position(Position.FIRST),
    "the second place's share of both orders": in_position(Position.SECOND),
    "the share of half-ties": in_position(Position.HALF_TIE),
    "the mean first share of a case": first_share,
}
