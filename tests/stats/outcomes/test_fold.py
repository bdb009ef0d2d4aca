"""Folding: what trials in positions make of a case."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgekit.stats.outcomes.fold import fold, identical_outcome
from judgekit.types import Case, Choice, Judgement, Position, Response, Status, Trial, Verdict

PAIR = Case("q1", (), (Response("x", "m"), Response("y", "n")), cluster="p1", category="maths")
ONE = Case("q1", (), (Response("x", "m"),))

CHOICES = {"F": Choice.FIRST, "S": Choice.SECOND, "T": Choice.TIE}
MISSING = {"?": Status.UNPARSED, "~": Status.TRUNCATED, "!": Status.FAILED}


def verdict(said: str | float) -> Verdict:
    """F, S, T, or a failure's sign; with a probability behind it (``F.8``); a number is a score."""
    if not isinstance(said, str):
        return Verdict.scored(said)
    if said[0] in MISSING:
        return Verdict.without(MISSING[said[0]])
    return Verdict.chose(CHOICES[said[0]], probability=float(said[1:]) if said[1:] else None)


def shown(case: Case, order: tuple[int, ...], said: Sequence[str | float]) -> list[Judgement]:
    return [
        Judgement(Trial(case, order, ("A", "B")[: len(order)], repeat), verdict(one))
        for repeat, one in enumerate(said)
    ]


def pair(ab: str, ba: str, **how: Any) -> Any:
    """The outcome of the two orders' verdicts, repeats apart by spaces."""
    both = shown(PAIR, (0, 1), ab.split()) + shown(PAIR, (1, 0), ba.split())
    return fold(PAIR, both, **how)


@pytest.mark.parametrize(
    ("ab", "ba", "winner", "decided", "position", "mean", "margin"),
    [
        ("F", "S", 0, True, Position.CONSISTENT, 1.0, 1.0),
        ("S", "F", 1, True, Position.CONSISTENT, 0.0, 1.0),
        ("T", "T", "tie", True, Position.CONSISTENT, 0.5, 0.0),
        ("F", "F", None, True, Position.FIRST, 0.5, 0.0),
        ("S", "S", None, True, Position.SECOND, 0.5, 0.0),
        ("F", "T", None, True, Position.HALF_TIE, 0.75, 0.5),
        ("T", "F", None, True, Position.HALF_TIE, 0.25, 0.5),
        ("F", "?", None, False, Position.ERROR, 1.0, None),
        ("~", "S", None, False, Position.ERROR, 1.0, None),
        ("?", "!", None, False, Position.ERROR, None, None),
        ("F", "", None, False, Position.ERROR, 1.0, None),
        # repeats: the order's choice is their mean
        ("F F S", "S S S", 0, True, Position.CONSISTENT, 5 / 6, 2 / 3),
        ("F S", "S S", None, True, Position.HALF_TIE, 0.75, 0.5),
        ("F S", "F S", "tie", True, Position.CONSISTENT, 0.5, 0.0),
        # an order is valid where more than half of its repeats are
        ("F F ?", "S", 0, True, Position.CONSISTENT, 1.0, 1.0),
        ("F ?", "S", None, False, Position.ERROR, 1.0, None),
        ("F ? ?", "S S S", None, False, Position.ERROR, 1.0, None),
    ],
)
def test_agree(
    ab: str, ba: str, winner: Any, decided: bool, position: Position, mean: Any, margin: Any
) -> None:
    o = pair(ab, ba)
    assert (o.winner, o.decided, o.position) == (winner, decided, position)
    assert o.mean == pytest.approx(mean) if mean is not None else o.mean is None
    assert o.margin == pytest.approx(margin) if margin is not None else o.margin is None


@pytest.mark.parametrize(
    ("ab", "ba", "winner", "decided", "position"),
    [
        ("F", "F", "tie", True, Position.FIRST),
        ("F", "T", 0, True, Position.HALF_TIE),
        ("F.9", "F.6", 0, True, Position.FIRST),  # 0.9 and 1 - 0.6
        ("F.6", "F.9", 1, True, Position.FIRST),
        ("F.9", "S.1", 0, True, Position.CONSISTENT),
        ("F.7", "F.7", "tie", True, Position.FIRST),  # 0.7 and 1 - 0.7 miss 0.5 by rounding
        ("F.9", "?", None, False, Position.ERROR),
    ],
)
def test_mean(ab: str, ba: str, winner: Any, decided: bool, position: Position) -> None:
    o = pair(ab, ba, merge="mean")
    assert (o.winner, o.decided, o.position) == (winner, decided, position)


def test_agree_goes_by_choices_and_measures_by_probabilities() -> None:
    o = pair("F.9", "S.3")
    assert (o.winner, o.mean, o.margin) == (0, pytest.approx(0.8), pytest.approx(0.6))
    against = pair("F.2", "S.9")  # sampled against its own probabilities: no margin at all
    assert (against.winner, against.margin) == (0, 0.0)


@pytest.mark.parametrize(
    ("order", "said", "winner"), [((0, 1), "F", 0), ((1, 0), "F", 1), ((1, 0), "T", "tie")]
)
def test_one_order_decides_alone(order: tuple[int, int], said: str, winner: Any) -> None:
    o = fold(PAIR, shown(PAIR, order, [said]), both_orders=False)
    assert (o.winner, o.decided, o.position) == (winner, True, None)


def test_one_order_without_a_verdict_is_undecided() -> None:
    o = fold(PAIR, shown(PAIR, (1, 0), ["?"]), both_orders=False)
    assert (o.winner, o.decided, o.position) == (None, False, None)


@pytest.mark.parametrize(
    ("ours", "theirs", "tie_margin", "winner", "decided", "scores", "mean", "margin"),
    [
        ([4], [3], 0.0, 0, True, (4, 3), 1.0, 1),
        ([3], [4], 0.0, 1, True, (3, 4), 0.0, 1),
        ([3], [3], 0.0, "tie", True, (3, 3), 0.5, 0),
        ([4], [3], 1.0, "tie", True, (4, 3), 1.0, 1),
        ([0.4], [0.3], 0.1, "tie", True, (0.4, 0.3), 1.0, 0.1),  # 0.4 - 0.3 > 0.1 by rounding
        ([5, 3, 4], [3, 3, 5], 0.0, 0, True, (4, 11 / 3), 5.5 / 9, 1 / 3),
        ([4, "?", 2], [1], 0.0, 0, True, (3, 1), 1.0, 2),
        ([4, "?"], [1, 2], 0.0, None, False, (None, 1.5), 1.0, None),
        (["?"], [1], 0.0, None, False, (None, 1), None, None),
        ([4], [], 0.0, None, False, (4, None), None, None),
    ],
)
def test_single_answers(
    ours: list[Any],
    theirs: list[Any],
    tie_margin: float,
    winner: Any,
    decided: bool,
    scores: tuple[Any, ...],
    mean: Any,
    margin: Any,
) -> None:
    trials = shown(PAIR, (0,), ours) + shown(PAIR, (1,), theirs)
    o = fold(PAIR, trials, tie_margin=tie_margin)
    assert (o.winner, o.decided, o.position) == (winner, decided, None)
    assert o.scores == pytest.approx(scores)
    assert o.mean == pytest.approx(mean)
    assert o.margin == pytest.approx(margin)
    assert (o.first, o.second) == (0, 0)


@pytest.mark.parametrize(
    ("said", "decided", "score"),
    [([4, 5], True, 4.5), ([4, 5, "?"], True, 4.5), ([4, "?"], False, None), (["!"], False, None)],
)
def test_one_response(said: list[Any], decided: bool, score: float | None) -> None:
    o = fold(ONE, shown(ONE, (0,), said))
    assert (o.winner, o.decided, o.scores) == (None, decided, (score,))
    assert (o.position, o.mean, o.margin) == (None, None, None)


def test_counts_of_statuses_and_positions() -> None:
    o = pair("F S ? F", "~ F T F")
    assert o.statuses == {"valid": 6, "unparsed": 1, "truncated": 1}
    assert list(o.statuses) == ["valid", "unparsed", "truncated"]
    assert (o.first, o.second) == (4, 1)
    assert (o.case, o.cluster, o.category, o.identical) == ("q1", "p1", "maths", False)


def test_a_case_without_a_cluster_is_its_own() -> None:
    assert fold(ONE, shown(ONE, (0,), [1])).cluster == "q1"
    assert identical_outcome(ONE).cluster == "q1"


def test_identical() -> None:
    o = identical_outcome(PAIR)
    assert (o.winner, o.decided, o.identical, o.position) == ("tie", True, True, None)
    assert (o.mean, o.margin, dict(o.statuses), o.first, o.second) == (0.5, 0.0, {}, 0, 0)
    assert (o.cluster, o.category) == ("p1", "maths")


@pytest.mark.parametrize(
    ("order", "unusable"),
    [
        ((0, 1), Verdict.scored(4)),  # a score of a pair
        ((0, 1), Verdict.chose(Choice.FIRST, probability=math.nan)),
        ((0, 1), Verdict.chose(Choice.FIRST, probability=1.5)),
        ((0,), Verdict.chose(Choice.FIRST)),  # a choice of one
        ((0,), Verdict.scored(math.nan)),
        ((0,), Verdict.scored(math.inf)),
    ],
)
def test_a_verdict_that_does_not_fit_its_showing_has_failed(
    order: tuple[int, ...], unusable: Verdict
) -> None:
    case = PAIR if len(order) == 2 else ONE
    o = fold(case, [Judgement(Trial(case, order, ("A", "B")), unusable)], both_orders=False)
    assert (o.decided, o.winner, o.statuses) == (False, None, {"failed": 1})


@pytest.mark.parametrize(
    ("case", "trials", "message"),
    [
        (PAIR, [], "needs trials of one kind"),
        (PAIR, shown(PAIR, (0,), [1]) + shown(PAIR, (0, 1), ["F"]), "needs trials of one kind"),
        (Case("q", (), (Response("x", "m"),) * 3), [], "fold takes 1 or 2"),
    ],
)
def test_refuses(case: Case, trials: list[Judgement], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fold(case, trials)


probabilities = st.integers(0, 1000).map(lambda n: n / 1000)
pair_verdicts = st.one_of(
    st.sampled_from([verdict(s) for s in "FST?~!"]),
    st.builds(Verdict.chose, st.sampled_from(Choice), probability=probabilities),
)
pair_trials = st.lists(
    st.tuples(st.sampled_from([(0, 1), (1, 0)]), pair_verdicts), min_size=1, max_size=8
)
single_trials = st.lists(
    st.tuples(
        st.sampled_from([(0,), (1,)]),
        st.one_of(st.just(verdict("?")), st.builds(Verdict.scored, st.integers(0, 10))),
    ),
    min_size=1,
    max_size=8,
)
merges = st.sampled_from(["agree", "mean"])
SWAPPED = {Choice.FIRST: Choice.SECOND, Choice.SECOND: Choice.FIRST, Choice.TIE: Choice.TIE}


def judgements(trials: Any) -> list[Judgement]:
    return [Judgement(Trial(PAIR, order, ("A", "B")), said) for order, said in trials]


def mirror(said: Verdict) -> Verdict:
    """The same opinion of the responses, had they been shown the other way round."""
    if said.choice is None:
        return said
    p = None if said.probability is None else 1 - said.probability
    return Verdict.chose(SWAPPED[said.choice], probability=p)


@given(pair_trials, merges, st.booleans())
def test_an_unbiased_judge_folds_alike_in_either_order(
    trials: Any, merge: Any, both_orders: bool
) -> None:
    """Showing every trial the other way round, to a judge of the same opinions."""
    one = fold(PAIR, judgements(trials), merge=merge, both_orders=both_orders)
    turned = [(order[::-1], mirror(said)) for order, said in trials]
    two = fold(PAIR, judgements(turned), merge=merge, both_orders=both_orders)
    assert (one.winner, one.decided, one.statuses) == (two.winner, two.decided, two.statuses)
    assert one.mean == pytest.approx(two.mean)
    assert one.margin == pytest.approx(two.margin)


@given(st.one_of(pair_trials, single_trials), merges)
def test_swapping_the_responses_mirrors_the_outcome(trials: Any, merge: Any) -> None:
    one = fold(PAIR, judgements(trials), merge=merge)
    renamed = [(tuple(1 - i for i in order), said) for order, said in trials]
    two = fold(PAIR, judgements(renamed), merge=merge)
    expected = 1 - one.winner if isinstance(one.winner, int) else one.winner
    assert (two.winner, two.decided, two.position) == (expected, one.decided, one.position)
    assert two.scores == one.scores[::-1]
    assert two.margin == pytest.approx(one.margin)
    if one.mean is not None:
        assert two.mean == pytest.approx(1 - one.mean)


@given(st.one_of(pair_trials, single_trials), merges, st.randoms())
def test_the_order_of_arrival_is_nothing(trials: Any, merge: Any, random: Any) -> None:
    one = fold(PAIR, judgements(trials), merge=merge)
    random.shuffle(trials)
    assert fold(PAIR, judgements(trials), merge=merge) == one


@given(st.one_of(pair_trials, single_trials), merges)
def test_every_outcome_is_well_formed(trials: Any, merge: Any) -> None:
    o = fold(PAIR, judgements(trials), merge=merge)
    assert sum(o.statuses.values()) == len(trials)
    assert o.decided or (o.winner is None and o.margin is None)
    assert o.mean is None or 0 <= o.mean <= 1
    if o.position is not None:
        assert o.decided == (o.position is not Position.ERROR)
        if merge == "agree" and o.decided:
            assert (o.winner is None) == (o.position is not Position.CONSISTENT)
