"""Active choice of the next games, so that fewer games rank many models.

Games between models whose order is already clear add little information. Before each round,
Bradley-Terry strengths are fitted to the games so far, and a fifth of the round goes to the pairs
whose game is most informative. The rest is spread evenly over all pairs regardless of the results:
otherwise an early error would never be revised, ratings would be too far apart, and only about 83 %
of their 95 % intervals would contain the true rating (`benchmarks/savings_matchups.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from judgekit.stats.bradley_terry import ratings
from judgekit.stats.ratings import Game, ModelRating, Ratings

__all__ = ["ActivePairs", "most_informative_pairs", "rate_chosen_games", "rating_prior"]

Array = NDArray[np.float64]
Names = tuple[str, str]

EVEN = 0.8  # share of a round
PRIOR = 0.3  # prior games per model, for ratings of chosen games: see `rating_prior`
ROUND = 2  # games per model in a round, at least
GROWTH = 10  # a round has at least a tenth as many games as all rounds before
SPREAD = 2.0  # prior standard deviation of log-strengths: 350 rating points
STEPS = 50
ROUNDING = 1e-9


class ActivePairs:
    """Draws the pairs of models for one round of games after another, deterministically.

    Args:
        models: The models' names.
        possible: The largest number of games for each pair of names.
        even: The share of a round that is spread evenly over all pairs.
    """

    def __init__(
        self, models: Sequence[str], possible: Mapping[Names, int], *, even: float = EVEN
    ) -> None:
        self._models = models
        self._even = even
        self._left = {pair: n for pair, n in possible.items() if n > 0}
        # Shuffled once: in the order of `models` the first would always have one game more.
        self._turns = list(self._left)
        np.random.default_rng(0).shuffle(self._turns)
        self._turn = 0

    def draw(self, games: Sequence[Game], budget: int) -> list[Names]:
        """Draws the pairs of the next round.

        A round does not depend on `budget`, so a run with a larger budget continues where one with
        a smaller budget ended.

        Args:
            games: All games of the earlier rounds.
            budget: The largest number of pairs to return.

        Returns:
            At most `budget` pairs; a pair may occur several times. Empty once all possible games
            are
            drawn.
        """
        size = max(ROUND * len(self._models), len(games) // GROWTH) if budget > 0 else 0
        pairs = [pair for _ in range(round(self._even * size)) if (pair := self._next_in_turn())]
        for pair in most_informative_pairs(games, self._models, size - len(pairs), self._left):
            self._take(pair)
            pairs.append(pair)
        return pairs[:budget]

    def _next_in_turn(self) -> Names | None:
        for _ in self._turns:
            pair = self._turns[self._turn]
            self._turn = (self._turn + 1) % len(self._turns)
            if pair in self._left:
                self._take(pair)
                return pair
        return None

    def _take(self, pair: Names) -> None:
        self._left[pair] -= 1
        if not self._left[pair]:
            del self._left[pair]


def most_informative_pairs(
    games: Iterable[Game], models: Sequence[str], budget: int, limits: Mapping[Names, int]
) -> list[Names]:
    """The pairs of the next games, the most informative first.

    Strengths θ are approximately normal around the fit. If the fit ranks i over j by the difference
    d with variance V, the ranking is wrong with an expected loss E[max(0, θ_j - θ_i)], whose
    derivative by V is φ(d/√V) / (2√V). One more game between a and b has the Fisher information w =
    p(1 - p) on their difference, which reduces the variance of each pair (i, j) by w (c_i - c_j)² /
    (1 + w V_ab), where c are the covariances with θ_a - θ_b. The pair that reduces the loss most,
    summed over all pairs, is chosen and its game assumed, then the next pair is sought. Equally
    good pairs come in the order of `models`; nothing is random.

    Args:
        games: Rows as `ratings` takes them; a tie counts half a win for each model.
        models: The models' names.
        budget: The largest number of pairs to return.
        limits: The number of games that each pair can still play.

    Returns:
        At most `budget` pairs; a pair may occur several times.

    Raises:
        ValueError: A game has a model that is not in `models`.
    """
    strengths, covariance = _fit(_table(games, models))
    i, j = np.triu_indices(len(models), 1)
    names = [(models[a], models[b]) for a, b in zip(i.tolist(), j.tolist(), strict=True)]
    counts = np.array([limits.get((a, b), limits.get((b, a), 0)) for a, b in names], dtype=np.int64)
    gap = strengths[i] - strengths[j]
    information = 1 / (2 + 2 * np.cosh(gap))  # p(1 - p)
    out = []
    for _ in range(min(budget, int(counts.sum()))):
        variance = covariance[i, i] + covariance[j, j] - 2 * covariance[i, j]
        open_ = np.exp(-(gap**2) / (2 * variance)) / np.sqrt(variance)
        # Σ over pairs of open · (c_i - c_j)² is a quadratic form of c in the pairs' Laplacian.
        laplacian = np.zeros_like(covariance)
        laplacian[i, j] = laplacian[j, i] = -open_
        np.fill_diagonal(laplacian, -laplacian.sum(1))
        cut = covariance @ laplacian @ covariance
        loss = cut[i, i] + cut[j, j] - 2 * cut[i, j]
        gain = np.where(counts > 0, information / (1 + information * variance) * loss, -np.inf)
        best = int(np.flatnonzero(gain >= gain.max() - ROUNDING * abs(gain.max()))[0])
        a, b, w = int(i[best]), int(j[best]), float(information[best])
        c = covariance[:, a] - covariance[:, b]
        covariance = covariance - w / (1 + w * variance[best]) * np.outer(c, c)
        counts[best] -= 1
        out.append(names[best])
    return out


def rating_prior(models: int) -> float:
    """The number of prior games between every two of so many models, as `ratings` takes it.

    The prior is weak, so that it hardly pulls models together that are far apart. With one prior
    game per model and strengths that differ by 520 points, 94 % of the intervals contained the true
    rating; with this prior 98 %.
    """
    return PRIOR / max(1, models - 1)


def rate_chosen_games(
    games: Sequence[Game], models: Sequence[str], prior: float | None = None
) -> Ratings:
    """Ratings of games whose models were chosen; a prior rates models that never lost, too.

    Args:
        games: The games that count, at least one.
        models: All models; those that were in no game stand last, without a rating.
        prior: As of `ratings`; None: `rating_prior`.

    Returns:
        The ratings.
    """
    estimate = ratings(games, prior=rating_prior(len(models)) if prior is None else prior)
    rated = {model.model for model in estimate.models}
    missing = (
        ModelRating(name, None, None, None, None, None, 0, 0.0)
        for name in models
        if name not in rated
    )
    return replace(estimate, models=(*estimate.models, *missing))


def _table(games: Iterable[Game], models: Sequence[str]) -> Array:
    """Wins [n, n] of model i against model j, ties counted half."""
    place = {name: i for i, name in enumerate(models)}
    won = np.zeros((len(models), len(models)))
    for _, a, b, value in games:
        if a not in place or b not in place:
            raise ValueError(f"{(a, b)!r} is a game of a model that is not to be ranked")
        won[place[a], place[b]] += value
        won[place[b], place[a]] += 1 - value
    return won


def _fit(won: Array) -> tuple[Array, Array]:
    """Log-strengths at the maximum of the posterior, and their covariance (Laplace)."""
    played = won + won.T
    strengths = np.zeros(len(won))
    prior = np.eye(len(won)) / SPREAD**2
    information = prior
    for _ in range(STEPS):
        chance = 1 / (1 + np.exp(strengths[None, :] - strengths[:, None]))
        weight = played * chance * (1 - chance)
        information = np.diag(weight.sum(1)) - weight + prior
        gradient = won.sum(1) - (played * chance).sum(1) - strengths / SPREAD**2
        step = np.linalg.solve(information, gradient)
        strengths = strengths + step
        if np.abs(step).max(initial=0.0) < 1e-9:
            break
    return strengths, np.asarray(np.linalg.inv(information))
