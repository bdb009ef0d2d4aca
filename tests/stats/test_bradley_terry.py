"""Ratings: planted strengths are found, intervals hold them, and what has no rating says so."""

from __future__ import annotations

import random
from math import exp, log

import pytest

from judgekit.stats.bradley_terry import ELO, Game, ratings

STRENGTHS = {"a": 0.9, "b": 0.3, "c": 0.0, "d": -0.4, "e": -0.8}


def played(draw: random.Random, prompts: int, tie: float = 0.5) -> list[Game]:
    """Every two models on each prompt, by Davidson's model."""
    games: list[Game] = []
    names = list(STRENGTHS)
    for prompt in range(prompts):
        for i, a in enumerate(names):
            for b in names[i + 1 :]:
                x, y = exp(STRENGTHS[a]), exp(STRENGTHS[b])
                weights = [x, tie * (x * y) ** 0.5, y]
                games.append((str(prompt), a, b, draw.choices([1.0, 0.5, 0.0], weights)[0]))
    return games


def test_planted_strengths_are_found() -> None:
    found = ratings(played(random.Random(1), 3000), samples=0)
    assert [r.model for r in found.models] == list(STRENGTHS)
    for r in found.models:
        assert r.rating == pytest.approx(1000 + ELO * STRENGTHS[r.model], abs=12)
    assert found.tie == pytest.approx(0.5, abs=0.03)


def test_two_models_without_ties_are_their_odds() -> None:
    games = [(str(i), "x", "y", float(i < 30)) for i in range(40)]
    first, second = ratings(games, samples=0).models
    assert first.rating is not None
    assert second.rating is not None
    assert first.rating - second.rating == pytest.approx(ELO * log(3))
    assert first.rating + second.rating == pytest.approx(2000)
    assert (first.games, first.value) == (40, 30)


def test_intervals_hold_the_truth() -> None:
    draw = random.Random(2)
    held = total = 0
    for _ in range(40):
        for r in ratings(played(draw, 60), samples=200).models:
            truth = 1000 + ELO * STRENGTHS[r.model]
            assert r.low is not None
            assert r.high is not None
            held += r.low <= truth <= r.high
            total += 1
    assert 0.90 <= held / total <= 0.99


def test_games_on_one_prompt_are_not_many_prompts() -> None:
    games = played(random.Random(3), 40)
    [top, *_] = ratings(games, samples=200).models
    copies = [(c, a, b, v) for c, a, b, v in games for _ in range(10)]
    [same, *_] = ratings(copies, samples=200).models
    assert (same.low, same.high) == pytest.approx((top.low, top.high), abs=1e-3)


@pytest.mark.parametrize(
    ("games", "reason"),
    [
        ([("p", "a", "b", 1.0), ("q", "b", "c", 1.0)], "'a' never lost or tied"),
        ([("p", "a", "b", 0.5), ("q", "c", "d", 0.5)], "no game compares"),
        ([], "no games"),
    ],
)
def test_what_has_no_rating_says_so(games: list[Game], reason: str) -> None:
    found = ratings(games)
    assert reason in found.reason
    assert all(r.rating is None for r in found.models)


def test_a_prior_gives_everybody_a_rating() -> None:
    games = [("p", "a", "b", 1.0), ("q", "b", "c", 1.0)]
    found = ratings(games, prior=0.1, samples=50)
    assert [r.model for r in found.models] == ["a", "b", "c"]
    assert found.reason == ""


def test_an_end_without_bound_is_open() -> None:
    games = [(str(i), "x", "y", float(i > 0)) for i in range(10)]
    [first, second] = ratings(games, samples=300).models
    assert first.high is None
    assert second.low is None
    assert first.low is not None
    assert (first.best_rank, second.worst_rank) == (1, 2)


@pytest.mark.parametrize("game", [("p", "a", "a", 1.0), ("p", "a", "b", 0.7)])
def test_what_is_no_game_is_refused(game: Game) -> None:
    with pytest.raises(ValueError, match="no game"):
        ratings([game])
