"""Which first verdicts are sure: a position-biased judge's against its bias, and what it costs."""

from __future__ import annotations

import random
from typing import Literal

import pytest

from judgekit.stats.order_confidence import OrderConfidence, Row, calibrate, calibration_rounds
from judgekit.stats.outcomes.fold import fold
from judgekit.types import Case, Choice, Judgement, Response, Status, Trial, Verdict

FIRST, SECOND, TIE = (Verdict.chose(choice) for choice in Choice)
LOST = Verdict.without(Status.UNPARSED)
CASE = Case("c", (), (Response("x", "a"), Response("y", "b")))


def sees(draw: random.Random, a: float, bias: float) -> tuple[int, Verdict, Verdict]:
    """A case where a is better with chance `a`: the judge sees who is, but with chance `bias` takes
    the first; both orders, the first of them drawn."""
    better, first = int(draw.random() >= a), draw.randrange(2)
    said = []
    for shown in (first, 1 - first):
        noise = draw.random() < 0.04
        chosen = shown if draw.random() < bias else better
        said.append(FIRST if (chosen == shown) != noise else SECOND)
    return first, said[0], said[1]


def rows(prompts: int, *, seed: int = 0, a: float = 0.6, bias: float = 0.5) -> list[Row]:
    draw = random.Random(seed)
    return [(str(i), *sees(draw, a, bias)) for i in range(prompts)]


def test_a_verdict_against_the_preference_is_sure() -> None:
    found = calibrate(rows(300))
    assert found.sure(SECOND)
    assert not found.sure(FIRST)
    first, second = found.kinds
    assert (first.name, second.name) == ("first", "second")
    assert first.cases + second.cases == 300
    assert first.changed.value is not None
    assert second.changed.value is not None
    assert first.changed.value > 0.3 > 0.1 > second.changed.value


def test_a_judge_without_preference_is_sure_of_either() -> None:
    found = calibrate(rows(300, bias=0.0))
    assert found.sure(FIRST)
    assert found.sure(SECOND)


@pytest.mark.parametrize(("prompts", "sure"), [(17, False), (18, True)])
def test_a_few_agreements_are_no_proof(prompts: int, sure: bool) -> None:
    same: list[Row] = [(str(i), i % 2, FIRST, SECOND) for i in range(prompts)]
    assert calibrate(same).sure(FIRST) is sure


def test_cases_of_one_prompt_are_one_proof() -> None:
    found = calibrate([("p", i % 2, FIRST, SECOND) for i in range(200)])
    assert not found.sure(FIRST)


@pytest.mark.parametrize(
    ("verdict", "merge", "inconsistent", "sure"),
    [
        (LOST, "agree", "half", True),
        (LOST, "mean", "drop", True),
        (TIE, "agree", "half", True),
        (TIE, "agree", "drop", False),
        (TIE, "mean", "half", False),
        (FIRST, "agree", "half", False),
    ],
)
def test_before_calibration_only_what_is_settled_is_sure(
    verdict: Verdict,
    merge: Literal["agree", "mean"],
    inconsistent: Literal["half", "drop"],
    sure: bool,
) -> None:
    assert OrderConfidence((), merge, inconsistent).sure(verdict) is sure


VERDICTS = [
    FIRST,
    SECOND,
    TIE,
    LOST,
    *(Verdict.chose(Choice.FIRST, probability=p) for p in (0.55, 0.97)),
    *(Verdict.chose(Choice.SECOND, probability=p) for p in (0.4, 0.1)),
    Verdict.chose(Choice.TIE, probability=0.5),
]


@pytest.mark.parametrize("merge", ["agree", "mean"])
@pytest.mark.parametrize("inconsistent", ["half", "drop"])
@pytest.mark.parametrize("shown_first", [0, 1])
def test_what_a_case_counts_for_is_as_fold_has_it(
    merge: Literal["agree", "mean"], inconsistent: Literal["half", "drop"], shown_first: int
) -> None:
    """`changed` is whether fold's two outcomes count for the same, for every two verdicts."""
    order = (shown_first, 1 - shown_first)

    def counts_for(*said: Verdict) -> float | str | None:
        shown = [
            Judgement(Trial(CASE, turned, ("A", "B")), verdict)
            for turned, verdict in zip((order, order[::-1]), said, strict=False)
        ]
        outcome = fold(CASE, shown, merge=merge, both_orders=len(said) == 2)
        if not outcome.decided:
            return "undecided"
        winner = outcome.winner
        if winner is None and inconsistent == "drop":
            return None
        return 1.0 - winner if isinstance(winner, int) else 0.5

    for first in VERDICTS:
        for second in VERDICTS:
            both, alone = counts_for(first, second), counts_for(first)
            if OrderConfidence((), merge, inconsistent).sure(first):
                assert both in (alone, "undecided")
            elif second is not LOST:
                [kind] = calibrate(
                    [("p", shown_first, first, second)], merge=merge, inconsistent=inconsistent
                ).kinds
                assert kind.changed.value == (alone != both)
                if alone is not None and both is not None:
                    assert isinstance(alone, float)
                    assert isinstance(both, float)
                    assert kind.shift.value == pytest.approx(alone - both)


def test_probabilities_make_kinds_of_their_own() -> None:
    def told(p: float) -> Verdict:
        return Verdict.chose(Choice.FIRST if p > 0.5 else Choice.SECOND, probability=p)

    seen: list[Row] = []
    for i in range(120):
        seen.append((f"clear {i}", i % 2, told(0.95), told(0.1)))
        seen.append((f"close {i}", i % 2, told(0.55), told(0.3 if i % 2 else 0.8)))
    found = calibrate(seen, merge="mean")
    assert [kind.name for kind in found.kinds] == ["first, 0.5 to 0.6", "first, 0.9 to 1"]
    assert found.sure(told(0.92))
    assert not found.sure(told(0.58))
    assert not found.sure(told(0.05))  # never seen


def test_the_shift_it_tells_is_the_shift_there_is() -> None:
    """Over planted judges: learnt from some cases, held against all of what would be skipped."""
    held, shifts = 0, []
    runs = 100
    for seed in range(runs):
        calibration, rest = rows(300, seed=seed, a=0.8), rows(600, seed=1000 + seed, a=0.8)
        found = calibrate(calibration, tolerance=0.3)
        assert found.sure(SECOND)
        true = 0.0
        for _, shown, first, second in rest:
            if found.sure(first):
                wins = 1.0 if (first is FIRST) == (shown == 0) else 0.0
                true += wins - (wins if second is not first else 0.5)
        said = found.shift([first for _, _, first, _ in rest if found.sure(first)], len(rest))
        assert said.value is not None
        assert said.low is not None
        assert said.high is not None
        # The rest's own chance is beside the calibration's, and half as large.
        held += said.low - 0.005 <= true / len(rest) <= said.high + 0.005
        shifts.append(abs(true) / len(rest))
    assert held / runs >= 0.9
    assert sum(shifts) / runs < 0.02
    assert OrderConfidence(()).shift([], 0).value is None
    assert OrderConfidence(()).shift([TIE, LOST], 2).value == 0


@pytest.mark.parametrize(
    ("prompts", "said"), [(0, []), (50, []), (51, [50]), (800, [50, 100, 200, 400])]
)
def test_when_to_learn(prompts: int, said: list[int]) -> None:
    assert list(calibration_rounds(prompts)) == said
