"""Rankings: PairRM's rule, what is unknown, ties, and agreement with comparisons of two."""

from __future__ import annotations

import asyncio
import dataclasses
import random
from collections.abc import Mapping, Sequence
from math import exp
from pathlib import Path
from typing import Any

import pytest
from fakes import FakeEngine, Longer, LongerBatch, by_length, setup
from hypothesis import example, given
from hypothesis import strategies as st

from judgekit.harness.dispatcher import Dispatcher
from judgekit.harness.limits import Admission, Budget
from judgekit.harness.plan import Plan
from judgekit.harness.reply_store import ReplyStore
from judgekit.harness.tally import Tally
from judgekit.harness.trials import run_batches, run_trials
from judgekit.judging import Judge
from judgekit.stats.outcomes.fold import fold
from judgekit.stats.outcomes.rank import rank, ranks_of
from judgekit.types import (
    Case,
    Choice,
    Judgement,
    Message,
    Orders,
    Ranking,
    Response,
    Status,
    Trial,
    Verdict,
)

CHOICES = {"F": Choice.FIRST, "S": Choice.SECOND, "T": Choice.TIE}


def case_of(*texts: str, name: str = "q") -> Case:
    responses = tuple(Response(text, f"m{i}") for i, text in enumerate(texts))
    return Case(name, (Message("user", "Why?"),), responses, cluster=name)


def verdict(said: str | float) -> Verdict:
    """F, S or T; ``?`` for none; a logit that the first is better."""
    if said == "?":
        return Verdict.without(Status.UNPARSED)
    if isinstance(said, str):
        return Verdict.chose(CHOICES[said])
    choice = Choice.FIRST if said > 0 else Choice.SECOND if said < 0 else Choice.TIE
    return Verdict.chose(choice, probability=1 / (1 + exp(-said)))


def pairs(case: Case, said: Mapping[tuple[int, int], str | float]) -> list[Judgement]:
    return [Judgement(Trial(case, order, ("A", "B")), verdict(v)) for order, v in said.items()]


def singles(case: Case, said: Sequence[float | None]) -> list[Judgement]:
    return [
        Judgement(
            Trial(case, (i,), ("A",)),
            Verdict.without(Status.TRUNCATED) if s is None else Verdict.scored(s),
        )
        for i, s in enumerate(said)
    ]


def by_logits(matrix: Sequence[Sequence[float]]) -> Ranking:
    """The ranking of a judge with these logits, C[i][j] where i was shown before j."""
    n = len(matrix)
    case = case_of(*(f"t{i}" for i in range(n)))
    said = {(i, j): matrix[i][j] for i in range(n) for j in range(n) if i != j}
    return rank(case, pairs(case, said), arity=2, merge="mean")


def pairrm(matrix: Sequence[Sequence[float]]) -> list[float]:
    """score_i = mean over j of (C_ij - C_ji), the diagonal with it."""
    n = range(len(matrix))
    return [sum(matrix[i][j] - matrix[j][i] for j in n if j != i) / len(matrix) for i in n]


def square(n: int) -> st.SearchStrategy[list[list[float]]]:
    row = st.lists(st.floats(-12, 12), min_size=n, max_size=n)
    return st.lists(row, min_size=n, max_size=n)


@given(st.integers(2, 6).flatmap(square))
def test_logits_behind_probabilities_give_the_scores_of_pairrm(matrix: list[list[float]]) -> None:
    found = by_logits(matrix)
    assert found.scale == "log_odds"
    assert found.scores == pytest.approx(pairrm(matrix), abs=1e-9)
    assert sum(s or 0.0 for s in found.scores) == pytest.approx(0, abs=1e-9)
    assert found.complete


def test_ranks_of_logits_where_means_of_probabilities_would_rank_otherwise() -> None:
    matrix = [[0.0, 9.0, -0.5], [-9.0, 0.0, 0.2], [0.5, -0.2, 0.0]]
    found = by_logits(matrix)
    assert found.scores == pytest.approx([17 / 3, -17.6 / 3, 0.6 / 3])
    assert found.ranks == (1, 3, 2)
    assert found.best_first == (0, 2, 1)
    assert found.beats[0][1] == pytest.approx(1 / (1 + exp(-9)))
    assert found.beats[2][0] == pytest.approx(1 / (1 + exp(-0.5)))
    assert [found.beats[i][i] for i in range(3)] == [0.5] * 3


def test_a_probability_of_0_or_1_counts_as_the_farthest_a_double_can_tell() -> None:
    case = case_of("x", "y", "z")
    said = {(0, 1): 1.0, (1, 0): 0.0, (0, 2): 1.0, (2, 0): 0.0, (1, 2): 0.5, (2, 1): 0.5}
    sure = [
        Judgement(Trial(case, order, ("A", "B")), Verdict.chose(Choice.TIE, probability=p))
        for order, p in said.items()
    ]
    found = rank(case, sure, arity=2, merge="mean")
    assert found.scores == pytest.approx([4 * 36.7368 / 3, -2 * 36.7368 / 3, -2 * 36.7368 / 3])
    assert found.ranks == (1, 2, 2)


@pytest.mark.parametrize(
    ("said", "scores", "ranks", "winner"),
    [
        # 0 beats 1 beats 2, in both orders
        ("FS FS FS", (2 / 3, 0.0, -2 / 3), (1, 2, 3), {(0, 1): 0, (0, 2): 0, (1, 2): 0}),
        # each beats the next: all level
        ("FS SF FS", (0.0, 0.0, 0.0), (1, 1, 1), {(0, 1): 0, (0, 2): 1, (1, 2): 0}),
        # the first shown always: nobody leads, and no pair is consistent
        ("FF FF FF", (0.0, 0.0, 0.0), (1, 1, 1), {(0, 1): None, (0, 2): None, (1, 2): None}),
        # two share the better rank
        ("TT FS FS", (1 / 3, 1 / 3, -2 / 3), (1, 1, 3), {(0, 1): "tie", (0, 2): 0, (1, 2): 0}),
        # a tie in one order
        ("FT TT FS", (1 / 6, 1 / 6, -1 / 3), (1, 1, 3), {(0, 1): None, (0, 2): "tie", (1, 2): 0}),
    ],
)
def test_choices(said: str, scores: Any, ranks: Any, winner: Mapping[tuple[int, int], Any]) -> None:
    case = case_of("x", "y", "z")
    words = dict(zip([(0, 1), (0, 2), (1, 2)], said.split(), strict=True))
    shown = {
        order: word
        for (i, j), both in words.items()
        for order, word in (((i, j), both[0]), ((j, i), both[1]))
    }
    found = rank(case, pairs(case, shown), arity=2)
    assert found.scale == "lead"
    assert found.scores == pytest.approx(scores)
    assert found.ranks == ranks
    assert {pair: o.winner for pair, o in found.comparisons.items()} == winner


def test_an_unknown_pair_is_said_and_guessed_by_nobody() -> None:
    case = case_of("x", "y", "z")
    said = {(0, 1): "F", (1, 0): "?", (0, 2): "S", (2, 0): "F", (1, 2): "S", (2, 1): "F"}
    found = rank(case, pairs(case, said), arity=2)
    assert not found.complete
    assert (found.beats[0][1], found.beats[1][0]) == (None, None)
    assert found.scores == pytest.approx((-0.5, -0.5, 2 / 3))
    assert found.ranks == (2, 2, 1)
    assert found.statuses == {"valid": 5, "unparsed": 1}


def test_a_response_without_any_known_pair_has_no_rank() -> None:
    case = case_of("x", "y", "z")
    said = dict.fromkeys([(0, 1), (1, 0), (1, 2), (2, 1)], "?") | {(0, 2): "F", (2, 0): "S"}
    found = rank(case, pairs(case, said), arity=2)
    assert found.scores == (0.5, None, -0.5)
    assert found.ranks == (1, None, 2)
    assert found.best_first == (0, 2, 1)


@pytest.mark.parametrize(
    ("said", "margin", "ranks", "complete"),
    [
        ((4, 2, 5), 0.0, (2, 3, 1), True),
        ((4, 4, 1), 0.0, (1, 1, 3), True),
        ((4, 3, 1), 1.0, (1, 1, 3), True),
        ((0.4, 0.3, 0.1), 0.1, (1, 1, 3), True),  # 0.4 - 0.3 > 0.1 by rounding
        ((None, 3, 4), 0.0, (None, 2, 1), False),
        ((None, None, None), 0.0, (None, None, None), False),
    ],
)
def test_single_scores(said: Any, margin: float, ranks: Any, complete: bool) -> None:
    case = case_of("x", "y", "z")
    found = rank(case, singles(case, said), arity=1, tie_margin=margin)
    assert (found.ranks, found.complete, found.scale) == (ranks, complete, "points")
    assert found.scores == said


def test_the_same_text_shares_verdicts_and_rank_without_a_trial() -> None:
    case = case_of("long", "x", "long", "mid")
    assert case.originals == (0, 1, 0, 3)
    plan = Plan([case], 2, ("A", "B"))
    assert [t.order for t in plan.trials(case)] == [(0, 1), (1, 0), (0, 3), (3, 0), (1, 3), (3, 1)]
    said = {order: "F" if order[0] < order[1] else "S" for order in plan.orders_of(case)}
    said |= {(1, 3): "S", (3, 1): "F"}
    found = rank(case, pairs(case, said), arity=2)
    assert found.ranks == (1, 4, 1, 3)
    assert found.scores == pytest.approx((0.5, -0.75, 0.5, -0.25))
    assert found.comparisons[0, 2].identical
    assert (found.beats[0][2], found.beats[1][2], found.beats[2][1]) == (0.5, 0.0, 1.0)
    assert found.comparisons[1, 2].winner == 1
    assert found.statuses == {"valid": 6}


@pytest.mark.parametrize("arity", [1, 2])
def test_identical_answers_are_all_first_without_a_trial(arity: int) -> None:
    case = case_of("x", "x", "x")
    assert Plan([case], arity, ("A", "B")).trials(case) == ()
    found = rank(case, [], arity=arity)
    assert (found.ranks, found.identical, found.complete) == ((1, 1, 1), True, True)
    assert found.scores == ((None,) * 3 if arity == 1 else (0.0,) * 3)


def test_one_response_is_no_ranking() -> None:
    with pytest.raises(ValueError, match="one response"):
        rank(case_of("x"), [], arity=2)


def test_a_pair_that_was_never_shown_is_an_error_not_unknown() -> None:
    case = case_of("x", "y", "z")
    with pytest.raises(ValueError, match="'q'"):
        rank(case, pairs(case, {(0, 1): "F", (1, 0): "S"}), arity=2)


# --- invariances ---

SAID = st.sampled_from(["F", "S", "T", "?"]) | st.floats(-5, 5)
MERGES = st.sampled_from(["agree", "mean"])


@given(st.lists(SAID, min_size=12, max_size=12), st.permutations(range(4)), MERGES)
def test_a_permutation_of_the_responses_permutes_the_ranking(
    said: list[Any], places: list[int], merge: Any
) -> None:
    orders = [(i, j) for i in range(4) for j in range(4) if i != j]
    texts = ["a", "b", "c", "d"]
    case, other = case_of(*texts), case_of(*(texts[old] for old in places))
    new = {old: place for place, old in enumerate(places)}
    words = dict(zip(orders, said, strict=True))
    one = rank(case, pairs(case, words), arity=2, merge=merge)
    moved = {(new[i], new[j]): word for (i, j), word in words.items()}
    two = rank(other, pairs(other, moved), arity=2, merge=merge)
    assert two.ranks == tuple(one.ranks[old] for old in places)
    assert two.scores == tuple(one.scores[old] for old in places)
    for i in range(4):
        for j in range(4):
            assert two.beats[i][j] == pytest.approx(one.beats[places[i]][places[j]])


@given(st.lists(SAID, min_size=12, max_size=12), MERGES)
def test_cells_add_up_to_one_and_complete_scores_to_zero(said: list[Any], merge: Any) -> None:
    case = case_of("a", "b", "c", "d")
    orders = [(i, j) for i in range(4) for j in range(4) if i != j]
    found = rank(case, pairs(case, dict(zip(orders, said, strict=True))), arity=2, merge=merge)
    for i, j in orders:
        there, back = found.beats[i][j], found.beats[j][i]
        assert (
            (there is None)
            == (back is None)
            == ("?" in (said[orders.index((i, j))], said[orders.index((j, i))]))
        )
        if there is not None and back is not None:
            assert there + back == pytest.approx(1)
    assert found.complete == ("?" not in said)
    if found.complete:
        assert sum(s or 0.0 for s in found.scores) == pytest.approx(0, abs=1e-9)
    assert found.statuses == {
        name: n for name, n in (("valid", 12 - said.count("?")), ("unparsed", said.count("?"))) if n
    }


@example(0.0, 1e-12, "mean")
@given(SAID, SAID, MERGES)
def test_a_ranking_of_two_agrees_with_their_comparison(first: Any, second: Any, merge: Any) -> None:
    case = case_of("x", "y")
    judgements = pairs(case, {(0, 1): first, (1, 0): second})
    found = rank(case, judgements, arity=2, merge=merge)
    outcome = fold(case, judgements, merge=merge)
    assert found.comparisons[0, 1] == outcome
    assert found.complete == outcome.decided
    assert found.beats[0][1] == (outcome.mean if outcome.decided else None)
    hard = all(isinstance(said, str) for said in (first, second))
    soft = all(isinstance(said, float) for said in (first, second))
    if merge == "mean" and (hard or soft):
        expected = {0: (1, 2), 1: (2, 1), "tie": (1, 1), None: (None, None)}[outcome.winner]
        assert found.ranks == expected
    elif hard and outcome.winner is not None:
        assert found.ranks == {0: (1, 2), 1: (2, 1), "tie": (1, 1)}[outcome.winner]


@given(st.lists(st.integers(0, 5), min_size=2, max_size=2), st.sampled_from([0.0, 1.0]))
def test_scores_of_two_agree_with_their_comparison(said: list[int], margin: float) -> None:
    case = case_of("x", "y")
    found = rank(case, singles(case, said), arity=1, tie_margin=margin)
    outcome = fold(case, singles(case, said), tie_margin=margin)
    assert found.comparisons[0, 1] == outcome
    assert found.ranks == {0: (1, 2), 1: (2, 1), "tie": (1, 1)}[outcome.winner or 0]


@given(st.lists(st.none() | st.integers(0, 9).map(float), max_size=8))
def test_ranks_count_the_better_ones(scores: list[float | None]) -> None:
    known = sorted((s for s in scores if s is not None), reverse=True)
    expected = tuple(None if s is None else known.index(s) + 1 for s in scores)
    assert ranks_of(scores) == expected


# --- through plan, engine and store ---


def candidates(count: int) -> list[Case]:
    """Cases of two to five responses, some of them the same text."""
    made = []
    for number in range(count):
        random_of = random.Random(number)
        texts = ["w" * random_of.randint(1, 6) for _ in range(random_of.randint(2, 5))]
        made.append(case_of(*texts, name=f"c{number}"))
    return made


def ranked(
    path: Path,
    judge: Judge,
    cases: Sequence[Case],
    *,
    orders: Orders = "both",
    budget: Budget | None = None,
) -> tuple[list[Ranking], Tally]:
    plan = Plan(cases, 2, ("A", "B"), orders=orders)
    tally = Tally()
    found: list[Ranking] = []

    def on_case(case: Case, judgements: Sequence[Judgement]) -> None:
        found.append(rank(case, judgements, arity=2, both_orders=plan.both_orders))

    async def go() -> None:
        with ReplyStore(path) as store:
            if isinstance(judge, LongerBatch):
                await run_batches(plan, judge, store, tally, on_case)
                return
            dispatcher = Dispatcher(FakeEngine(by_length), store, Admission(budget), tally=tally)
            await run_trials(plan, judge, dispatcher, on_case)

    asyncio.run(go())
    return found, tally


def lengths_ranked(case: Case) -> tuple[int, ...]:
    lengths = [len(response.text) for response in case.responses]
    return tuple(1 + sum(other > own for other in lengths) for own in lengths)


@pytest.mark.parametrize("orders", ["both", "one"])
def test_a_judge_of_length_ranks_by_length(tmp_path: Path, orders: Orders) -> None:
    cases = candidates(30)
    found, tally = ranked(tmp_path / "s.db", Longer(setup()), cases, orders=orders)
    assert [r.ranks for r in found] == [lengths_ranked(case) for case in cases]
    assert tally.calls == Plan(cases, 2, ("A", "B"), orders=orders).count()
    again, tally = ranked(tmp_path / "s.db", Longer(setup()), cases, orders=orders)
    assert (again, tally.calls) == (found, 0)


def test_a_batch_judge_ranks_alike_and_fails_alone(tmp_path: Path) -> None:
    cases = candidates(12)
    judge = LongerBatch(setup())
    judge.batches, judge.breaks_on = [], "c3"
    found, _ = ranked(tmp_path / "s.db", judge, cases)
    assert [r.ranks for r in found if r.case != "c3"] == [
        lengths_ranked(case) for case in cases if case.id != "c3"
    ]
    assert set(found[3].ranks) == {None}
    assert set(found[3].statuses) == {"failed"}


def test_a_budget_ends_on_a_prefix_of_whole_cases(tmp_path: Path) -> None:
    cases = candidates(20)
    whole, _ = ranked(tmp_path / "whole.db", Longer(setup()), cases)
    part, tally = ranked(tmp_path / "s.db", Longer(setup()), cases, budget=Budget(max_calls=25))
    assert part == whole[: len(part)]
    assert 0 < len(part) < len(whole)
    assert tally.calls == 25
    rest, tally = ranked(tmp_path / "s.db", Longer(setup()), cases)
    assert rest == whole
    assert tally.calls_from_store == 25


def test_one_order_is_drawn_from_the_content(tmp_path: Path) -> None:
    cases = candidates(40)
    plan = Plan(cases, 2, ("A", "B"), orders="one")
    drawn = [plan.orders_of(case) for case in cases]
    assert drawn == [plan.orders_of(dataclasses.replace(case)) for case in cases]
    flat = [order for orders in drawn for order in orders]
    assert len({frozenset(o) for o in drawn[0]}) == len(drawn[0])
    swapped = sum(i > j for i, j in flat)
    assert 0.25 < swapped / len(flat) < 0.75
