"""How votes and values of several judges become an outcome, and what is said of the judges."""

from __future__ import annotations

import random
from typing import Any

import pytest

from judgekit.config.judge_spec import JudgeSpec
from judgekit.errors import InputError
from judgekit.jobs.routing import assign, parse_route
from judgekit.stats import Rate
from judgekit.stats.outcomes.combine import combine, majority
from judgekit.stats.outcomes.values import MaybeLabel
from judgekit.stats.summaries.jury import jury_metrics
from judgekit.types import Case, Message, Outcome, Position, Response

CASE = Case("q", (Message("user", "?"),), (Response("x", "a"), Response("y", "b")), cluster="q")
ALONE = Case("q", (Message("user", "?"),), (Response("x", "a"),), cluster="q")
MEAN = {0: 1.0, 1: 0.0, "tie": 0.5, None: 0.5}


def outcome(winner: MaybeLabel, **other: Any) -> Outcome:
    """A seat's outcome of a case shown in both orders; None is inconsistent."""
    fields: dict[str, Any] = {
        "case": "q",
        "cluster": "q",
        "winner": winner,
        "decided": True,
        "position": Position.FIRST if winner is None else Position.CONSISTENT,
        "mean": MEAN[winner],
        "margin": 0.0,
        "scores": (),
        "statuses": {"valid": 2},
    }
    return Outcome(**fields | other)


UNDECIDED = outcome(
    None, decided=False, position=Position.ERROR, mean=None, statuses={"unparsed": 2}
)


@pytest.mark.parametrize(
    ("votes", "winner"),
    [
        ([0, 0, 1], 0),
        ([1, 1, 1], 1),
        ([0, 1], "tie"),
        ([0, 1, "tie"], "tie"),
        ([0, "tie", "tie"], "tie"),
        ([0, 0, "tie", 1], 0),
        ([0, 0, "tie", "tie", 1], "tie"),
        ([0, None], 0),
        ([None, None], None),
        ([], None),
    ],
)
def test_the_majority(votes: list[MaybeLabel], winner: MaybeLabel) -> None:
    assert majority(votes) == winner


@pytest.mark.parametrize(
    ("seats", "winner", "decided", "mean", "margin"),
    [
        ([outcome(0), outcome(0), outcome(1)], 0, True, 2 / 3, 1 / 3),
        ([outcome(1), outcome(1), outcome(None)], 1, True, 1 / 6, 2 / 3),
        ([outcome(0), outcome(None), outcome(None)], "tie", True, 2 / 3, 1 / 3),
        ([outcome(0), outcome(0), UNDECIDED], 0, True, 1.0, 1.0),
        ([outcome(0), UNDECIDED], None, False, 1.0, None),
        ([outcome(0), UNDECIDED, UNDECIDED], None, False, 1.0, None),
        ([UNDECIDED, UNDECIDED], None, False, None, None),
    ],
)
def test_a_vote(
    seats: list[Outcome],
    winner: MaybeLabel,
    decided: bool,
    mean: float | None,
    margin: float | None,
) -> None:
    found = combine(CASE, seats, "vote")
    assert (found.winner, found.decided) == (winner, decided)
    assert found.mean == pytest.approx(mean)
    assert found.margin == pytest.approx(margin)
    assert sum(found.statuses.values()) == 2 * len(seats)


@pytest.mark.parametrize(
    ("values", "winner"),
    [
        ([0.9, 0.4, 0.4], 0),
        ([0.9, 0.1], "tie"),
        ([0.1 + 0.2, 0.7], "tie"),
        ([0.2, 0.5, 0.6], 1),
    ],
)
def test_a_mean_of_probabilities(values: list[float], winner: MaybeLabel) -> None:
    seats = [outcome("tie" if v == 0.5 else int(v < 0.5), mean=v) for v in values]
    assert combine(CASE, seats, "mean").winner == winner


def test_single_answers_bring_their_vote_to_a_mean() -> None:
    """Their tie may be one by `--tie-margin`, which the share of higher scores knows nothing of."""
    tied = outcome("tie", mean=1.0, scores=(5.0, 4.9), position=None)
    assert combine(CASE, [tied, outcome(1)], "mean").winner == 1
    assert combine(CASE, [tied, outcome(1)], "mean").mean == 0.25


@pytest.mark.parametrize(
    ("seats", "position"),
    [
        ([outcome(0), outcome(0), outcome(1)], Position.CONSISTENT),
        ([outcome(0), outcome(0, scores=(2.0, 1.0), position=None)], Position.CONSISTENT),
        ([outcome(0), outcome(0, position=None)], None),
        ([outcome(0, position=Position.FIRST), outcome(0)], Position.FIRST),
        ([outcome(0, position=Position.FIRST), outcome(0), outcome(0)], Position.CONSISTENT),
        ([outcome(0), outcome(1)], None),
    ],
)
def test_the_winner_is_one_in_both_orders(seats: list[Outcome], position: Position | None) -> None:
    assert combine(CASE, seats, "vote").position is position


def test_scores_have_a_mean_where_all_have_one() -> None:
    four, none = (outcome(None, scores=(s,), decided=s is not None) for s in (4.0, None))
    found = combine(ALONE, [four, outcome(None, scores=(1.0,))], "mean")
    assert (found.scores, found.decided, found.winner) == ((2.5,), True, None)
    missing = combine(ALONE, [four, none], "mean")
    assert (missing.scores, missing.decided) == ((None,), False)


def test_identical_answers_stay_what_they_are() -> None:
    same = outcome("tie", identical=True, position=None, statuses={})
    assert combine(CASE, [same, same], "vote") is same


def simulated(errs: float, draw: random.Random, cases: int) -> list[Outcome]:
    """A judge's outcomes where response 0 is always the right one."""
    return [outcome(int(draw.random() < errs), case=f"q{n}", cluster=f"q{n}") for n in range(cases)]


def test_three_judges_err_less_together_than_the_best_alone() -> None:
    """Error rates of 0.20, 0.25 and 0.30, independent: by vote 0.155."""
    draw = random.Random(5)
    seats = {str(e): simulated(e, draw, 4000) for e in (0.2, 0.25, 0.3)}
    wrong = {name: sum(o.winner == 1 for o in own) / 4000 for name, own in seats.items()}
    jury = [combine(CASE, case, "vote") for case in zip(*seats.values(), strict=True)]
    together = sum(o.winner == 1 for o in jury) / 4000
    assert together == pytest.approx(0.155, abs=0.02)
    assert together < min(wrong.values()) - 0.02


def test_what_is_said_of_the_seats() -> None:
    draw = random.Random(1)
    good, fair = simulated(0.1, draw, 500), simulated(0.3, draw, 500)
    lost = [outcome(None, decided=False, case=o.case, cluster=o.cluster) for o in good[:50]]
    seats = {"good": good, "same": [*lost, *good[50:]], "fair": fair}
    found = jury_metrics(seats, "vote")
    of = {juror.judge: juror for juror in found.jurors}
    assert of["good"].win_rate_a.value == pytest.approx(0.9, abs=0.04)
    assert of["same"].abstained.value == 0.1
    good, fair = of["good"], of["fair"]
    assert good.percent_agreement.value > fair.percent_agreement.value + 0.1
    assert good.kappa.value > fair.kappa.value + 0.2
    assert 0 < found.alpha.low < found.alpha.value < 1


def test_judges_who_guess_have_no_agreement() -> None:
    draw = random.Random(3)
    seats = {name: simulated(0.5, draw, 2000) for name in "xyz"}
    found = jury_metrics(seats, "vote")
    assert found.alpha.low < 0 < found.alpha.high
    for juror in found.jurors:
        assert juror.percent_agreement.low < 0.5 < juror.percent_agreement.high
        assert juror.kappa.low < 0 < juror.kappa.high


def test_a_jury_of_no_cases_names_every_figure() -> None:
    found = jury_metrics({"x": [], "y": []}, "vote")
    assert found.alpha == Rate()
    assert found.jurors[0].kappa.value is None


@pytest.mark.parametrize(
    ("text", "categories", "juror"),
    [
        ("category=math,coding: reference", ("math", "coding"), JudgeSpec("reference")),
        ("category = math : overlap", ("math",), JudgeSpec("overlap")),
        ("category=a b:pairwise@openai/q:7b", ("a b",), JudgeSpec("pairwise", "openai/q:7b")),
    ],
)
def test_a_route(text: str, categories: tuple[str, ...], juror: JudgeSpec) -> None:
    found = parse_route(text)
    assert (found.categories, found.juror) == (categories, juror)


@pytest.mark.parametrize(
    ("text", "tells"),
    [
        ("math: reference", "is no route: write 'category=NAME,NAME: JUDGE'"),
        ("category=math", "is no route"),
        ("category=: reference", "is no route"),
        ("category=math,,coding: reference", "is no route"),
        ("category=math: a,b", "names 2 judges; a route goes to one"),
    ],
)
def test_what_is_no_route(text: str, tells: str) -> None:
    with pytest.raises(InputError, match=tells):
        parse_route(text)


def test_cases_go_where_their_category_is_sent() -> None:
    cases = [Case(f"q{n}", (), (), category=c) for n, c in enumerate(["x", None, "y", "x", "z"])]
    found = assign(cases, [parse_route("category=x,z: first"), parse_route("category=y: longer")])
    ids = {seat and seat.judge: [case.id for case in own] for seat, own in found.items()}
    assert ids == {"first": ["q0", "q3", "q4"], None: ["q1"], "longer": ["q2"]}
    with pytest.raises(InputError, match="no category 'why'; there are: x, y, z"):
        assign(cases, [parse_route("category=why: first")])
    with pytest.raises(InputError, match="two routes name the category 'x'"):
        assign(cases, [parse_route("category=x: first"), parse_route("category=x: longer")])
