"""Scenes of `coverage.py` with two judges of the same cases: differences and agreement."""

from __future__ import annotations

import random
from collections.abc import Callable
from math import sqrt

from judgekit.stats import Rate
from judgekit.stats.agreement import cohen_kappa, krippendorff_alpha
from judgekit.stats.paired_test import paired_test
from judgekit.stats.share_differences import share_difference
from judgekit.trust.audit.agreement import correlation

__all__ = ["RATERS", "Sample", "Scene"]

Sample = tuple[float, Rate, Rate | None]
"""The true value, our interval, and a naive interval to compare with, or None."""

Scene = Callable[[random.Random], Sample]


def raters(
    draw: random.Random, prompts: int, right: tuple[float, float]
) -> list[tuple[str, tuple[int, int]]]:
    """Two raters of a fair coin; `right` holds each one's accuracy."""
    rows = []
    for prompt in range(prompts):
        truth = draw.random() < 0.5
        x, y = (int(truth if draw.random() < share else not truth) for share in right)
        rows.append((str(prompt), (x, y)))
    return rows


def chance_corrected(p: float, q: float) -> float:
    """The true kappa and alpha of `raters` with accuracies p and q."""
    return 2 * (p * q + (1 - p) * (1 - q)) - 1


def kappa(draw: random.Random, prompts: int, p: float = 0.85, q: float = 0.75) -> Sample:
    rows = raters(draw, prompts, (p, q))
    return chance_corrected(p, q), cohen_kappa((c, x, y) for c, (x, y) in rows), None


def alpha(draw: random.Random, prompts: int, p: float = 0.85, q: float = 0.75) -> Sample:
    return chance_corrected(p, q), krippendorff_alpha(raters(draw, prompts, (p, q))), None


CORRELATION = 0.7


def draw_scores(draw: random.Random, prompts: int) -> list[tuple[str, float, float]]:
    """Two judges' normal scores with correlation `CORRELATION`, which is also their alpha."""
    rows = []
    for prompt in range(prompts):
        x = draw.gauss(0, 1)
        rows.append((str(prompt), x, CORRELATION * x + sqrt(1 - CORRELATION**2) * draw.gauss(0, 1)))
    return rows


def score_correlation(draw: random.Random, prompts: int) -> Sample:
    return CORRELATION, correlation(draw_scores(draw, prompts)), None


def alpha_of_scores(draw: random.Random, prompts: int) -> Sample:
    units = ((c, (x, y)) for c, x, y in draw_scores(draw, prompts))
    return CORRELATION, krippendorff_alpha(units, "interval"), None


def difference(
    draw: random.Random, prompts: int, p: float, q: float, *, together: float = 0.0
) -> Sample:
    """Judges with accuracies p and q; in a share `together` of cases the same are hard for both."""
    rows = []
    for prompt in range(prompts):
        x = draw.random()
        y = x if draw.random() < together else draw.random()
        rows.append((str(prompt), float(x < p), float(y < q)))
    return p - q, paired_test(rows, shares=True).difference, None


def attack_effect(draw: random.Random, prompts: int, more: float, less: float) -> Sample:
    """Verdicts that an attack changes in favour of its answer (`more`) or against it (`less`)."""
    values = draw.choices((1.0, -1.0, 0.0), (more, less, 1 - more - less), k=prompts)
    return more - less, share_difference((str(i), v, 1.0) for i, v in enumerate(values)), None


RATERS: dict[str, Scene] = {
    "difference of judges, 80 and 70 % right, 60 prompts": lambda d: difference(d, 60, 0.8, 0.7),
    "difference of judges, 95 and 90 % right, 20 prompts": lambda d: difference(
        d, 20, 0.95, 0.9, together=0.9
    ),
    "difference of judges, 95 and 93 % right, 50 prompts": lambda d: difference(
        d, 50, 0.95, 0.93, together=0.9
    ),
    "attack effect, 10 % for and 2 % against, 50 prompts": lambda d: attack_effect(
        d, 50, 0.1, 0.02
    ),
    "attack effect, 30 % for and 10 % against, 100 prompts": lambda d: attack_effect(
        d, 100, 0.3, 0.1
    ),
    "Cohen's kappa, 30 prompts": lambda d: kappa(d, 30),
    "Cohen's kappa, 100 prompts": lambda d: kappa(d, 100),
    "Cohen's kappa, 98 and 97 % right, 30 prompts": lambda d: kappa(d, 30, 0.98, 0.97),
    "Cohen's kappa, 98 and 97 % right, 50 prompts": lambda d: kappa(d, 50, 0.98, 0.97),
    "Krippendorff's alpha, 30 prompts": lambda d: alpha(d, 30),
    "Krippendorff's alpha, 100 prompts": lambda d: alpha(d, 100),
    "Krippendorff's alpha, 98 and 97 % right, 50 prompts": lambda d: alpha(d, 50, 0.98, 0.97),
    "Krippendorff's alpha of scores, 50 prompts": lambda d: alpha_of_scores(d, 50),
    "correlation of scores, 30 prompts": lambda d: score_correlation(d, 30),
}
