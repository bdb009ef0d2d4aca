"""How many games rank many models as well as all pairs do: simulated, a part of `savings.py`.

Log-strengths are drawn from a normal distribution with standard deviation 1. `wrong` is the share
of pairs of models that the ratings put in the wrong order, `held` the share of ratings whose 95 %
interval contains the true strength. This part needs no recorded judgements:

    python benchmarks/savings_matchups.py [--quick] [--json]
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from itertools import combinations, count, cycle, islice, takewhile
from math import exp, log
from statistics import fmean

import numpy as np
from numpy.typing import NDArray
from options import option_parser

from judgekit.stats.active_pairs import EVEN, ActivePairs, rating_prior
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
RUNS, QUICK = 100, 4


@dataclass(frozen=True)
class Scheme:
    """One way to choose games, measured with half of the games of all pairs.

    `needs`: the share of games after which its rank error equals that of all games, played evenly;
    None if it never does.
    """

    scheme: str
    models: int
    games: int
    wrong: float
    held: float
    needs: float | None


class World:
    """Models of known strength that play games."""

    def __init__(self, models: int, seed: int) -> None:
        self.draw = np.random.default_rng(seed)
        self.strengths: Array = self.draw.normal(0, 1, models)
        self.names = [str(i) for i in range(models)]
        self.every = list(combinations(self.names, 2))
        self.draw.shuffle(self.every)

    def play(self, pairs: Iterable[Names], start: int) -> list[Game]:
        """A game for each pair, each on the next prompt."""
        out = []
        for number, (a, b) in enumerate(pairs, start):
            chance = 1 / (1 + exp(self.strengths[int(b)] - self.strengths[int(a)]))
            out.append((str(number % PROMPTS), a, b, float(self.draw.random() < chance)))
        return out

    def fit(self, games: Sequence[Game], samples: int = 0) -> Ratings:
        return ratings(games, samples=samples, prior=rating_prior(len(self.names)))

    def error(self, games: Sequence[Game]) -> float:
        """The share of pairs that the ratings put in the wrong order; equal ratings count half."""
        rated = {r.model: r.rating or 0.0 for r in self.fit(games).models}
        wrong = [
            0.5
            if rated[a] == rated[b]
            else float((rated[a] > rated[b]) != (self.strengths[int(a)] > self.strengths[int(b)]))
            for a, b in self.every
        ]
        return fmean(wrong)

    def coverage(self, games: Sequence[Game]) -> float:
        """The share of models whose interval contains the true strength."""
        middle = float(self.strengths.mean())
        hits = []
        for r in self.fit(games, SAMPLES).models:
            truth = MEAN + ELO * (float(self.strengths[int(r.model)]) - middle)
            low = r.low is None or r.low <= truth
            hits.append(float(low and (r.high is None or truth <= r.high)))
        return fmean(hits)


Choose = Callable[[Sequence[Game], int], list[Names]]
"""Chooses the pairs of the next round from all games so far and the largest number of pairs."""


def all_pairs(world: World) -> Choose:
    """Every pair in turn."""
    turns = cycle(world.every)
    return lambda _, most: list(islice(turns, most))


def active_pairs(world: World, *, even: float) -> Choose:
    """As `rank --games`, with the share `even` of each round over all pairs evenly."""
    return ActivePairs(world.names, dict.fromkeys(world.every, PROMPTS), even=even).draw


def by_score(world: World) -> Choose:
    """Pairs whose ranks by single scores differ by 1, 2, 4, 8 …, in turn."""
    size = len(world.names)
    noisy = (world.strengths + world.draw.normal(0, NOISE, size)).tolist()
    ranked = sorted(world.names, key=lambda name: -noisy[int(name)])
    apart = takewhile(lambda places: places < size, (2**k for k in count()))
    turns = cycle([(ranked[i], ranked[i + k]) for k in apart for i in range(size - k)])
    return lambda _, most: list(islice(turns, most))


SCHEMES: Mapping[str, Callable[[World], Choose]] = {
    "all pairs evenly": all_pairs,
    "rank --games": partial(active_pairs, even=EVEN),
    "most informative alone": partial(active_pairs, even=0.0),
    "neighbours by score": by_score,
}


def simulate(scheme: str, size: tuple[int, int], seed: int) -> tuple[list[float], float]:
    """Rank errors after each share of games in `STEPS`, and the coverage after half of them."""
    models, games_a_pair = size
    world = World(models, seed)
    choose = SCHEMES[scheme](world)
    total = len(world.every) * games_a_pair
    games: list[Game] = []
    errors = []
    coverage = 0.0
    for step in STEPS:
        goal = round(step * total)
        while len(games) < goal:
            games += world.play(choose(games, goal - len(games)), len(games))
        errors.append(world.error(games))
        if step == STEPS[HALF]:
            coverage = world.coverage(games)
    return errors, coverage


def needs(means: Sequence[float], usual: float) -> float | None:
    """The share of games after which a scheme's mean error falls to `usual`.

    Interpolated between steps in log error; None if the error never falls that far.
    """
    for i, mean in enumerate(means):
        if mean <= usual:
            if i == 0:
                return STEPS[0]
            ratio = log(means[i - 1] / usual) / log(means[i - 1] / max(mean, 1e-9))
            return STEPS[i - 1] * exp(ratio * log(STEPS[i] / STEPS[i - 1]))
    return None


def schemes(size: tuple[int, int], runs: int, pool: Executor) -> list[Scheme]:
    """Every scheme at one of `SIZES`, over `runs` draws of the strengths."""
    models, games_a_pair = size
    results: list[Scheme] = []
    usual = 0.0
    for scheme in SCHEMES:
        simulations = list(pool.map(partial(simulate, scheme, size), range(runs)))
        means = [
            fmean(column) for column in zip(*(errors for errors, _ in simulations), strict=True)
        ]
        if not results:
            usual = means[-1]
        coverage = fmean(share for _, share in simulations)
        games = models * (models - 1) // 2 * games_a_pair
        results.append(Scheme(scheme, models, games, means[HALF], coverage, needs(means, usual)))
    return results


def show_schemes(results: Sequence[Scheme]) -> None:
    print("\nranking many models with half of the games of all pairs, and games for as few wrong")
    print("models  games  scheme                   wrong order  intervals hold  games needed")
    for s in results:
        share = f"{s.needs:.0%}" if s.needs else "more"
        print(f"{s.models:6} {s.games:6}  {s.scheme:24} {s.wrong:11.1%} {s.held:15.1%} {share:>13}")


def main() -> None:
    args = option_parser(__doc__, f"{QUICK} draws instead of {RUNS}").parse_args()
    runs = QUICK if args.quick else RUNS
    with ProcessPoolExecutor() as workers:
        results = [row for size in SIZES for row in schemes(size, runs, workers)]
    if args.json:
        print(json.dumps([asdict(row) for row in results]))
    else:
        show_schemes(results)


if __name__ == "__main__":
    main()
