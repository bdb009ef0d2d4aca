"""How many games rank many models as well as all pairs do: simulated, part of `savings.py`.

Models' log-strengths are normal with standard deviation 1; the rank error is the share of pairs of
models in the wrong order, by the same ratings of the games of either scheme, and `held` the share
of ratings within their 95 % intervals. This part needs no recorded judgements:

    python benchmarks/savings_matchups.py [RUNS]
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import combinations, count, cycle, islice, takewhile
from math import exp, log
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from judgekit.stats.active_pairs import EVEN, ActivePairs, prior_of
from judgekit.stats.bradley_terry import ELO, MEAN, Game, Ratings, ratings

__all__ = ["SIZES", "Scheme", "schemes", "show_schemes"]

Array = NDArray[np.float64]
Names = tuple[str, str]

SIZES = ((10, 20), (20, 16), (40, 8))  # models, and games of each pair where all are played
NOISE = 0.5  # of scores of single answers, in log-strength: half of what models differ by
PROMPTS = 200
STEPS = (0.25, 0.375, 0.5, 0.625, 0.75, 1.0)  # of all pairs' games
HALF = STEPS.index(0.5)
SAMPLES = 200  # of each rating's interval


@dataclass(frozen=True)
class Scheme:
    """One way to choose games: its rank error and its intervals with half of all pairs' games, and
    the share of games that it needs for the rank error of all of them played evenly."""

    scheme: str
    models: int
    games: int
    wrong: float
    held: float
    needs: float | None


class World:
    """Models of known strength, and the games that they play."""

    def __init__(self, models: int, seed: int) -> None:
        self.draw = np.random.default_rng(seed)
        self.strengths: Array = self.draw.normal(0, 1, models)
        self.names = [str(i) for i in range(models)]
        self.every = list(combinations(self.names, 2))
        self.draw.shuffle(self.every)

    def play(self, pairs: Iterable[Names], start: int) -> list[Game]:
        """A game for each pair, on one prompt after the other."""
        out = []
        for number, (a, b) in enumerate(pairs, start):
            chance = 1 / (1 + exp(self.strengths[int(b)] - self.strengths[int(a)]))
            out.append((str(number % PROMPTS), a, b, float(self.draw.random() < chance)))
        return out

    def rated(self, games: Sequence[Game], samples: int = 0) -> Ratings:
        return ratings(games, samples=samples, prior=prior_of(len(self.names)))

    def error(self, games: Sequence[Game]) -> float:
        """The share of pairs that the ratings put in the wrong order; ties of ratings half."""
        rated = {r.model: r.rating or 0.0 for r in self.rated(games).models}
        wrong = [
            0.5
            if rated[a] == rated[b]
            else float((rated[a] > rated[b]) != (self.strengths[int(a)] > self.strengths[int(b)]))
            for a, b in self.every
        ]
        return fmean(wrong)

    def held(self, games: Sequence[Game]) -> float:
        """The share of models whose interval holds their strength."""
        middle = float(self.strengths.mean())
        found = []
        for r in self.rated(games, SAMPLES).models:
            truth = MEAN + ELO * (float(self.strengths[int(r.model)]) - middle)
            low = r.low is None or r.low <= truth
            found.append(float(low and (r.high is None or truth <= r.high)))
        return fmean(found)


Choose = Callable[[Sequence[Game], int], list[Names]]
"""The next round's pairs, from all games so far and how many may come at most."""


def evenly(world: World) -> Choose:
    turns = cycle(world.every)
    return lambda _, most: list(islice(turns, most))


def chosen(world: World, *, even: float) -> Choose:
    return ActivePairs(world.names, dict.fromkeys(world.every, PROMPTS), even=even).draw


def by_score(world: World) -> Choose:
    """Those 1, 2, 4, 8 … places apart by scores of single answers, in turn."""
    size = len(world.names)
    noisy = (world.strengths + world.draw.normal(0, NOISE, size)).tolist()
    ranked = sorted(world.names, key=lambda name: -noisy[int(name)])
    apart = takewhile(lambda places: places < size, (2**k for k in count()))
    turns = cycle([(ranked[i], ranked[i + k]) for k in apart for i in range(size - k)])
    return lambda _, most: list(islice(turns, most))


SCHEMES: Mapping[str, Callable[[World], Choose]] = {
    "all pairs evenly": evenly,
    "rank --games": partial(chosen, even=EVEN),
    "the most telling alone": partial(chosen, even=0.0),
    "neighbours by score": by_score,
}


def one(scheme: str, size: tuple[int, int], seed: int) -> tuple[list[float], float]:
    """Rank errors at each of `STEPS` of all pairs' games, and the intervals held at half."""
    models, games_a_pair = size
    world = World(models, seed)
    choose = SCHEMES[scheme](world)
    total = len(world.every) * games_a_pair
    games: list[Game] = []
    found = []
    held = 0.0
    for step in STEPS:
        goal = round(step * total)
        while len(games) < goal:
            games += world.play(choose(games, goal - len(games)), len(games))
        found.append(world.error(games))
        if step == STEPS[HALF]:
            held = world.held(games)
    return found, held


def needs(means: Sequence[float], usual: float) -> float | None:
    """The share of games at which a scheme's mean error falls to `usual`, between two steps by the
    logarithms; None where it never does."""
    for i, mean in enumerate(means):
        if mean <= usual:
            if i == 0:
                return STEPS[0]
            ratio = log(means[i - 1] / usual) / log(means[i - 1] / max(mean, 1e-9))
            return STEPS[i - 1] * exp(ratio * log(STEPS[i] / STEPS[i - 1]))
    return None


def schemes(size: tuple[int, int], runs: int, pool: Executor) -> list[Scheme]:
    """All schemes at one of `SIZES`, over `runs` draws of strengths."""
    models, games_a_pair = size
    found: list[Scheme] = []
    usual = 0.0
    for scheme in SCHEMES:
        seen = list(pool.map(partial(one, scheme, size), range(runs)))
        means = [fmean(column) for column in zip(*(errors for errors, _ in seen), strict=True)]
        if not found:
            usual = means[-1]
        held = fmean(held for _, held in seen)
        games = models * (models - 1) // 2 * games_a_pair
        found.append(Scheme(scheme, models, games, means[HALF], held, needs(means, usual)))
    return found


def show_schemes(found: Sequence[Scheme]) -> None:
    print("\nranking many models with half of the games of all pairs, and games for as few wrong")
    print("models  games  scheme                   wrong order  intervals hold  games needed")
    for s in found:
        share = f"{s.needs:.0%}" if s.needs else "more"
        print(f"{s.models:6} {s.games:6}  {s.scheme:24} {s.wrong:11.1%} {s.held:15.1%} {share:>13}")


if __name__ == "__main__":
    with ProcessPoolExecutor() as workers:
        many = int(sys.argv[1]) if len(sys.argv) > 1 else 50
        show_schemes([row for size in SIZES for row in schemes(size, many, workers)])
