"""The win rate to expect if both answers were equally long.

Judges prefer longer answers. A logistic regression of the outcomes on the difference in length
separates quality from length, where the data allow it. This is AlpacaEval 2's length control
(Dubois et al. 2024, arXiv:2404.04475, equation 2) without the term for each instruction's
difficulty, which two files of answers cannot identify.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import exp, fsum, sqrt, tanh

from judgekit.stats.intervals import Rate, clustered_rate, t95

__all__ = ["LengthControl", "length_controlled_rate"]

FEWEST = 5  # prompts where a is at least as long, and where b is
STEPS = 50
MAX_LOG_ODDS = 15.0  # beyond this the outcomes are perfectly separated


@dataclass(frozen=True, slots=True)
class LengthControl:
    """The length-controlled win rate of a, and the effect of length.

    `effect`: what an answer that is one standard deviation longer adds to the log-odds of winning.
    `longer_wins`: the share of the `unequal` cases (answers of different lengths) that the longer
    answer won, ties counted as one half. `mean_difference`: the mean length of a's answers minus
    that of b's. `reason`: why there is no rate; empty if there is one.
    """

    rate: Rate
    effect: Rate
    longer_wins: Rate
    unequal: int
    mean_difference: float | None
    cases: int
    reason: str = ""


def length_controlled_rate(rows: Iterable[tuple[str, float, int, int]]) -> LengthControl:
    """Fits the win rate of a at equal length.

    logit E[value] = θ + φ·tanh(Δ / s), where Δ is the difference in length and s its standard
    deviation. The rate is 1 / (1 + exp(-θ)). Its interval follows from that of θ, with the sandwich
    variance clustered by prompt, the factor G/(G - 1) and a t quantile with G - 2 degrees of
    freedom for G clusters.

    Args:
        rows: Rows (cluster, a's value 1, 0.5 or 0, length of a's answer, length of b's answer);
            lengths in any unit.

    Returns:
        The fit. Its rate is empty, with a `reason`, if the data cannot separate length from
        quality.
    """
    observations = list(rows)
    differences = [float(a - b) for _, _, a, b in observations]
    n = len(observations)
    longer = [
        (c, v if d > 0 else 1 - v, 1.0)
        for (c, v, _, _), d in zip(observations, differences, strict=True)
        if d
    ]
    facts = (clustered_rate(longer), len(longer), fsum(differences) / n if n else None, n)
    if reason := _missing_evidence(observations):
        return LengthControl(Rate(), Rate(), *facts, reason)
    mean = fsum(differences) / n
    spread = sqrt(fsum((d - mean) ** 2 for d in differences) / (n - 1))
    points = [
        (c, v, tanh(d / spread)) for (c, v, _, _), d in zip(observations, differences, strict=True)
    ]
    fitted = _fit(points)
    if fitted is None:
        why = (
            "length and outcome go together without exception, so their parts cannot be told apart"
        )
        return LengthControl(Rate(), Rate(), *facts, why)
    (theta, phi), (theta_error, phi_error), clusters = fitted
    t, unit = t95(clusters - 2), tanh(1)
    rate = Rate(*(_logistic(theta + k * t * theta_error) for k in (0, -1, 1)))
    effect = Rate(*(unit * (phi + k * t * phi_error) for k in (0, -1, 1)))
    return LengthControl(rate, effect, *facts)


def _missing_evidence(rows: Sequence[tuple[str, float, int, int]]) -> str:
    """Why the data cannot determine the rate at equal length; empty if they can."""
    if all(a == b for _, _, a, b in rows):
        return "all answers are of equal length: there is nothing to adjust for"
    if len({value for _, value, _, _ in rows}) == 1:
        return "every case has the same outcome, whatever the lengths"
    longer = len({c for c, _, a, b in rows if a >= b})
    shorter = len({c for c, _, a, b in rows if a <= b})
    if min(longer, shorter) < FEWEST:
        side = "longer" if longer > shorter else "shorter"
        return (
            f"a's answer is {side} in all but {min(longer, shorter)} prompts: too few tell how it "
            f"would do at equal length"
        )
    return ""


Pair = tuple[float, float]


def _fit(points: Sequence[tuple[str, float, float]]) -> tuple[Pair, Pair, int] | None:
    """θ and φ by Newton's method, their clustered standard errors, the number of clusters."""
    theta = phi = 0.0
    for _ in range(STEPS):
        chances = [_logistic(theta + phi * x) for _, _, x in points]
        g0 = fsum(v - p for (_, v, _), p in zip(points, chances, strict=True))
        g1 = fsum((v - p) * x for (_, v, x), p in zip(points, chances, strict=True))
        inverse = _inverse(points, chances)
        if inverse is None:
            return None
        (a, b), (_, d) = inverse
        step = (a * g0 + b * g1, b * g0 + d * g1)
        theta, phi = theta + step[0], phi + step[1]
        if max(abs(theta), abs(phi)) > MAX_LOG_ODDS:
            return None
        if max(map(abs, step)) < 1e-10:
            break
    chances = [_logistic(theta + phi * x) for _, _, x in points]
    inverse = _inverse(points, chances)
    if inverse is None:
        return None
    (a, b), (_, d) = inverse
    scores: defaultdict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for (cluster, v, x), p in zip(points, chances, strict=True):
        scores[cluster][0] += v - p
        scores[cluster][1] += (v - p) * x
    size = len(scores)
    moved = [(a * s + b * t, b * s + d * t) for s, t in scores.values()]
    factor = size / (size - 1)
    errors = tuple(sqrt(factor * fsum(m[i] ** 2 for m in moved)) for i in (0, 1))
    return (theta, phi), (errors[0], errors[1]), size


def _inverse(
    points: Sequence[tuple[str, float, float]], chances: Sequence[float]
) -> tuple[Pair, Pair] | None:
    """The inverse of the information matrix; None if it is (nearly) singular."""
    weights = [p * (1 - p) for p in chances]
    s0 = fsum(weights)
    s1 = fsum(w * x for w, (_, _, x) in zip(weights, points, strict=True))
    s2 = fsum(w * x * x for w, (_, _, x) in zip(weights, points, strict=True))
    determinant = s0 * s2 - s1 * s1
    if determinant <= 1e-9 * s0 * s0:
        return None
    return (s2 / determinant, -s1 / determinant), (-s1 / determinant, s0 / determinant)


def _logistic(x: float) -> float:
    return 1 / (1 + exp(-x)) if x > -700 else 0.0
