"""What stopping early and asking the second order only where needed save, and what they cost.

Recorded judgements are taken for a population: prompts are drawn from them again and again, as
many as there are, in random order, and each draw is judged in four ways: all of it in both orders;
stopped when the sign is decided (`stats.stopping`); the second order only where the first is not
sure (`stats.sureness`); and both. A way's decision is a winner or none; it is wrong where it names
another than the recorded judgements as a whole lean to. Drawn with each prompt's sides swapped by a
coin, the two are equal, and any winner is a false alarm.

Then two more ways to do with less: 50 labels of people beside the judge's verdicts
(`stats.corrected`), and pairs of many models chosen by what is still open (`stats.matchups`).

    python benchmarks/savings.py --data DIR [--quick] [--json]
"""

from __future__ import annotations

import argparse
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

from savings_data import Contest, Seen, contests, preferences
from savings_labels import labelled, narrower, show_labels
from savings_matchups import SIZES, schemes, show_schemes

from judgekit.stats import Rate, win_rate
from judgekit.stats.order_confidence import OrderConfidence, Row, learn, rounds
from judgekit.stats.stopping import Stopping
from judgekit.types import Outcome

RUNS, QUICK = 100, 20
UNTIL = 0.02
CLEAR = 0.15  # from one half: who wins two cases of three is clearly better

Way = Literal["full", "stopping", "adaptive", "both"]
WAYS: tuple[Way, ...] = ("full", "stopping", "adaptive", "both")
WORDS: dict[Way, str] = {
    "full": "all of it",
    "stopping": "stopped early",
    "adaptive": "second order where needed",
    "both": "both of these",
}
Sign = Literal[-1, 0, 1]
SIGNS: dict[Sign, str] = {1: "a", -1: "b", 0: "none"}


@dataclass(frozen=True)
class Run:
    """One way of judging one draw: the calls it took, whom it decides for, and a's win rate."""

    calls: int
    sign: Sign
    value: float


@dataclass(frozen=True)
class Cost:
    """One way over all draws of a contest.

    `calls` is a share of all, `same` of draws with the whole's decision, `wrong` of those for the
    other side, `false_alarms` of draws of equals for either. `shift`: a's mean win rate less the
    full way's on the same draws.
    """

    calls: float
    same: float
    wrong: float
    false_alarms: float
    shift: float


@dataclass(frozen=True)
class Found:
    """A contest: the whole's win rate and decision, and each way's cost."""

    contest: str
    what: str
    prompts: int
    win_rate: Rate
    decision: Sign
    clear: bool
    ways: dict[Way, Cost]


Drawn = Sequence[Sequence[tuple[Seen, int]]]
"""Prompts of cases, each with the response that is shown first."""


def named(outcome: Outcome, prompt: int) -> Outcome:
    """As of a prompt of its own: one that is drawn twice counts twice."""
    return replace(outcome, cluster=str(prompt))


def sign_of(rate: Rate) -> Sign:
    if rate.low is not None and rate.low > 0.5:
        return 1
    return -1 if rate.high is not None and rate.high < 0.5 else 0


def judged(drawn: Drawn, way: Way, calls_a_case: int) -> Run:
    """One draw, judged in one way."""
    adaptive = way in ("adaptive", "both")
    stops = way in ("stopping", "both")
    relearn = set(rounds(len(drawn))) if adaptive else set()
    clusters = [str(i) for i, prompt in enumerate(drawn) for _ in prompt]
    watcher = Stopping(clusters, until=UNTIL)
    sureness = OrderConfidence(())
    rows: list[Row] = []
    outcomes: list[Outcome] = []
    calls = 0
    for i, prompt in enumerate(drawn):
        if i in relearn:
            sureness = learn(rows)
        for seen, first in prompt:
            said, swapped = seen.verdicts[first], seen.verdicts[1 - first]
            once = adaptive and said is not None and sureness.sure(said)
            if adaptive and not once and said is not None and swapped is not None:
                rows.append((str(i), first, said, swapped))
            alone = seen.alone[first]
            outcomes.append(named(alone if once and alone is not None else seen.both, i))
            calls += 1 if once else calls_a_case
            if stops:
                watcher.add(outcomes[-1])
        if watcher.reason:
            break
    rate = watcher.interval if stops else win_rate(outcomes)
    return Run(calls, sign_of(rate), 0.5 if rate.value is None else rate.value)


def draws(contest: Contest, swapped: Contest | None, seed: int) -> Iterator[Drawn]:
    """Resampled prompts, without end; with `swapped` each from either contest."""
    draw = random.Random(f"{contest.name} {seed}")
    size = len(contest.prompts)
    while True:
        sides = [contest, swapped or contest]
        picked = [draw.choice(sides).prompts[draw.randrange(size)] for _ in range(size)]
        yield [[(seen, draw.randrange(contest.calls_a_case)) for seen in own] for own in picked]


def measure(contest: Contest, runs: int) -> Found:
    whole = win_rate([named(s.both, i) for i, own in enumerate(contest.prompts) for s in own])
    decision = sign_of(whole)
    value = whole.value or 0.0
    leans: Sign = 1 if value > 0.5 else -1
    ways = WAYS if contest.calls_a_case == 2 else WAYS[:2]
    calls = contest.calls_a_case
    real: dict[Way, list[Run]] = {way: [] for way in ways}
    null: dict[Way, list[Run]] = {way: [] for way in ways}
    for _, drawn, equal in zip(
        range(runs), draws(contest, None, 0), draws(contest, contest.swapped(), 1), strict=False
    ):
        for way in ways:
            real[way].append(judged(drawn, way, calls))
            null[way].append(judged(equal, way, calls))
    everything = fmean(run.calls for run in real["full"])
    usual = fmean(run.value for run in real["full"])
    costs = {
        way: Cost(
            fmean(run.calls for run in own) / everything,
            fmean(run.sign == decision for run in own),
            fmean(run.sign == -leans for run in own),
            fmean(run.sign != 0 for run in null[way]),
            fmean(run.value for run in own) - usual,
        )
        for way, own in real.items()
    }
    clear = abs(value - 0.5) >= CLEAR
    return Found(contest.name, contest.what, len(contest.prompts), whole, decision, clear, costs)


def show(found: Found) -> None:
    rate = found.win_rate.value or 0
    print(
        f"{found.contest[:50]:50} {found.prompts:5} {rate:7.1%} {SIGNS[found.decision]:>5}", end=""
    )
    for way in WAYS[1:]:
        if cost := found.ways.get(way):
            print(f" | {cost.calls:6.1%} {cost.same:5.0%} {cost.wrong:5.1%}", end="")
            print(f" {100 * cost.shift:+6.2f}" if way == "adaptive" else "", end="")
    print(flush=True)


def groups(found: Sequence[Found]) -> dict[str, dict[Way, dict[str, float]]]:
    """The mean over contests of each way's costs, the clear ones apart from the close."""
    out: dict[str, dict[Way, dict[str, float]]] = {}
    for clear in (True, False):
        for ways in (WAYS, WAYS[:2]):
            own = [f for f in found if f.clear is clear and tuple(f.ways) == ways]
            if own:
                orders = "both orders" if ways == WAYS else "one order"
                name = f"{'clear' if clear else 'close'}, {orders}: {len(own)} contests"
                out[name] = {way: together([f.ways[way] for f in own]) for way in ways}
    return out


def together(costs: Sequence[Cost]) -> dict[str, float]:
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
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="folder with judgements/, pairs/")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} draws each, not {RUNS}")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    runs = QUICK if args.quick else RUNS
    found = []
    started = time.monotonic()
    if not args.json:
        head = (
            "stopping: calls same wrong | adaptive: calls same wrong shift | both: calls same wrong"
        )
        print(f"{'contest':50} {'n':>5} {'a wins':>7} {'whole':>5} | {head}")
    with ProcessPoolExecutor() as pool:
        every = [*contests(args.data), *preferences(args.data)]
        for one in pool.map(partial(measure, runs=runs), every):
            found.append(one)
            if not args.json:
                show(one)
        labels = list(pool.map(partial(narrower, runs=runs), labelled(args.data)))
        ranked = [row for size in SIZES for row in schemes(size, runs // 2, pool)]
    if not found:
        parser.error(f"no judgements in both orders under {str(args.data)!r}; check --data")
    summary = groups(found)
    if args.json:
        out: dict[str, object] = {"together": summary}
        out["contests"] = [asdict(row) for row in found]
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
