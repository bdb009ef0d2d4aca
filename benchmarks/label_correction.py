"""Coverage of the corrected share of a class, by simulation.

A classifier with known sensitivity and specificity judges 1 000 answers and some labelled ones.
Each cell draws 4 000 samples and counts how often the 95 % interval holds the true share. Labels
are a random part of the run for the prediction-powered share; for Rogan-Gladen they are another
sample: one with the same share of the class, and one in which the class is as frequent as it is
rare in the run ("shifted"). Required are at least 92.5 % in every cell, and at most 98 % where each
class has 20 labels or more, but for the shifted ones: a wider interval is the price of a sample
that is unlike the run. Samples in which the share is "not identified" give no interval and do not
count; how many they are is printed.

The samples are counted in arrays; on some of each cell judgekit's own functions must give the same
ends (`mismatches` 0).

    python benchmarks/label_correction.py [--quick] [--json]
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import product
from typing import Any

import numpy as np
from options import option_parser

from judgekit.stats.class_accuracy import LabelledClass
from judgekit.stats.corrected_shares import EDGE, CorrectedShare, corrected_share
from judgekit.stats.intervals import Z95, t95
from judgekit.stats.rogan_gladen import ANSCOMBE

SENSITIVITIES, SPECIFICITIES = (0.6, 0.75, 0.85, 0.95), (0.8, 0.9, 0.95)
SHARES, LABELS = (0.2, 0.35, 0.5, 0.65, 0.8), (50, 100, 200, 500)
UNLABELLED = 1000
LEAST, MOST, ENOUGH = 0.925, 0.98, 20
SAMPLES, CHECKED = 4000, 3

METHODS = ("prediction-powered", "rogan-gladen", "rogan-gladen, shifted")

Counts = Any
"""Integers, one per sample."""


@dataclass(frozen=True)
class Samples:
    """What each sample of a cell counts: labels of the class, and what the judge said right."""

    labels: int
    of_class: Counts
    hits: Counts  # of the class, and said to be
    passes: Counts  # not of the class, and not said to be
    said: Counts  # of the unlabelled


@dataclass(frozen=True)
class Cell:
    """One cell of one method: coverage, mean width and that of the labels alone."""

    method: str
    sensitivity: float
    specificity: float
    share: float
    labels: int
    coverage: float
    width: float
    labels_width: float | None
    not_identified: float
    mismatches: int

    @property
    def enough(self) -> bool:
        """Whether each class has 20 labels or more, as expected."""
        return self.labels * min(self.share, 1 - self.share) >= ENOUGH - 1e-9


def draw_samples(
    draw: np.random.Generator, cell: tuple[float, float, float, int], runs: int, *, shifted: bool
) -> Samples:
    """The counts of all samples of a cell; `shifted`: the labels' share is 1 - share."""
    sensitivity, specificity, share, labels = cell
    of_class = draw.binomial(labels, 1 - share if shifted else share, runs)
    says = share * sensitivity + (1 - share) * (1 - specificity)
    return Samples(
        labels,
        of_class,
        draw.binomial(of_class, sensitivity),
        draw.binomial(labels - of_class, specificity),
        draw.binomial(UNLABELLED, says, runs),
    )


def wilson(share: Any, draws: Any, quantile: Any) -> tuple[Any, Any]:
    """Wilson's interval, of arrays."""
    with np.errstate(invalid="ignore", divide="ignore"):  # one draw has an infinite quantile
        z2 = quantile**2 / draws
        centre, half = share + z2 / 2, np.sqrt(z2 * (share * (1 - share) + z2 / 4))
        return (centre - half) / (1 + z2), (centre + half) / (1 + z2)


def effective(share: Any, size: Any) -> Any:
    """The effective draws of single rows."""
    return np.where((share > 0) & (share < 1), size - 1, size)


def single_interval(counted: Any, size: Any) -> tuple[Any, Any]:
    """The interval of `clustered_rate`, of single rows."""
    share = counted / size
    quantile = np.vectorize(t95, otypes=[float])(np.asarray(size) - 1)
    low, high = wilson(share, effective(share, size), quantile)
    return np.fmax(0, low), np.fmin(1, high)


def prediction_powered(samples: Samples) -> tuple[Any, Any]:
    """The interval of `corrected_share` with labels on a random part."""
    n, hits = samples.labels, samples.hits
    false = n - samples.of_class - samples.passes
    missed, said = samples.of_class - hits, hits + n - samples.of_class - samples.passes
    varies = said - said**2 / n
    together = hits - said * samples.of_class / n
    with np.errstate(divide="ignore", invalid="ignore"):
        weight = np.where(varies > 0, together / varies / (1 + n / UNLABELLED), 0.0)
    w = np.clip(weight, 0, 1)
    middle = (1 - w) / 2
    values = ((hits, 1 - w), (false, -w), (missed, 1.0), (samples.passes, 0.0))
    total = sum(count * (value - middle) for count, value in values)
    squares = sum(count * (value - middle) ** 2 for count, value in values) + 2 * EDGE**2
    bias, wide = total / n, n + 2
    spread = wide / (wide - 1) * (squares - total**2 / wide) / wide**2
    half = t95(wide - 1) * np.sqrt(spread)
    below = bias - np.minimum(total / wide - half, bias)
    above = np.maximum(total / wide + half, bias) - bias
    p = samples.said / UNLABELLED
    judged = w * t95(UNLABELLED - 1) * np.sqrt(p * (1 - p) / (UNLABELLED - 1))
    centre = bias + middle + w * p
    alone = single_interval(samples.of_class, n)
    low = np.where(w > 0, np.clip(centre - np.hypot(below, judged), 0, 1), alone[0])
    high = np.where(w > 0, np.clip(centre + np.hypot(above, judged), 0, 1), alone[1])
    return low, high


def rogan_gladen(samples: Samples) -> tuple[Any, Any, Any]:
    """The interval of `rogan_gladen_share`, and where it is identified."""
    rest = samples.labels - samples.of_class
    usable = (samples.of_class > 0) & (rest > 0)
    of_class, others = np.maximum(1, samples.of_class), np.maximum(1, rest)
    (s_low, _), (t_low, _) = (
        single_interval(samples.hits, of_class),
        single_interval(samples.passes, others),
    )
    s, t, q = samples.hits / of_class, samples.passes / others, samples.said / UNLABELLED
    identified = usable & (s + t - 1 - np.hypot(s - s_low, t - t_low) > 0)

    def distances(share: Any, size: Any) -> tuple[Any, Any]:
        draws = effective(share, size)
        middle = np.arcsin(np.sqrt((share * draws + ANSCOMBE) / (draws + 2 * ANSCOMBE)))
        with np.errstate(divide="ignore"):
            half = np.where(draws > 0, Z95 / (2 * np.sqrt(draws)), np.pi)
        low = np.sin(np.maximum(0, middle - half)) ** 2
        high = np.sin(np.minimum(np.pi / 2, middle + half)) ** 2
        return np.maximum(0, share - low) ** 2, np.maximum(0, high - share) ** 2

    of = (q, UNLABELLED), (s, of_class), (t, others)
    (q_low, q_high), (s_low, s_high), (t_low, t_high) = (distances(*each) for each in of)
    a, b = q + t - 1, s + t - 1

    def end(dq: Any, ds: Any, dt: Any, *, upper: bool) -> Any:
        square, linear, constant = b * b - ds - dt, a * b - dt, a * a - dq - dt
        root = np.sqrt(np.maximum(0, linear**2 - square * constant))
        ends = (linear + (root if upper else -root)) / np.where(square > 0, square, 1)
        return np.where(square > 0, np.clip(ends, 0, 1), float(upper))

    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.clip(a / b, 0, 1)
    low, high = end(q_low, s_high, t_low, upper=False), end(q_high, s_low, t_high, upper=True)
    return np.minimum(low, value), np.maximum(high, value), identified


def by_judgekit(samples: Samples, index: int, *, other: bool) -> CorrectedShare:
    """The corrected share of one sample by judgekit's own function."""
    of_class, labels = int(samples.of_class[index]), samples.labels
    hits, passes = int(samples.hits[index]), int(samples.passes[index])
    counts = (hits, of_class - hits, passes, labels - of_class - passes)
    kinds = (("yes", "yes"), ("no", "yes"), ("no", "no"), ("yes", "no"))
    pairs = [pair for pair, count in zip(kinds, counts, strict=True) for _ in range(count)]
    labelled: list[LabelledClass] = [(f"l{i}", *pair) for i, pair in enumerate(pairs)]
    said = int(samples.said[index])
    rows: list[LabelledClass] = [
        (f"u{i}", "yes" if i < said else "no", None) for i in range(UNLABELLED)
    ]
    if other:
        return corrected_share(rows, "yes", method="rogan-gladen", sample=labelled)
    return corrected_share(rows + labelled, "yes", method="prediction-powered")


def measure(
    draw: np.random.Generator, cell: tuple[float, float, float, int], runs: int, method: str
) -> Cell:
    """One cell of one method."""
    other = method != METHODS[0]
    samples = draw_samples(draw, cell, runs, shifted=method == METHODS[2])
    identified = np.ones(runs, dtype=bool)
    if other:
        low, high, identified = rogan_gladen(samples)
    else:
        low, high = prediction_powered(samples)
    mismatches = 0
    for index in range(CHECKED):
        found = by_judgekit(samples, index, other=other).share
        ends = (low[index], high[index]) if identified[index] else (None, None)
        same = all(
            mine is None if theirs is None else mine is not None and abs(mine - theirs) < 1e-6
            for mine, theirs in zip((found.low, found.high), ends, strict=True)
        )
        mismatches += not same
    holds = (low <= cell[2]) & (cell[2] <= high)
    labels_low, labels_high = single_interval(samples.of_class, samples.labels)
    return Cell(
        method,
        *cell,
        coverage=float(holds[identified].mean()),
        width=float((high - low)[identified].mean()),
        labels_width=None if other else float((labels_high - labels_low).mean()),
        not_identified=float(1 - identified.mean()),
        mismatches=mismatches,
    )


def all_cells(runs: int, *, quick: bool) -> Iterator[Cell]:
    """Every cell of each method; with `quick` the corners."""
    axes: list[tuple[float, ...]] = [SENSITIVITIES, SPECIFICITIES, SHARES, LABELS]
    if quick:
        axes = [(axis[0], axis[-1]) for axis in axes]
    draw = np.random.default_rng(1)
    for method in METHODS:
        for sensitivity, specificity, share, labels in product(*axes):
            cell = (sensitivity, specificity, share, int(labels))
            yield measure(draw, cell, runs, method)


def report(cells: list[Cell]) -> dict[str, Any]:
    """The keys of `--json`."""
    powered = [cell for cell in cells if cell.labels_width is not None]
    width = sum(cell.width for cell in powered) / len(powered)
    alone = sum(cell.labels_width or 0.0 for cell in powered) / len(powered)
    drawn = [cell for cell in cells if cell.method != METHODS[2]]
    shifted = [cell.coverage for cell in cells if cell.method == METHODS[2]]
    lowest = min(cell.coverage for cell in drawn)
    highest = max(cell.coverage for cell in drawn if cell.enough)
    mismatches = sum(cell.mismatches for cell in cells)
    return {
        "cells": [asdict(cell) for cell in cells],
        "coverage_min": lowest,
        "coverage_max": highest,
        "coverage_shifted_min": min(shifted),
        "coverage_shifted_max": max(shifted),
        "mean_width": width,
        "mean_width_labels": alone,
        "not_identified_max": max(cell.not_identified for cell in cells),
        "mismatches": mismatches,
        "passed": min(lowest, *shifted) >= LEAST and highest <= MOST and not mismatches,
    }


def main() -> None:
    """Measures all cells and prints the extremes of each method and size."""
    parser = option_parser(__doc__, "the corners of the cells alone")
    options = parser.parse_args()
    start = time.perf_counter()
    cells = list(all_cells(SAMPLES, quick=options.quick))
    found = report(cells)
    heads = ("method", "labels", "coverage", "width", "labels alone", "no share")
    print("{:22}{:>7}{:>18}{:>8}{:>14}{:>10}".format(*heads))
    for method, labels in product(METHODS, LABELS):
        rows = [c for c in cells if (c.method, c.labels) == (method, labels)]
        if not rows:
            continue
        spread = f"{min(c.coverage for c in rows):.1%} to {max(c.coverage for c in rows):.1%}"
        width = sum(c.width for c in rows) / len(rows)
        widths = [c.labels_width for c in rows if c.labels_width is not None]
        alone = f"{sum(widths) / len(widths):.3f}" if widths else "-"
        absent = max(c.not_identified for c in rows)
        print(f"{method:22}{labels:>7}{spread:>18}{width:>8.3f}{alone:>14}{absent:>10.1%}")
    print(
        f"coverage {found['coverage_min']:.1%} at least (required {LEAST:.1%}), at most "
        f"{found['coverage_max']:.1%} where each class has {ENOUGH} labels (required {MOST:.0%}); "
        f"mismatches {found['mismatches']}; {time.perf_counter() - start:.0f} s"
    )
    if options.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()
