"""Scenes of `coverage.py` for power: do as many prompts as `stats` names detect what it says?"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import sqrt

from judgekit.runs.analysis import prompts_by_difference
from judgekit.stats import clustered_rate

__all__ = ["DESIGNS", "Power", "measure_power"]

LOW, HIGH = 0.79, 0.83  # where 80 prompts or more are named
LEAST = 0.77  # below that
MANY = 80
SEEN = 3000  # prompts of the run that the numbers are taken from

Rows = list[tuple[str, float]]
Design = Callable[[random.Random, int, float], Rows]
"""Draws cases of so many prompts at a win rate: pairs (prompt, value)."""


@dataclass(frozen=True)
class Power:
    """One printed number: the prompts it names, and how often so many detect the win rate."""

    scene: str
    runs: int
    prompts: int
    power: float
    inside: bool


def single(draw: random.Random, prompts: int, rate: float, *, ties: float = 0.0) -> Rows:
    weights = [rate - ties / 2, ties, 1 - rate - ties / 2]
    values = draw.choices([1.0, 0.5, 0.0], [max(0.0, w) for w in weights], k=prompts)
    return [(str(i), v) for i, v in enumerate(values)]


def several(draw: random.Random, prompts: int, rate: float, *, most: int, least: int) -> Rows:
    """Prompts of several cases, seven tenths of which go as their prompt goes."""
    rows: Rows = []
    for prompt in range(prompts):
        leaning = draw.random() < rate
        for _ in range(draw.randint(least, most)):
            value = leaning if draw.random() < 0.7 else draw.random() < rate
            rows.append((str(prompt), float(value)))
    return rows


DESIGNS: dict[str, tuple[Design, float]] = {
    "seen at 50 %": (single, 0.5),
    "seen at 76 %": (single, 0.76),
    "seen at 95 %": (single, 0.95),
    "30 % ties, seen at 70 %": (lambda d, n, p: single(d, n, p, ties=0.3), 0.7),
    "70 % ties, seen at 55 %": (lambda d, n, p: single(d, n, p, ties=0.7), 0.55),
    "two cases a prompt, seen at 80 %": (lambda d, n, p: several(d, n, p, least=2, most=2), 0.8),
    "1 to 4 cases a prompt, seen at 80 %": (lambda d, n, p: several(d, n, p, least=1, most=4), 0.8),
}


def measure_power(name: str, runs: int) -> Iterator[Power]:
    """Every number that `stats` prints of one run, simulated at the win rate it is about."""
    design, base_rate = DESIGNS[name]
    draw = random.Random(name)
    for difference, prompts in (prompts_by_difference(design(draw, SEEN, base_rate)) or {}).items():
        times = max(100, min(runs, 2_000_000 // prompts))
        rate = 0.5 + difference
        detections = 0
        for _ in range(times):
            low = clustered_rate((c, v, 1) for c, v in design(draw, prompts, rate)).low
            detections += low is not None and low > 0.5
        power = detections / times
        slack = 2 * sqrt(0.8 * 0.2 / times)  # what the simulation itself cannot tell
        most = HIGH if prompts >= MANY else 1.0
        least = LOW if prompts >= MANY else LEAST
        inside = least - slack <= power <= most + slack
        yield Power(f"power at {100 * rate:.0f} %: {name}", times, prompts, power, inside)
