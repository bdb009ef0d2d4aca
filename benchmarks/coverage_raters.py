"""Scenes of `coverage.py`: how far two judges of the same cases differ, and how far they agree."""

from __future__ import annotations

import random
from collections.abc import Callable
from math import sqrt

from judgekit.stats import Rate
from judgekit.stats.agreement import cohen_kappa, krippendorff_alpha
from judgekit.stats.paired_test import paired_test
from judgekit.stats.share_differences import share_difference
from judgekit.trust.audit.agreement import correlation

__all__ = ["RATERS", "Drawn", "Scene"]

Drawn = tuple[float, Rate, Rate | None]
"""The truth, our interval, and the naive one where there is one to compare with."""

Scene = Callable[[random.Random], Drawn]


def raters(
    draw: random.Random, prompts: int, right: tuple[float, float]
) -> list[tuple[str, tuple[int, int]]]:
    """Two raters of a fair coin, each right in such a share."""
    rows = []
    for prompt in range(prompts):
        truth = draw.random() < 0.5
        x, y = (int(truth if draw.random() < share else not truth) for share in right)
        rows.append((str(prompt), (x, y)))
    return rows


def chance_corrected(p: float, q: float) -> float:
    """Kappa and alpha of `raters` who are right in p and q."""
    return 2 * (p * q + (1 - p) * (1 - q)) - 1


def kappa(draw: random.Random, prompts: int, p: float = 0.85, q: float = 0.75) -> Drawn:
    rows = raters(draw, prompts, (p, q))
    return chance_corrected(p, q), cohen_kappa((c, x, y) for c, (x, y) in rows), None


def alpha(draw: random.Random, prompts: int, p: float = 0.85, q: float = 0.75) -> Drawn:
    return chance_corrected(p, q), krippendorff_alpha(raters(draw, prompts, (p, q))), None


LIKE = 0.7


def scored(draw: random.Random, prompts: int) -> list[tuple[str, float, float]]:
    """Two judges' normal scores, which correlate by `LIKE`; so much is their alpha, too."""
    rows = []
    for prompt in range(prompts):
        x = draw.gauss(0, 1)
        rows.append((str(prompt), x, LIKE * x + sqrt(1 - LIKE**2) * draw.gauss(0, 1)))
    return rows


def correlated(draw: random.Random, prompts: int) -> Drawn:
    return LIKE, correlation(scored(draw, prompts)), None


def alpha_of_scores(draw: random.Random, prompts: int) -> Drawn:
    units = ((c, (x, y)) for c, x, y in scored(draw, prompts))
    return LIKE, krippendorff_alpha(units, "interval"), None


def difference(
    draw: random.Random, prompts: int, p: float, q: float, *, together: float = 0.0
) -> Drawn:
    """Judges right in p and q; both find the same cases hard in a share `together` of them."""
    rows = []
    for prompt in range(prompts):
        x = draw.random()
        y = x if draw.random() < together else draw.random()
        rows.append((str(prompt), float(x < p), float(y < q)))
    return p - q, paired_test(rows, shares=True).difference, None


def swung(draw: random.Random, prompts: int, more: float, less: float) -> Drawn:
    """Verdicts that an attack turns for its answer, or against it; the others stay."""
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
    "swing, 10 % for and 2 % against, 50 prompts": lambda d: swung(d, 50, 0.1, 0.02),
    "swing, 30 % for and 10 % against, 100 prompts": lambda d: swung(d, 100, 0.3, 0.1),
    "Cohen's kappa, 30 prompts": lambda d: kappa(d, 30),
    "Cohen's kappa, 100 prompts": lambda d: kappa(d, 100),
    "Cohen's kappa, 98 and 97 % right, 30 prompts": lambda d: kappa(d, 30, 0.98, 0.97),
    "Cohen's kappa, 98 and 97 % right, 50 prompts": lambda d: kappa(d, 50, 0.98, 0.97),
    "Krippendorff's alpha, 30 prompts": lambda d: alpha(d, 30),
    "Krippendorff's alpha, 100 prompts": lambda d: alpha(d, 100),
    "Krippendorff's alpha, 98 and 97 % right, 50 prompts": lambda d: alpha(d, 50, 0.98, 0.97),
    "Krippendorff's alpha of scores, 50 prompts": lambda d: alpha_of_scores(d, 50),
    "correlation of scores, 30 prompts": lambda d: correlated(d, 30),
}
