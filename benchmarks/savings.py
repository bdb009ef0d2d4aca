"""What early stopping and adaptive orders save, and what they cost.

Recorded judgements serve as the population. Prompts are resampled from them in random order, as
many as there are, and each sample is judged in four ways: all of it in both orders; stopped when
the winner is decided (`stats.stopping`); with the second order only where the first is not sure
(`stats.order_confidence`); and both. Each way decides for a winner or for none; a decision is wrong
if it names the side that loses in all recorded judgements. In samples where a coin swaps the sides
of each prompt the two are equal, and any winner is a false alarm.

Two more ways to save are measured: 50 human labels beside the judge's verdicts
(`stats.prediction_powered`), and active choice of the games of many models (`stats.active_pairs`).

    python benchmarks/savings.py --data DIR [--quick] [--json]
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import Literal

from options import option_parser
from savings_data import Contest, Seen, contests, preferences
from savings_labels import labelled, narrower, show_labels
from savings_matchups import SIZES, schemes, show_schemes

from judgekit.stats import Rate, win_rate
from judgekit.stats.order_confidence import OrderConfidence, Row, calibrate, calibration_rounds
from judgekit.stats.stopping import Stopping
from judgekit.types import Outcome

RUNS, QUICK = 100, 20
UNTIL = 0.02
CLEAR = 0.15  # from one half: who wins two cases of three is clearly better

Way = Literal["full", "stopping", "adaptive", "both"]
WAYS: tuple[Way, ...] = ("full", "stopping", "adaptive", "both")
WORDS: dict[Way, str] = {
    "full": "all of it",
    "stopping": "early stopping",
    "adaptive": "adaptive orders",
    "both": "both",
}
Sign = Literal[-1, 0, 1]
SIGNS: dict[Sign, str] = {1: "a", -1: "b", 0: "none"}


@dataclass(frozen=True)
class Run:
    """One sample judged in one way: number of calls, decision, and a's win rate."""

    calls: int
    sign: Sign
    value: float


@dataclass(frozen=True)
class Cost:
    """One way over all samples of a contest.

    `calls`: share of all calls. `same`: share of samples with the decision of all judgements.
    `wrong`: share with the opposite decision. `false_alarms`: share of samples of equal sides with
    any decision. `shift`: mean win rate of a, less that of the full way on the same samples.
    """

    calls: float
    same: float
    wrong: float
    false_alarms: float
    shift: float


@dataclass(frozen=True)
class Found:
    """A contest: win rate and decision by all judgements, and each way's cost."""

    contest: str
    what: str
    prompts: int
    win_rate: Rate
    decision: Sign
    clear: bool
    ways: dict[Way, Cost]


Drawn = Sequence[Sequence[tuple[Seen, int]]]
"""Prompts of cases, each with the response that is shown first."""


def with_own_cluster(outcome: Outcome, prompt: int) -> Outcome:
    """The case with a cluster of its own, so that a prompt that is drawn twice counts twice."""
    return replace(outcome, cluster=str(prompt))


def sign_of(rate: Rate) -> Sign:
    if rate.low is not None and rate.low > 0.5:
        return 1
    return -1 if rate.high is not None and rate.high < 0.5 else 0


def judge_sample(sample: Drawn, way: Way, calls_a_case: int) -> Run:
    """Judges one sample in one way."""
    adaptive = way in ("adaptive", "both")
    stops = way in ("stopping", "both")
    relearn = set(calibration_rounds(len(sample))) if adaptive else set()
    clusters = [str(i) for i, prompt in enumerate(sample) for _ in prompt]
    watcher = Stopping(clusters, until=UNTIL)
    sureness = OrderConfidence(())
    rows: list[Row] = []
    outcomes: list[Outcome] = []
    calls = 0
    for i, prompt in enumerate(sample):
        if i in relearn:
            sureness = calibrate(rows)
        for case, first in prompt:
            verdict, swapped = case.verdicts[first], case.verdicts[1 - first]
            once = adaptive and verdict is not None and sureness.sure(verdict)
            if adaptive and not once and verdict is not None and swapped is not None:
                rows.append((str(i), first, verdict, swapped))
            alone = case.alone[first]
            outcomes.append(with_own_cluster(alone if once and alone is not None else case.both, i))
            calls += 1 if once else calls_a_case
            if stops:
                watcher.add(outcomes[-1])
        if watcher.reason:
            break
    rate = watcher.interval if stops else win_rate(outcomes)
    return Run(calls, sign_of(rate), 0.5 if rate.value is None else rate.value)


def draws(contest: Contest, swapped: Contest | None, seed: int) -> Iterator[Drawn]:
    """An endless stream of resampled prompts; with `swapped` each comes from either contest."""
    draw = random.Random(f"{contest.name} {seed}")
    size = len(contest.prompts)
    while True:
        sides = [contest, swapped or contest]
        picked = [draw.choice(sides).prompts[draw.randrange(size)] for _ in range(size)]
        yield [[(x, draw.randrange(contest.calls_a_case)) for x in prompt] for prompt in picked]


def measure(contest: Contest, runs: int) -> Found:
    overall = win_rate(
        [with_own_cluster(s.both, i) for i, prompt in enumerate(contest.prompts) for s in prompt]
    )
    decision = sign_of(overall)
    value = overall.value or 0.0
    leans: Sign = 1 if value > 0.5 else -1
    ways = WAYS if contest.calls_a_case == 2 else WAYS[:2]
    calls = contest.calls_a_case
    real: dict[Way, list[Run]] = {way: [] for way in ways}
    null: dict[Way, list[Run]] = {way: [] for way in ways}
    for _, sample, equal in zip(
        range(runs), draws(contest, None, 0), draws(contest, contest.swapped(), 1), strict=False
    ):
        for way in ways:
            real[way].append(judge_sample(sample, way, calls))
            null[way].append(judge_sample(equal, way, calls))
    everything = fmean(run.calls for run in real["full"])
    usual = fmean(run.value for run in real["full"])
    costs = {
        way: Cost(
            fmean(run.calls for run in results) / everything,
            fmean(run.sign == decision for run in results),
            fmean(run.sign == -leans for run in results),
            fmean(run.sign != 0 for run in null[way]),
            fmean(run.value for run in results) - usual,
        )
        for way, results in real.items()
    }
    clear = abs(value - 0.5) >= CLEAR
    return Found(contest.name, contest.what, len(contest.prompts), overall, decision, clear, costs)


def show(row: Found) -> None:
    rate = row.win_rate.value or 0
    print(f"{row.contest[:50]:50} {row.prompts:5} {rate:7.1%} {SIGNS[row.decision]:>5}", end="")
    for way in WAYS[1:]:
        if cost := row.ways.get(way):
            print(f" | {cost.calls:6.1%} {cost.same:5.0%} {cost.wrong:5.1%}", end="")
            print(f" {100 * cost.shift:+6.2f}" if way == "adaptive" else "", end="")
    print(flush=True)


def groups(results: Sequence[Found]) -> dict[str, dict[Way, dict[str, float]]]:
    """Mean costs of each way over the contests, clear and close ones apart."""
    out: dict[str, dict[Way, dict[str, float]]] = {}
    for clear in (True, False):
        for ways in (WAYS, WAYS[:2]):
            group = [f for f in results if f.clear is clear and tuple(f.ways) == ways]
            if group:
                orders = "both orders" if ways == WAYS else "one order"
                name = f"{'clear' if clear else 'close'}, {orders}: {len(group)} contests"
                out[name] = {way: mean_cost([f.ways[way] for f in group]) for way in ways}
    return out


def mean_cost(costs: Sequence[Cost]) -> dict[str, float]:
    names = ("calls", "same", "wrong", "false_alarms")
    out = {name: fmean(getattr(cost, name) for cost in costs) for name in names}
    return out | {
        "most_calls": max(cost.calls for cost in costs),
        "largest_shift": max(abs(cost.shift) for cost in costs),
    }


def show_groups(summary: dict[str, dict[Way, dict[str, float]]]) -> None:
    for name, ways in summary.items():
        print(f"\n{name:34} calls  (most)  same  wrong  false alarms  largest shift, points")
        for way, x in ways.items():
            print(
                f"  {WORDS[way]:30} {x['calls']:6.1%} {x['most_calls']:6.1%} {x['same']:6.1%} "
                f"{x['wrong']:6.2%}  {x['false_alarms']:9.1%}   {100 * x['largest_shift']:9.1f}"
            )


def main() -> None:
    parser = option_parser(__doc__, f"{QUICK} draws instead of {RUNS}")
    parser.add_argument("--data", type=Path, required=True, help="folder with judgements/, pairs/")
    args = parser.parse_args()
    runs = QUICK if args.quick else RUNS
    results = []
    started = time.monotonic()
    if not args.json:
        head = (
            "stopping: calls same wrong | adaptive: calls same wrong shift | both: calls same wrong"
        )
        print(f"{'contest':50} {'n':>5} {'a wins':>7} {'whole':>5} | {head}")
    with ProcessPoolExecutor() as pool:
        every = [*contests(args.data), *preferences(args.data)]
        for one in pool.map(partial(measure, runs=runs), every):
            results.append(one)
            if not args.json:
                show(one)
        labels = list(pool.map(partial(narrower, runs=runs), labelled(args.data)))
        ranked = [row for size in SIZES for row in schemes(size, runs // 2, pool)]
    if not results:
        parser.error(f"no judgements in both orders under {str(args.data)!r}; check --data")
    summary = groups(results)
    if args.json:
        out: dict[str, object] = {"together": summary}
        out["contests"] = [asdict(row) for row in results]
        out["labels"] = [asdict(row) for row in labels]
        out["many_models"] = [asdict(row) for row in ranked]
        print(json.dumps(out))
    else:
        show_labels(labels)
        show_groups(summary)
        show_schemes(ranked)
        print(f"\n{runs} draws each; {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
