"""Coverage of each 95 % interval, by simulation.

Every scene draws data with a known true value, computes the interval by judgekit's own function and
counts how often it contains the true value. Required are 93.5 to 96.5 %, and at least 95 % of an
anytime-valid interval. The last column is the coverage of a naive method on the same data, such as
counting the two orders of a case as two independent games.

The prompts that `judgekit stats` names are held to their power in the same way, at the win rate
that they are named for: 79 to 83 % where it names 80 prompts or more, at least 77 % below.

    python benchmarks/coverage.py [--quick] [--json] [--only WORD]
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from itertools import combinations
from math import exp, sqrt, tanh

from coverage_power import DESIGNS, Power, measure_power
from coverage_raters import RATERS, Sample, Scene
from options import option_parser

from judgekit.stats import Rate, clustered_mean, clustered_rate
from judgekit.stats.active_pairs import EVEN, ActivePairs, rating_prior
from judgekit.stats.bradley_terry import ELO, MEAN, Game, ratings
from judgekit.stats.confidence_sequence import ConfidenceSequence
from judgekit.stats.length_control import length_controlled_rate
from judgekit.stats.prediction_powered import prediction_powered_rate

LOW, HIGH = 0.935, 0.965
RUNS, QUICK = 4000, 200


@dataclass(frozen=True)
class Coverage:
    """One scene: shares of runs whose interval contains the true value, and the mean width."""

    scene: str
    runs: int
    coverage: float
    width: float
    naive_coverage: float | None
    anytime: bool
    inside: bool


def swapped_games(draw: random.Random, prompts: int, p: float, cases: int = 1) -> Sample:
    """A win rate over both orders; how often the judge errs depends on the prompt."""
    ours: list[tuple[str, float, float]] = []
    games: list[tuple[str, float, float]] = []
    for prompt in range(prompts):
        a_wins = draw.random() < p  # decides every case of the prompt, mostly
        for case in range(cases):
            value = a_wins if draw.random() < 0.8 else draw.random() < p
            values = [value if draw.random() < 0.9 else not value for _ in range(2)]
            ours.append((str(prompt), sum(values) / 2, 1))
            games += [(f"{prompt} {case} {order}", float(v), 1) for order, v in enumerate(values)]
    truth = 0.9 * p + 0.1 * (1 - p)
    return truth, clustered_rate(ours), clustered_rate(games)


def ties(draw: random.Random, prompts: int, won: float, tied: float) -> Sample:
    values = draw.choices([1.0, 0.5, 0.0], [won, tied, 1 - won - tied], k=prompts)
    return won + tied / 2, clustered_rate((str(i), v, 1) for i, v in enumerate(values)), None


def unequal(draw: random.Random, prompts: int, p: float) -> Sample:
    """Prompts of one to four correlated cases."""
    rows: list[tuple[str, float, float]] = []
    for prompt in range(prompts):
        leaning = draw.random() < p
        values = (
            leaning if draw.random() < 0.7 else draw.random() < p for _ in range(draw.randint(1, 4))
        )
        rows += [(str(prompt), float(value), 1.0) for value in values]
    return (
        p,
        clustered_rate(rows),
        clustered_rate((str(i), v, 1) for i, (_, v, _) in enumerate(rows)),
    )


def scores(draw: random.Random, prompts: int) -> Sample:
    """Mean of skewed scores from 0 to 5, with two turns a prompt."""
    rows = []
    for prompt in range(prompts):
        level = draw.betavariate(4, 1.5) * 5
        rows += [(str(prompt), min(5.0, max(0.0, level + draw.gauss(0, 0.3))), 1.0) for _ in "12"]
    return TRUE_SCORE, clustered_mean(rows), None


def mean_score() -> float:
    """The true value of `scores`, from a large sample."""
    draw = random.Random(0)
    levels = (draw.betavariate(4, 1.5) * 5 + draw.gauss(0, 0.3) for _ in range(400_000))
    return sum(min(5.0, max(0.0, level)) for level in levels) / 400_000


def rating(draw: random.Random, prompts: int) -> Sample:
    """The rating of the first of four models, by Davidson's model."""
    strength = (0.6, 0.2, -0.2, -0.6)
    games: list[Game] = []
    for prompt in range(prompts):
        for i in range(4):
            for j in range(i + 1, 4):
                x, y = exp(strength[i]), exp(strength[j])
                value = draw.choices([1.0, 0.5, 0.0], [x, 0.4 * sqrt(x * y), y])[0]
                games.append((str(prompt), str(i), str(j), value))
    [first] = [r for r in ratings(games, samples=400).models if r.model == "0"]
    return MEAN + 0.6 * ELO, Rate(first.rating, first.low, first.high), None


def chosen_games(draw: random.Random, models: int, most: int, apart: float = 1.0) -> Sample:
    """The rating of one of many models after `most` games, chosen as by `rank --games`.

    The naive interval is of games that are all chosen as the most informative.
    """
    names = [str(i) for i in range(models)]
    strength = [draw.gauss(0, apart) for _ in names]
    which = draw.choice(names)
    truth = MEAN + ELO * (strength[int(which)] - sum(strength) / models)

    def play(even: float) -> Rate:
        matchups = ActivePairs(names, dict.fromkeys(combinations(names, 2), most), even=even)
        games: list[Game] = []
        while len(games) < most:
            for a, b in matchups.draw(games, most - len(games)):
                x, y = exp(strength[int(a)]), exp(strength[int(b)])
                value = draw.choices([1.0, 0.5, 0.0], [x, 0.4 * sqrt(x * y), y])[0]
                games.append((str(len(games) % 100), a, b, value))
        rated = ratings(games, samples=400, prior=rating_prior(models)).models
        model = next(r for r in rated if r.model == which)
        return Rate(model.rating, model.low, model.high)

    return truth, play(EVEN), play(0.0)


def length_control_scene(draw: random.Random, prompts: int) -> Sample:
    """A wins 60 % at equal length; its answers are longer and the judge is length-biased."""
    rows = []
    for prompt in range(prompts):
        delta = round(draw.gauss(100, 200))
        chance = 1 / (1 + exp(-(0.405465 + 0.8 * tanh(delta / 200))))
        rows.append((str(prompt), float(draw.random() < chance), 1000 + delta, 1000))
    raw = clustered_rate((c, v, 1) for c, v, _, _ in rows)
    return 0.6, length_controlled_rate(rows).rate, raw


def prediction_powered(draw: random.Random, prompts: int, labels: int, p: float = 0.6) -> Sample:
    """People prefer a in a share p of cases; the judge errs in 20 %, mostly in favour of a."""
    rows: list[tuple[str, float, float | None]] = []
    for prompt in range(prompts):
        truth = draw.random() < p
        verdict = truth if draw.random() < 0.8 else draw.random() < 0.9
        rows.append((str(prompt), float(verdict), float(truth) if prompt < labels else None))
    estimate = prediction_powered_rate(rows)
    return p, estimate.rate, estimate.by_judge


def anytime_valid(draw: random.Random, prompts: int, p: float) -> Sample:
    """An interval that is read after every prompt; the naive one is an ordinary interval."""
    sequence = ConfidenceSequence()
    missed = False
    values: list[float] = []
    worst = Rate()
    for prompt in range(prompts):
        values.append(float(draw.random() < p))
        sequence.add(values[-1])
        if prompt >= 9 and prompt % 10 == 9 and not missed:
            worst = clustered_rate((str(i), v, 1) for i, v in enumerate(values))
            missed = not contains(worst, p)
    return p, sequence.interval, worst


SCENES: dict[str, Scene] = {}
for _n in (20, 50, 200):
    for _p in (0.5, 0.7, 0.95):
        SCENES[f"win rate, both orders, {_n} prompts, p {_p}"] = (
            lambda draw, n=_n, p=_p: swapped_games(draw, n, p)  # type: ignore[misc]
        )
SCENES |= {
    "win rate, two turns a prompt, 80 prompts": lambda d: swapped_games(d, 80, 0.6, cases=2),
    "win rate, 1 to 4 cases a prompt, 80 prompts": lambda d: unequal(d, 80, 0.6),
    "win rate with 30 % ties, 50 prompts": lambda d: ties(d, 50, 0.4, 0.3),
    "win rate with 80 % ties, 200 prompts": lambda d: ties(d, 200, 0.12, 0.8),
    "mean score, 40 prompts": lambda d: scores(d, 40),
    "rating of one of 4 models, 60 prompts": lambda d: rating(d, 60),
    "rating of one of 8 models, 300 chosen games": lambda d: chosen_games(d, 8, 300),
    "rating of one of 16 models, 1 000 chosen games": lambda d: chosen_games(d, 16, 1000),
    "rating of one of 10 equal models, 450 chosen games": lambda d: chosen_games(d, 10, 450, 0),
    "rating of one of 10 far apart, 450 chosen games": lambda d: chosen_games(d, 10, 450, 2.5),
    "length-controlled win rate, 200 prompts": lambda d: length_control_scene(d, 200),
    "prediction-powered, 50 labels of 800": lambda d: prediction_powered(d, 800, 50),
    "prediction-powered, 200 labels of 800": lambda d: prediction_powered(d, 800, 200),
    "prediction-powered, 12 labels of 400, p 0.9": lambda d: prediction_powered(d, 400, 12, 0.9),
    "anytime-valid, p 0.5, 200 prompts": lambda d: anytime_valid(d, 200, 0.5),
    "anytime-valid, p 0.9, 200 prompts": lambda d: anytime_valid(d, 200, 0.9),
}
SCENES |= RATERS
SLOW = {"rating": 8, "anytime-valid,": 4}  # these scenes run fewer times, by this factor


def contains(rate: Rate, truth: float) -> bool:
    """Whether the interval contains the true value; an open end contains everything on its side."""
    if rate.value is None:
        return False
    return (rate.low is None or rate.low <= truth) and (rate.high is None or truth <= rate.high)


def measure(name: str, runs: int) -> Coverage:
    """Runs one scene `runs` times; its seed is the scene's name."""
    draw = random.Random(name)
    hits = naive_hits = naive_runs = 0
    width = 0.0
    for _ in range(runs):
        truth, ours, naive = SCENES[name](draw)
        hits += contains(ours, truth)
        width += (ours.high or 0) - (ours.low or 0)
        if naive is not None:
            naive_runs += 1
            naive_hits += contains(naive, truth)
    share = hits / runs
    anytime = name.startswith("anytime-valid")
    # Half a percent is what the simulation itself cannot tell.
    slack = 2 * sqrt(0.95 * 0.05 / runs)
    inside = share >= 0.95 - slack if anytime else LOW - slack <= share <= HIGH + slack
    return Coverage(
        name,
        runs,
        share,
        width / runs,
        naive_hits / naive_runs if naive_runs else None,
        anytime,
        inside,
    )


def measure_all(runs: int, word: str) -> Iterator[Coverage]:
    names = [name for name in SCENES if word in name]
    times = [max(50, runs // SLOW.get(name.split()[0], 1)) for name in names]
    with ProcessPoolExecutor() as pool:
        yield from pool.map(measure, names, times)


def powers(name: str, runs: int) -> list[Power]:
    return list(measure_power(name, runs))


def measure_powers(runs: int, word: str) -> Iterator[Power]:
    names = [name for name in DESIGNS if word in f"power {name}"]
    with ProcessPoolExecutor() as pool:
        for results in pool.map(powers, names, [runs] * len(names)):
            yield from results


TRUE_SCORE = mean_score()


def main() -> None:
    parser = option_parser(__doc__, f"{QUICK} runs of each scene instead of {RUNS}")
    parser.add_argument("--only", default="", help="only scenes whose name contains this")
    args = parser.parse_args()
    started = time.monotonic()
    results = []
    for f in measure_all(QUICK if args.quick else RUNS, args.only):
        results.append(f)
        if not args.json:
            naive = "" if f.naive_coverage is None else f"   otherwise {f.naive_coverage:6.1%}"
            mark = " " if f.inside else "*"
            print(f"{f.scene:52} {f.coverage:6.1%} {mark} width {f.width:8.3f}{naive}", flush=True)
    named = []
    for p in measure_powers(QUICK if args.quick else RUNS, args.only):
        named.append(p)
        if not args.json:
            mark = " " if p.inside else "*"
            print(f"{p.scene:52} {p.power:6.1%} {mark} of {p.prompts} prompts", flush=True)
    outside = [f.scene for f in results if not f.inside] + [p.scene for p in named if not p.inside]
    if args.json:
        scenes = {"scenes": [asdict(f) for f in results], "power": [asdict(p) for p in named]}
        print(json.dumps(scenes | {"outside": outside}))
    else:
        took = time.monotonic() - started
        every = len(results) + len(named)
        print(f"{every - len(outside)} of {every} inside; {took:.0f} s")


if __name__ == "__main__":
    main()
