"""Time and memory to summarise a million judgements: fold, summary, bootstrap, ratings.

There are 500 000 cases (10 000 prompts, each with 50 pairs of 50 models) in both orders, by a judge
that favours the first position and sometimes gives no verdict. Judgements are made as they are
folded; all outcomes are in memory at once. Measures the seconds of each part and the peak memory.

    python benchmarks/million.py [--quick] [--json]
"""

from __future__ import annotations

import json
import random
import resource
import sys
import time
from collections.abc import Iterator
from itertools import combinations
from math import exp

from options import option_parser

from judgekit.stats import summarise
from judgekit.stats.bootstrap import bootstrap_rate
from judgekit.stats.bradley_terry import Game, ratings
from judgekit.stats.outcomes.fold import fold
from judgekit.stats.outcomes.values import value
from judgekit.types import (
    Case,
    Choice,
    Judgement,
    Message,
    Outcome,
    Response,
    Status,
    Trial,
    Verdict,
)

MODELS = 50
PAIRS_A_PROMPT = 50
PROMPTS, QUICK = 10_000, 500
SECONDS, BYTES = 60, 2e9
VERDICTS = {choice: Verdict.chose(choice) for choice in Choice}
NO_VERDICT = Verdict.without(Status.UNPARSED)
NAMES = ("A", "B")
PAIRS = tuple(combinations(range(MODELS), 2))


def judgements(prompt: int, draw: random.Random) -> Iterator[tuple[Case, list[Judgement]]]:
    """The cases of one prompt, each with both its trials."""
    message = (Message("user", f"question {prompt}"),)
    for i, j in draw.sample(PAIRS, PAIRS_A_PROMPT):
        responses = (Response(f"{prompt} {i}", str(i)), Response(f"{prompt} {j}", str(j)))
        case = Case(f"{prompt} {i} {j}", message, responses, cluster=str(prompt))
        chance = 1 / (1 + exp((i - j) / 25 + draw.gauss(0, 0.5)))
        yield (
            case,
            [Judgement(Trial(case, o, NAMES), draw_verdict(o, chance, draw)) for o in ORDERS],
        )


ORDERS = ((0, 1), (1, 0))


def draw_verdict(order: tuple[int, int], chance: float, draw: random.Random) -> Verdict:
    number = draw.random()
    if number < 0.01:
        return NO_VERDICT
    if number < 0.1:
        return VERDICTS[Choice.TIE]
    first = 0.1 + 0.9 * (chance if order[0] == 0 else 1 - chance)
    return VERDICTS[Choice.FIRST if draw.random() < first else Choice.SECOND]


def measure(prompts: int) -> dict[str, float]:
    draw = random.Random(0)
    outcomes: list[Outcome] = []
    pairs: list[tuple[str, str]] = []
    took = {"made": 0.0, "fold": 0.0}
    for prompt in range(prompts):
        start = time.perf_counter()
        cases = list(judgements(prompt, draw))
        middle = time.perf_counter()
        outcomes += [fold(case, trials) for case, trials in cases]
        took["fold"] += time.perf_counter() - middle
        took["made"] += middle - start
        pairs += [(case.responses[0].model, case.responses[1].model) for case, _ in cases]

    start = time.perf_counter()
    summarise(outcomes, a="a", b="b", judge="judge", model=None).to_dict()
    took["summary"] = time.perf_counter() - start

    start = time.perf_counter()
    values = ((o.cluster, v, 1) for o in outcomes if (v := value(o)) is not None)
    bootstrap_rate(values, samples=1000)
    took["1 000 resamples of the win rate"] = time.perf_counter() - start

    start = time.perf_counter()
    games: Iterator[Game] = (
        (o.cluster, a, b, v)
        for o, (a, b) in zip(outcomes, pairs, strict=True)
        if (v := value(o)) is not None
    )
    rated = ratings(games, samples=1000)
    took["ratings, 1 000 resamples"] = time.perf_counter() - start
    if rated.reason or len(rated.models) != MODELS:
        raise SystemExit(f"no ratings: {rated.reason!r}")
    return took


def peak_memory() -> int:
    """Peak memory of this process in bytes."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def main() -> None:
    parser = option_parser(__doc__, "50 000 judgements instead of a million")
    args = parser.parse_args()
    prompts = QUICK if args.quick else PROMPTS
    took = measure(prompts)
    ours = sum(took.values()) - took["made"]  # making them is not ours
    judged = prompts * PAIRS_A_PROMPT * 2
    met = args.quick or (ours <= SECONDS and peak_memory() <= BYTES)
    if args.json:
        figures = {"judgements": judged, "seconds": took, "ours": ours, "peak_bytes": peak_memory()}
        print(json.dumps(figures | {"met": met}))
    else:
        for name, seconds in took.items():
            print(f"{name:34} {seconds:7.2f} s")
        print(
            f"{judged:,} judgements: {ours:.1f} s of ours, {peak_memory() / 1e9:.2f} GB at the peak"
        )
    sys.exit(not met)


if __name__ == "__main__":
    main()
