"""Bradley-Terry ratings of many models from games between two, ties included.

Davidson's extension (1970, J. Am. Stat. Assoc. 65, 317-328) of the model of Bradley & Terry (1952,
Biometrika 39, 324-345): with strengths π and a tie parameter ν,

    P(i beats j) = π_i / (π_i + π_j + ν√(π_i π_j)),   P(tie) = ν√(π_i π_j) / (the same)

fitted by Newton's method to the table of counts. Ratings are 400·log₁₀ π with a mean of 1000, so
that 400 points are odds of ten to one. Intervals come from resampled prompts, because the games on
one prompt are not independent. They are bias-corrected percentiles (Efron 1981, Can. J. Stat. 9,
139-158): few games exaggerate differences in strength, and resampling exaggerates them twice. If no
finite ratings exist, `Ratings.reason` says why.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import inf, log, sqrt
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from judgekit.stats.intervals import Z95, t95
from judgekit.stats.ratings import Game, ModelRating, Ratings

__all__ = ["Game", "ModelRating", "Ratings", "ratings"]

Array = NDArray[np.float64]

NORMAL = NormalDist()
ELO = 400 / log(10)
MEAN = 1000.0
STEPS = 100
FAR = 25.0  # between the best and the worst log-strength: some model is unbounded, so stop
ROUNDING = 1e-9
OPEN = 8.0  # from the median log-strength: odds of 3000 to one count as unbounded


def ratings(games: Iterable[Game], *, samples: int = 1000, prior: float = 0.0) -> Ratings:
    """Fits ratings with 95 % intervals from resampled prompts, deterministically.

    A small `prior` such as 0.1 gives every model a finite rating, pulled towards the mean, provided
    that some games connect the models. A model that never lost or tied against the rest remains
    unbounded upwards. How far down it may be, resampled prompts cannot show, because it never loses
    in them either; the curvature of the likelihood does. The same holds for a model that never won,
    with up and down exchanged.

    Args:
        games: Rows (cluster, model, other model, value of the first: 1, 0.5 or 0).
        samples: Number of bootstrap samples.
        prior: Number of prior games between every two models, half of them won by each.

    Returns:
        The ratings; without ratings, but with a `reason`, if none exist.

    Raises:
        ValueError: A model plays itself, or a value is none of 1, 0.5 and 0.
    """
    table = _Table.of(games)
    size = len(table.names)
    if size < 2:
        return Ratings((), None, 0, "there are no games between two models")
    real = table.counts(np.ones(table.prompts))
    counts = real + _prior_counts(size, prior)
    rated = tuple(
        ModelRating(name, None, None, None, None, None, n, value)
        for name, n, value in zip(table.names, table.played, table.won, strict=True)
    )
    # A prior stands in for losses, not for games: it does not connect models that never met.
    parts = _components(counts if not prior else real + real.swapaxes(1, 2))
    if len(parts) > 1:
        order = tuple(sorted(rated, key=lambda r: -r.value / r.games))
        return Ratings(order, None, table.prompts, _reason(parts, real, table.names), prior or None)
    strengths, tie = _fit(counts, np.zeros(size), 0.1, _stopping_distance(prior))
    best, worst = _unbounded(real)
    draw = np.random.default_rng(0)
    resampled = _resample(table, prior, strengths, tie, draw, samples)
    if best.any():
        covariance = _covariance(counts, strengths, tie)
        noise = draw.multivariate_normal(np.zeros(size), covariance, samples)
        resampled[:, best | worst] += noise[:, best | worst]
    final = _with_intervals(rated, strengths, resampled, table.prompts, inf if prior else OPEN)
    final = [
        replace(model, low=None if down else model.low, high=None if up else model.high)
        for model, up, down in zip(final, best, worst, strict=True)
    ]
    models = tuple(sorted(final, key=lambda r: -(r.rating or 0)))
    return Ratings(models, tie if counts[0].any() else None, table.prompts, prior=prior or None)


@dataclass(frozen=True)
class _Table:
    """The games as arrays: which prompt, which cell of [won, tied] x model x model."""

    names: tuple[str, ...]
    prompts: int
    of_prompt: NDArray[np.int64]
    cell: NDArray[np.int64]
    played: tuple[int, ...]
    won: tuple[float, ...]

    @classmethod
    def of(cls, games: Iterable[Game]) -> _Table:
        clusters: dict[str, int] = {}
        models: dict[str, int] = {}
        rows: list[tuple[int, int, int, int]] = []
        for cluster, a, b, value in games:
            if a == b or value not in (0, 0.5, 1):
                raise ValueError(f"{(cluster, a, b, value)!r} is no game between two models")
            prompt = clusters.setdefault(cluster, len(clusters))
            first, second = models.setdefault(a, len(models)), models.setdefault(b, len(models))
            better, worse = (first, second) if value else (second, first)
            rows.append((prompt, int(value == 0.5), better, worse))
        size = len(models)
        which, tied, i, j = np.array(rows, dtype=np.int64).reshape(-1, 4).T
        lead = np.bincount(i, 1 - 0.5 * tied, size) + np.bincount(j, 0.5 * tied, size)
        played = np.bincount(i, minlength=size) + np.bincount(j, minlength=size)
        return cls(
            tuple(models),
            len(clusters),
            which,
            (tied * size + i) * size + j,
            tuple(played.tolist()),
            tuple(lead.tolist()),
        )

    def counts(self, weights: Array) -> Array:
        """[2, n, n]: how often i beat j, and how often they tied (both ways round, half each)."""
        size = len(self.names)
        flat = np.bincount(self.cell, weights[self.of_prompt], 2 * size * size)
        matrices = flat.astype(float).reshape(2, size, size)
        matrices[1] = (matrices[1] + matrices[1].T) / 2
        return matrices


def _stopping_distance(prior: float) -> float:
    """How far apart log-strengths may be; with a prior they are finite, however far apart."""
    return inf if prior else FAR


def _resample(
    table: _Table,
    prior: float,
    strengths: Array,
    tie: float,
    draw: np.random.Generator,
    samples: int,
) -> Array:
    """Log-strengths (samples, models), each row fitted to as many prompts drawn at random."""
    size, prompts = len(table.names), table.prompts
    far, chance = _stopping_distance(prior), np.full(prompts, 1 / prompts)
    resampled = np.empty((samples, size))
    for row in resampled:
        weights = draw.multinomial(prompts, chance).astype(float)
        row[:], _ = _fit(table.counts(weights) + _prior_counts(size, prior), strengths, tie, far)
    if prompts < 2:
        return resampled
    # A bootstrap of few prompts is too narrow: widen it as Student's t does.
    factor = t95(prompts - 1) / Z95 * sqrt(prompts / (prompts - 1))
    widened: Array = strengths + factor * (resampled - strengths)
    return widened


def _prior_counts(size: int, prior: float) -> Array:
    counts = np.zeros((2, size, size))
    counts[0] = prior / 2 * (1 - np.eye(size))
    return counts


def _fit(counts: Array, strengths: Array, tie: float, far: float) -> tuple[Array, float]:
    """Log-strengths with a mean of 0, and ν.

    The log-likelihood of a game is the winner's log π, or at a tie log ν plus half of both, minus
    the log of the denominator. Stops once strengths are `far` apart: then some model is unbounded.
    """
    won, tied = counts
    games = won + won.T + 2 * tied
    ties = float(tied.sum())
    size = len(strengths)
    log_tie = log(max(tie, 1e-3)) if ties else -np.inf
    observed = won.sum(1) + tied.sum(1)
    for _ in range(STEPS):
        half = (strengths[:, None] - strengths[None, :]) / 2
        nu = np.exp(log_tie)
        # The denominator over √(π_i π_j): 2 cosh(half) + ν.
        denominator = np.exp(half) + np.exp(-half) + nu
        wins, p_tie = np.exp(half) / denominator, nu / denominator
        gradient = np.append(
            observed - (games * (wins + p_tie / 2)).sum(1), ties - (games * p_tie).sum() / 2
        )
        value = wins + p_tie / 2
        spread = games * (wins + p_tie / 4 - value**2)
        hessian = np.zeros((size + 1, size + 1))
        hessian[:size, :size] = np.diag(spread.sum(1)) - spread
        cross = (games * p_tie * (0.5 - value)).sum(1)
        hessian[:size, size] = hessian[size, :size] = cross
        hessian[size, size] = (games * p_tie * (1 - p_tie)).sum() / 2
        hessian[:size, :size] += 1 / size  # strengths have no origin: fix their mean
        free = size + bool(ties)
        hessian[np.diag_indices(size + 1)] += 1e-9
        step = np.linalg.solve(hessian[:free, :free], gradient[:free])
        step *= min(1.0, 2.0 / np.abs(step).max(initial=1e-300))
        strengths = strengths + step[:size]
        strengths -= strengths.mean()
        log_tie = log_tie + step[size] if ties else log_tie
        if np.abs(step).max() < 1e-9 or np.ptp(strengths) >= far:
            break
    return strengths, float(np.exp(log_tie))


def _with_intervals(
    rated: tuple[ModelRating, ...], strengths: Array, samples: Array, prompts: int, unbounded: float
) -> list[ModelRating]:
    """Adds percentiles of the resampled strengths and of their ranks."""
    # Of equal strengths each has the better rank in one sample and the worse in another.
    above = samples[:, None, :] > samples[:, :, None] + ROUNDING
    ranks = 1 + above.sum(2) if len(samples) else None
    middle = float(np.median(strengths))
    out = []
    for i, model in enumerate(rated):
        rating = MEAN + ELO * float(strengths[i])
        if ranks is None:
            out.append(replace(model, rating=rating))
            continue
        if prompts < 2 or np.ptp(samples[:, i]) < ROUNDING:  # no interval
            out.append(replace(model, rating=rating))
            continue
        ends = np.quantile(
            samples[:, i], _bias_corrected_levels(samples[:, i], float(strengths[i]))
        )
        low, high = (MEAN + ELO * float(s) if abs(s - middle) < unbounded else None for s in ends)
        best, worst = np.quantile(ranks[:, i], [0.025, 0.975], method="inverted_cdf")
        out.append(
            replace(
                model,
                rating=rating,
                low=low,
                high=high,
                best_rank=int(best),
                worst_rank=int(worst),
            )
        )
    return out


def _bias_corrected_levels(sample: Array, value: float) -> tuple[float, float]:
    """The quantile levels of a bias-corrected 95 % interval.

    They are lower if more than half of the sample is above the estimate `value`.
    """
    below = float((sample < value - ROUNDING).mean() + (sample < value + ROUNDING).mean()) / 2
    least = 0.5 / len(sample)
    off = 2 * NORMAL.inv_cdf(min(max(below, least), 1 - least))
    return NORMAL.cdf(off - Z95), NORMAL.cdf(off + Z95)


def _components(counts: Array) -> list[list[int]]:
    """The strongly connected components of "won or tied against", the leading one first.

    Finite ratings exist if there is only one (Ford 1957, Am. Math. Mon. 64(8), 28-33).
    """
    reach = (counts[0] + counts[1] > 0) | np.eye(len(counts[0]), dtype=bool)
    for _ in range(max(1, len(reach).bit_length())):
        reach = reach @ reach
    mutual = reach & reach.T
    parts = {tuple(np.flatnonzero(row).tolist()) for row in mutual}
    return [list(part) for part in sorted(parts, key=lambda p: -int(reach[p[0]].sum()))]


def _unbounded(real: Array) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Masks of the models that are unbounded upwards and downwards.

    A component is unbounded upwards if it never lost or tied against the rest, downwards if it
    never won or tied; with one component, nothing is unbounded.
    """
    parts = _components(real)
    best, worst = np.zeros((2, len(real[0])), dtype=bool)
    scored = real[0] + real[1] > 0  # i won or tied against j
    for part in parts if len(parts) > 1 else ():
        members = np.isin(np.arange(len(best)), part)
        best |= members & (not scored[~members][:, members].any())
        worst |= members & (not scored[members][:, ~members].any())
    return best, worst


def _covariance(counts: Array, strengths: Array, tie: float) -> Array:
    """The covariance of the log-strengths with a mean of 0, at given ν."""
    won, tied = counts
    games = won + won.T + 2 * tied
    half = (strengths[:, None] - strengths[None, :]) / 2
    nu = tie if tied.any() else 0.0
    denominator = np.exp(half) + np.exp(-half) + nu
    wins, p_tie = np.exp(half) / denominator, nu / denominator
    spread = games * (wins + p_tie / 4 - (wins + p_tie / 2) ** 2)
    return np.asarray(np.linalg.pinv(np.diag(spread.sum(1)) - spread))


def _reason(parts: list[list[int]], counts: Array, names: tuple[str, ...]) -> str:
    """Why no finite ratings exist, in words."""
    first = parts[0]
    others = [i for part in parts[1:] for i in part]
    met = counts[0][np.ix_(first, others)].sum() + counts[0][np.ix_(others, first)].sum()
    met += counts[1][np.ix_(first, others)].sum()
    shown = " and ".join(repr(names[i]) for i in first[:3]) + (" and others" if first[3:] else "")
    if not met:
        return f"no game compares {shown} with the rest; judge them against each other first"
    return (
        f"{shown} never lost or tied against the rest, so their rating is unbounded; judge more "
        f"prompts, or give every model a small prior"
    )
