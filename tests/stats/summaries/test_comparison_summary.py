"""Summaries: what adds up, what mirrors, and what the sentence says."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgekit.stats import (
    Bounds,
    Rate,
    bounds,
    counts,
    mean_scores,
    positions,
    sentence,
    summarise,
    win_rate,
    win_rate_mean,
)
from judgekit.stats.summaries.document import document
from judgekit.types import Outcome, Position, Status

CONSISTENT, FIRST, SECOND, HALF_TIE, ERROR = Position
VALID_PAIR = {"valid": 2}


def outcome(winner: Any, position: Position | None = CONSISTENT, **how: Any) -> Outcome:
    mean = 1.0 if winner == 0 else 0.0 if winner == 1 else 0.5
    made = Outcome("c", "p", winner, True, position, mean, 0.0, (), VALID_PAIR)
    return replace(made, **how)


A, B, TIE = outcome(0, first=1, second=1), outcome(1, first=1, second=1), outcome("tie")
SPLIT = outcome(None, FIRST, first=2)
LOST = outcome(
    None, ERROR, decided=False, mean=None, margin=None, statuses={"unparsed": 1, "truncated": 1}
)
SAME = outcome("tie", None, identical=True, statuses={})


def cases(*parts: tuple[Outcome, int]) -> list[Outcome]:
    """So many of each outcome, every one a prompt of its own."""
    every = [made for made, n in parts for _ in range(n)]
    return [replace(made, case=f"c{i}", cluster=f"p{i}") for i, made in enumerate(every)]


def summary(*parts: tuple[Outcome, int], **how: Any) -> Any:
    return summarise(cases(*parts), a="a", b="b", judge="pairwise", model="m/x", **how)


MIXED = ((A, 5), (B, 2), (TIE, 1), (SAME, 1), (SPLIT, 3), (LOST, 4))


def test_counts() -> None:
    n = counts(cases(*MIXED))
    assert (n.cases, n.wins_a, n.wins_b, n.ties) == (16, 5, 2, 2)
    assert (n.inconsistent, n.no_verdict, n.identical) == (3, 4, 1)


@pytest.mark.parametrize(
    ("inconsistent", "value", "low", "high"),
    [("half", 7.5 / 12, 7.5 / 16, 11.5 / 16), ("drop", 6 / 9, 6 / 13, 10 / 13)],
)
def test_win_rate_and_bounds(inconsistent: Any, value: float, low: float, high: float) -> None:
    assert win_rate(cases(*MIXED), inconsistent).value == pytest.approx(value)
    limits = bounds(cases(*MIXED), inconsistent)
    assert (limits.low, limits.high) == pytest.approx((low, high))


def test_win_rate_mean_takes_what_is_valid_of_undecided_cases() -> None:
    half_valid = replace(LOST, mean=1.0)
    assert win_rate_mean(cases((A, 1), (B, 2), (half_valid, 1), (LOST, 5))).value == 0.5


def test_positions() -> None:
    half, second = outcome(None, HALF_TIE, first=1), outcome(None, SECOND, second=2)
    found = positions(cases((A, 4), (SPLIT, 2), (second, 1), (half, 1), (LOST, 2), (SAME, 7)))
    shares = [getattr(found, p.value).value for p in Position]
    assert shares == pytest.approx([0.4, 0.2, 0.1, 0.1, 0.2])
    assert found.first_share.value == pytest.approx((4 + 4 + 1) / (8 + 4 + 2 + 1))


def test_no_positions_without_a_case_in_both_orders() -> None:
    found = positions(cases((outcome(0, None, first=1), 3)))
    assert {found.consistent, found.first, found.error} == {Rate()}
    assert found.first_share.value == 1


def test_mean_scores() -> None:
    scored = [outcome(0, None, scores=(4.0, 2.0)), outcome(None, None, scores=(3.0, None))]
    a, b = mean_scores(cases(*((o, 1) for o in scored), (SAME, 1)))
    assert (a.value, b.value) == (3.5, 2.0)
    assert mean_scores(cases((A, 3))) == ()


def test_the_document_is_what_the_file_holds() -> None:
    made = document(summary(*MIXED))
    assert set(made) == {
        "schema", "sentence", "a", "b", "judge", "model", "cases", "wins_a", "wins_b", "ties",
        "inconsistent", "no_verdict", "identical", "win_rate_a", "win_rate_mean_a", "bounds_a",
        "position", "position_intervals", "mean_score_a", "mean_score_b", "statuses",
        "anytime_win_rate_a", "prompts", "prompts_asked", "undecided", "watched_a",
        "heading", "cases_planned", "stop", "stopped", "left_out", "repaired",
        "inconsistent_as", "inconsistent_bounds_a",
    }  # fmt: skip
    assert made["schema"] == "judgekit.summary/1"
    assert set(made["position"]) == {*Position, "first_share"}
    assert set(made["win_rate_a"]) == {"value", "low", "high"}
    assert set(made["position_intervals"]["first"]) == {"low", "high"}
    assert made["position"]["first"] == summary(*MIXED).position.first.value
    assert set(made["statuses"]) == set(Status) - {Status.NOT_APPLICABLE}
    assert {s: n for s, n in made["statuses"].items() if n} == {
        "valid": 22,
        "unparsed": 4,
        "truncated": 4,
    }
    assert made["mean_score_a"] is None
    assert json.loads(json.dumps(made)) == made


def test_single_answers_have_mean_scores_and_no_position() -> None:
    made = document(summary((outcome(0, None, scores=(4.0, 2.0)), 5)))
    assert made["mean_score_a"]["value"] == 4.0
    assert made["mean_score_b"]["value"] == 2.0
    assert made["position"]["consistent"] is None


def test_nothing() -> None:
    made = summary()
    assert (made.cases, made.win_rate_a, made.bounds_a) == (0, Rate(), Bounds(None, None))
    assert sentence(made) == "nothing to compare: no case was judged"


def test_two_turns_of_a_chat_are_one_prompt() -> None:
    turns = [replace(o, cluster=str(i // 2)) for i, o in enumerate(cases((A, 30), (B, 30)))]
    made = summarise(turns, a="a", b="b", judge="j", model=None)
    assert made.prompts == 30


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        (
            ((A, 30), (B, 70)),
            "b is better: it wins 70.0 %, ties counting half (95 % interval 60.2 to 78.2)",
        ),
        (
            ((A, 70), (B, 30)),
            "a is better: it wins 70.0 %, ties counting half (95 % interval 60.2 to 78.2)",
        ),
        (
            ((A, 45), (B, 55)),
            "inconclusive: b is ahead with 55.0 %, ties counting half (95 % interval 45.1 to "
            "64.5); about 670 more prompts would decide it",
        ),
        (
            ((A, 20), (B, 20)),
            "inconclusive: a and b are level at 50.0 %, ties counting half (95 % interval 34.6 to "
            "65.4); no number of prompts in reach would decide it",
        ),
        (
            ((A, 5), (B, 4)),
            "inconclusive: a is ahead with 55.6 %, ties counting half (95 % interval 21.9 to "
            "84.8); too few prompts to decide it",
        ),
        (
            ((TIE, 1),),
            "inconclusive: a and b are level at 50.0 %, ties counting half (95 % interval 0.0 to "
            "100.0); too few prompts to decide it",
        ),
        (
            ((A, 9), (B, 2)),
            "inconclusive: a is ahead with 81.8 %, ties counting half (95 % interval 46.7 to "
            "95.9); about 2 more prompts would decide it",
        ),
        (((SAME, 8),), "a and b gave the same answer in all 8 cases"),
        (((SAME, 1),), "a and b gave the same answer in the one case"),
        (
            ((LOST, 1),),
            "no result: the one case does not count for a or b; "
            "100 % of the cases have no verdict: 1 unparsed, 1 truncated",
        ),
        (
            ((LOST, 8),),
            "no result: none of the 8 cases counts for a or b; "
            "100 % of the cases have no verdict: 8 unparsed, 8 truncated",
        ),
        (
            ((A, 60), (B, 20), (LOST, 40)),
            "a is better: it wins 75.0 %, ties counting half (95 % interval 64.3 to 83.3); "
            "33 % of the cases have no verdict: 40 unparsed, 40 truncated, "
            "enough of them to turn the result",
        ),
        (
            ((A, 90), (SPLIT, 110)),
            "a is better: it wins 72.5 %, 110 inconsistent cases counting half (95 % interval 68.9 "
            "to 75.8); most cases are inconsistent: only 90 of 200 with a verdict have the same "
            "winner in both orders",
        ),
    ],
)
def test_sentence(parts: Any, said: str) -> None:
    assert sentence(summary(*parts)) == said


def test_few_failures_are_not_in_the_sentence() -> None:
    said = sentence(summary((A, 95), (LOST, 5)))
    assert "no verdict" not in said
    assert "no verdict" in sentence(summary((A, 94), (LOST, 6)))


def test_dropped_inconsistent_cases_leave_no_result() -> None:
    said = sentence(summary((SPLIT, 9), inconsistent="drop"))
    assert said.startswith("no result: none of the 9 cases counts for a or b")


some_outcomes = st.lists(
    st.tuples(st.sampled_from([A, B, TIE, SPLIT, LOST, SAME]), st.sampled_from("pqrstu")).map(
        lambda drawn: replace(drawn[0], cluster=drawn[1])
    ),
    max_size=40,
)
MIRRORED: dict[Any, Any] = {0: 1, 1: 0, "tie": "tie", None: None}
ways = st.sampled_from(["half", "drop"])


@given(some_outcomes, ways)
def test_everything_adds_up(outcomes: list[Outcome], inconsistent: Any) -> None:
    made = summarise(outcomes, a="a", b="b", judge="j", model=None, inconsistent=inconsistent)
    assert made.cases == len(outcomes)
    assert made.cases == (
        made.wins_a + made.wins_b + made.ties + made.inconsistent + made.no_verdict
    )
    assert sum(made.statuses.values()) == sum(sum(o.statuses.values()) for o in outcomes)
    shares = [getattr(made.position, p.value).value for p in Position]
    assert shares == [None] * 5 or sum(shares) == pytest.approx(1)
    for rate in (made.win_rate_a, made.win_rate_mean_a, made.position.first_share):
        if rate.value is not None:
            assert rate.low is not None
            assert rate.high is not None
            assert 0 <= rate.low <= rate.value <= rate.high <= 1
    if made.win_rate_a.value is not None:
        assert made.bounds_a.low is not None
        assert made.bounds_a.high is not None
        assert made.bounds_a.low - 1e-9 <= made.win_rate_a.value <= made.bounds_a.high + 1e-9


@given(some_outcomes, ways)
def test_swapping_a_and_b_mirrors(outcomes: list[Outcome], inconsistent: Any) -> None:
    swapped = [
        replace(
            o,
            winner=MIRRORED[o.winner],
            mean=None if o.mean is None else 1 - o.mean,
        )
        for o in outcomes
    ]
    named: Any = {"judge": "j", "model": None, "inconsistent": inconsistent}
    one: Any = summarise(outcomes, a="a", b="b", **named)
    two: Any = summarise(swapped, a="b", b="a", **named)
    assert (two.wins_a, two.wins_b, two.ties) == (one.wins_b, one.wins_a, one.ties)
    assert two.position == one.position
    for name in ("win_rate_a", "win_rate_mean_a"):
        here, there = getattr(one, name), getattr(two, name)
        if here.value is None:
            assert there == here
            continue
        mirrored = (1 - here.value, 1 - here.high, 1 - here.low)
        assert (there.value, there.low, there.high) == pytest.approx(mirrored, abs=1e-9)
    if one.bounds_a.low is not None:
        assert two.bounds_a.low == pytest.approx(1 - one.bounds_a.high)
    if sentence(one).startswith("a is better"):
        assert sentence(two) == sentence(one)


@given(some_outcomes, st.randoms())
def test_the_order_of_the_cases_is_nothing(outcomes: list[Outcome], random: Any) -> None:
    named: Any = {"a": "a", "b": "b", "judge": "j", "model": None}
    one = document(summarise(outcomes, **named))
    random.shuffle(outcomes)
    assert document(summarise(outcomes, **named)) == one
