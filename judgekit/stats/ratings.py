"""Ratings of many models, as `judgekit.stats.bradley_terry` estimates them from games."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Game", "ModelRating", "Ratings"]

Game = tuple[str, str, str, float]
"""Cluster (prompt), model, the other model, and the first one's value: 1 won, 0.5 tied, 0 lost."""


@dataclass(frozen=True, slots=True)
class ModelRating:
    """One model's rating.

    `low`, `high`, `best_rank` and `worst_rank` are the ends of 95 % intervals; an end is None if it
    is unbounded, as for a model that hardly ever lost. `value` is the number of games won, ties
    counted half.
    """

    model: str
    rating: float | None
    low: float | None
    high: float | None
    best_rank: int | None
    worst_rank: int | None
    games: int
    value: float  # games won, ties half


@dataclass(frozen=True, slots=True)
class Ratings:
    """The models' ratings, best first.

    A model has no rating if the games do not connect all models. `tie` is ν: 0 without ties; with 1
    a tie between equal models is as likely as a win of either; None if all games are ties. `reason`
    says which models no game compares, or which never lost; empty if ratings exist.
    """

    models: tuple[ModelRating, ...]
    tie: float | None
    prompts: int
    reason: str = ""
