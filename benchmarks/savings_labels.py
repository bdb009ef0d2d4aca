"""By how much 50 labels narrow a judge's interval; a part of `savings.py`."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from savings_data import FEWEST, Pair, files, pairs, rows, stem

from judgekit.stats import Rate
from judgekit.stats.prediction_powered import PredictionPowered, prediction_powered_rate

__all__ = ["Labelled", "Narrower", "labelled", "narrower", "show_labels"]

LABELS = 50
VALUES = {"A": 1.0, "tie": 0.5, "B": 0.0}


@dataclass(frozen=True)
class Labelled:
    """A judge's verdicts and labels; a row per case: prompt, a's value by judge and by people."""

    name: str
    what: str
    cases: tuple[tuple[str, float, float], ...]


@dataclass(frozen=True)
class Narrower:
    """The effect of 50 labels, over random choices of the labelled cases."""

    set: str
    what: str
    cases: int
    by_labels: float
    corrected: float
    narrower: float
    coverage: float


def labelled(folder: Path) -> Iterator[Labelled]:
    """The judges whose cases have labels of people.

    Which answer is a is arbitrary in the pairs' files, so the rate is near one half; the
    correlation of labels and verdicts does not depend on it. Files of many models' pairs with a
    judge's verdict in each row give one contest per model, against all others.
    """
    pairs_by_id = pairs(folder)
    for path in files(folder / "judgements"):
        of_judge: defaultdict[str, dict[str, list[float]]] = defaultdict(dict)
        for row in rows(path):
            if row.get("final", True) and row["pair_id"] in pairs_by_id and row["verdict"]:
                numbers = of_judge[row["judge"]].setdefault(row["pair_id"], [])
                numbers.append(VALUES[row["verdict"]])
        for judge, of_pair in of_judge.items():
            cases = tuple(
                (pairs_by_id[pair].prompt, fmean(values), VALUES[label])
                for pair, values in of_pair.items()
                if (label := pairs_by_id[pair].label) is not None
            )
            if len(cases) >= 2 * LABELS and len({prompt for prompt, _, _ in cases}) >= FEWEST:
                yield Labelled(f"{stem(path)} {judge}", "response a against b", cases)
    yield from _models(pairs_by_id)


def _models(pairs_by_id: Mapping[str, Pair]) -> Iterator[Labelled]:
    """Each model against all others, from pairs whose rows hold a judge's merged verdict."""
    judged = [p for p in pairs_by_id.values() if p.judged and p.models and p.label]
    for model in sorted({model for pair in judged for model in pair.models or ()}):
        cases = []
        for pair in judged:
            if pair.models and pair.label and pair.judged and model in pair.models:
                value, label = VALUES.get(pair.judged, 0.5), VALUES[pair.label]
                ours = pair.models[0] == model
                cases.append((pair.prompt, *((value, label) if ours else (1 - value, 1 - label))))
        if len(cases) >= 2 * LABELS:
            yield Labelled("mtbench_human gpt-4", f"{model} against the others", tuple(cases))


def narrower(contest: Labelled, runs: int) -> Narrower:
    """Draws 50 cases' labels `runs` times; the true value is the mean of all labels."""
    draw = random.Random(contest.name + contest.what)
    truth = fmean(label for _, _, label in contest.cases)
    cases = list(contest.cases)
    estimates: list[PredictionPowered] = []
    while len(estimates) < runs:
        chosen = set(draw.sample(range(len(cases)), LABELS))
        rows = ((c, v, x if i in chosen else None) for i, (c, v, x) in enumerate(cases))
        estimates.append(prediction_powered_rate(rows))
    hits = [
        width(f.rate) > 0 and (f.rate.low or 0) <= truth <= (f.rate.high or 0) for f in estimates
    ]
    return Narrower(
        contest.name,
        contest.what,
        len(cases),
        fmean(width(f.by_labels) for f in estimates) / 2,
        fmean(width(f.rate) for f in estimates) / 2,
        fmean(f.narrower or 0 for f in estimates),
        fmean(hits),
    )


def width(rate: Rate) -> float:
    return (rate.high or 0) - (rate.low or 0)


def show_labels(labels: Sequence[Narrower]) -> None:
    """Prints a line per file of judgements: means over its judges."""
    print(
        f"\n{LABELS} labels of people{'':33} judges  labels  corrected  narrower (best)  coverage"
    )
    of_set: dict[str, list[Narrower]] = {}
    for one in labels:
        of_set.setdefault(one.set.split()[0], []).append(one)
    for name, group in of_set.items():
        alone, with_judge = fmean(one.by_labels for one in group), fmean(n.corrected for n in group)
        mean, best = fmean(one.narrower for one in group), max(one.narrower for one in group)
        coverage = fmean(one.coverage for one in group)
        print(
            f"{name[:50]:50} {len(group):6}  ±{100 * alone:5.1f}     ±{100 * with_judge:5.1f} "
            f"{mean:9.1%} ({best:5.1%})     {coverage:5.1%}"
        )
