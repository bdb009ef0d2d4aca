"""Ratings of many models, as `judgekit.stats.bradley_terry` estimates them from games."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Game", "ModelRating", "Ratings"]

Game = tuple[str, str, str, float]
"""Cluster (prompt), model, the other model, and the first one's value: 1 won, 0.5 tied, 0 lost."""


@dataclass(frozen=True, slots=True)
class ModelRating:
    """One model. An end of the interval, or of the ranks', is None where resampled prompts leave
    it open: a model that hardly ever lost may be better without limit."""

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
    """Models, best first; those of a table that is not connected have no rating.

    `tie` is ν: 0 without ties, and 1 makes a tie between equals as likely as either's win,
    and None that there are ties alone.
    `reason` says which models nothing compares, or who never lost, where ratings do not exist.
    """

    models: tuple[ModelRating, ...]
    tie: float | None
    prompts: int
    reason: str = ""
