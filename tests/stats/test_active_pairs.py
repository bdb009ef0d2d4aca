"""Which pairs come next: the open ones, all connected, and fewer games for the same ranking."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from math import exp
from statistics import fmean

import numpy as np
import pytest

from judgekit.stats.active_pairs import ActivePairs, most_informative_pairs, rating_prior
from judgekit.stats.bradley_terry import Game, ratings

NAMES = tuple("abcdef")


def next_matchups(games: list[Game], models: tuple[str, ...], budget: int) -> list[tuple[str, str]]:
    """The most telling of pairs that may all be played again."""
    return most_informative_pairs(
        games, models, budget, dict.fromkeys(combinations(models, 2), budget)
    )


def played(a: str, b: str, *values: float) -> list[Game]:
    return [(f"{a}{b}{i}", a, b, value) for i, value in enumerate(values)]


def test_before_any_game_everybody_plays() -> None:
    pairs = next_matchups([], NAMES, 5)
    assert {name for pair in pairs for name in pair} == set(NAMES)
    games = [game for a, b in pairs for game in played(a, b, 0.5)]
    assert not ratings(games, samples=0).reason  # connected


def test_a_plain_order_gets_no_more_games() -> None:
    games = [*played("a", "b", *[1.0] * 30), *played("b", "c", *[1.0, 0.0] * 15)]
    assert next_matchups(games, ("a", "b", "c"), 1) == [("b", "c")]


def test_a_pair_that_nobody_has_seen_comes_before_one_that_is_known() -> None:
    games = [*played("a", "b", *[1.0, 0.0] * 40), *played("b", "c", *[1.0, 0.0] * 40)]
    first = next_matchups(games, ("a", "b", "c", "d"), 1)
    assert "d" in first[0]


def test_a_pair_that_has_nothing_left_is_passed_over() -> None:
    games = [*played("a", "b", *[1.0] * 30), *played("b", "c", *[1.0, 0.0] * 15)]
    left = {("a", "b"): 2, ("b", "c"): 1}
    assert most_informative_pairs(games, "abc", 9, left) == [("b", "c"), ("a", "b"), ("a", "b")]


def test_it_depends_on_the_games_alone() -> None:
    games = [*played("a", "b", 1.0, 0.5), *played("c", "d", 0.0), *played("b", "e", 1.0)]
    pairs = next_matchups(games, NAMES, 12)
    assert pairs == next_matchups(games[::-1], NAMES, 12)
    assert pairs[:4] == next_matchups(games, NAMES, 4)


@pytest.mark.parametrize("models", [(), ("a",)])
def test_nobody_to_play(models: tuple[str, ...]) -> None:
    assert next_matchups([], models, 3) == []


def test_a_game_of_somebody_else() -> None:
    with pytest.raises(ValueError, match="not to be ranked"):
        next_matchups(played("a", "x", 1.0), NAMES, 1)


def wrong(games: list[Game], strengths: list[float]) -> float:
    """The share of pairs in the wrong order."""
    rated = {int(r.model): r.rating or 0.0 for r in ratings(games, samples=0, prior=0.1).models}
    pairs = combinations(range(len(strengths)), 2)
    return fmean((rated[i] > rated[j]) != (strengths[i] > strengths[j]) for i, j in pairs)


def test_three_quarters_of_the_games_rank_as_well_as_all_pairs() -> None:
    errors: list[tuple[float, float]] = []
    names = [str(i) for i in range(12)]
    every = list(combinations(names, 2))
    for seed in range(12):
        draw = np.random.default_rng(seed)
        strengths: list[float] = draw.normal(0, 1.5, len(names)).tolist()

        def game(pair: tuple[str, str], strengths: list[float], draw: np.random.Generator) -> Game:
            i, j = map(int, pair)
            chance = 1 / (1 + exp(strengths[j] - strengths[i]))
            return f"{draw.random()}", *pair, float(draw.random() < chance)

        usual = [game(pair, strengths, draw) for pair in every * 8]
        fewer: list[Game] = []
        while len(fewer) < 0.75 * len(usual):
            fewer += [game(p, strengths, draw) for p in next_matchups(fewer, tuple(names), 33)]
        errors.append((wrong(fewer, strengths), wrong(usual, strengths)))
    ours, theirs = (fmean(e) for e in zip(*errors, strict=True))
    assert ours <= theirs


def test_rounds_end_when_every_game_was_drawn() -> None:
    possible = dict.fromkeys(combinations("abcd", 2), 3) | {("a", "d"): 1, ("b", "c"): 0}
    matchups = ActivePairs("abcd", possible)
    games: list[Game] = []
    while pairs := matchups.draw(games, 100):
        assert len(pairs) <= 8
        games += [(str(len(games)), *pair, 1.0) for pair in pairs]
    assert Counter(game[1:3] for game in games) == {p: n for p, n in possible.items() if n}


def test_most_of_a_round_is_even_whatever_was_seen() -> None:
    matchups = ActivePairs(NAMES, dict.fromkeys(combinations(NAMES, 2), 1000))
    games: list[Game] = []
    for _ in range(40):
        for a, b in matchups.draw(games, 12):
            games.append((str(len(games)), a, b, float(a < b)))  # nothing is open
    met = Counter(game[1:3] for game in games)
    assert min(met.values()) >= 4 * len(games) // 5 // 15 - 1


def test_the_same_games_draw_the_same_rounds() -> None:
    def play() -> list[Game]:
        matchups = ActivePairs(NAMES, dict.fromkeys(combinations(NAMES, 2), 9))
        games: list[Game] = []
        for _ in range(6):
            games += [(a, a, b, float(a < b)) for a, b in matchups.draw(games, 100)]
        return games

    assert play() == play()


@pytest.mark.parametrize("budget", [1, 5, 8, 11])
def test_a_last_round_is_the_beginning_of_a_whole_one(budget: int) -> None:
    def matchups() -> ActivePairs:
        return ActivePairs(NAMES, dict.fromkeys(combinations(NAMES, 2), 9))

    games = [*played("a", "b", 1.0, 0.0), *played("c", "d", 1.0)]
    assert matchups().draw(games, budget) == matchups().draw(games, 10**6)[:budget]


def test_rounds_grow_with_what_is_known() -> None:
    matchups = ActivePairs(NAMES, dict.fromkeys(combinations(NAMES, 2), 10_000))
    assert len(matchups.draw([], 10_000)) == 12
    many = [*played("a", "b", *[1.0, 0.0] * 250), *played("c", "d", *[1.0, 0.0] * 250)]
    assert len(matchups.draw(many, 10_000)) == 100
    assert len(matchups.draw(many, 7)) == 7


def test_ratings_of_chosen_games_are_within_their_intervals() -> None:
    """They were not, where the most telling pairs alone were played: four of five at best."""
    strengths = np.linspace(1.2, -1.2, 8)
    names = [str(i) for i in range(8)]
    held = []
    for seed in range(25):
        draw = np.random.default_rng(seed)
        matchups = ActivePairs(names, dict.fromkeys(combinations(names, 2), 1000))
        games: list[Game] = []
        while len(games) < 600:
            for a, b in matchups.draw(games, 600 - len(games)):
                chance = 1 / (1 + exp(strengths[int(b)] - strengths[int(a)]))
                games.append((str(len(games) % 150), a, b, float(draw.random() < chance)))
        for rated in ratings(games, samples=200, prior=rating_prior(8)).models:
            truth = 1000 + 400 / np.log(10) * strengths[int(rated.model)]
            assert rated.low is not None
            assert rated.high is not None
            held.append(rated.low <= truth <= rated.high)
    assert fmean(held) > 0.9
