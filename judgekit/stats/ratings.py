"""Ratings of many models, as `judgekit.stats.bradley_terry` estimates them from games."""

from __future__ import annotations

from dataclasses import dataclass, field

from judgekit.stats.metric import metric

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

    model: str = field(metadata=metric("the model's name"))
    rating: float | None = field(
        metadata=metric(
            "the model's Bradley-Terry rating; null where no finite one exists",
            unit="rating points: 400 are odds of ten to one, the mean is 1000",
            denominator="games",
            formula="400 · log10 of the strength, fitted with Davidson's ties",
        )
    )
    low: float | None = field(
        metadata=metric("the lower end of the 95 % interval; null where it is open")
    )
    high: float | None = field(
        metadata=metric("the upper end of the 95 % interval; null where it is open")
    )
    best_rank: int | None = field(
        metadata=metric("the best rank that resampled prompts give; null where it is open")
    )
    worst_rank: int | None = field(
        metadata=metric("the worst rank that resampled prompts give; null where it is open")
    )
    games: int = field(metadata=metric("the games that count", unit="games"))
    value: float = field(metadata=metric("the games won, ties counting half", unit="games"))


@dataclass(frozen=True, slots=True)
class Ratings:
    """The models' ratings, best first.

    A model has no rating if the games do not connect all models. `tie` is ν: 0 without ties; with 1
    a tie between equal models is as likely as a win of either; None if all games are ties. `reason`
    says which models no game compares, or which never lost; empty if ratings exist.
    """

    models: tuple[ModelRating, ...] = field(metadata=metric("the models, best first"))
    tie: float | None = field(
        metadata=metric(
            "the tie parameter ν: 0 without ties; 1 makes a tie between equals as likely as "
            "either's win"
        )
    )
    prompts: int = field(metadata=metric("the prompts of the games", unit="prompts"))
    reason: str = field(
        default="", metadata=metric("why there are no ratings; empty where there are")
    )
    prior: float | None = field(
        default=None,
        metadata=metric(
            "the pseudo-games between every two models, half won by each; absent where there are "
            "none",
            unit="games",
            optional=True,
        ),
    )
