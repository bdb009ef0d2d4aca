"""Bradley-Terry ratings as a table for people."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from judgekit.cli.render.columns import Column, table_of
from judgekit.cli.render.figures import NONE, number, percent
from judgekit.stats.ratings import ModelRating, Ratings

__all__ = ["ratings_note", "ratings_table"]

SCALE = "400 points are odds of ten to one"


def ratings_table(models: Sequence[ModelRating], width: int) -> Table:
    """Models by their ratings.

    Args:
        models: Best first.
        width: The cells that a line has.
    """
    return table_of(COLUMNS, models, width)


def ratings_note(ratings: Ratings) -> str:
    """What the ratings rest on: the prompts, the prior where there is one, and the scale."""
    parts = [number(ratings.prompts, "prompt")]
    if ratings.prior:
        parts.append(f"a prior of {ratings.prior:.3g} games between every two models")
    return "; ".join([*parts, SCALE])


def interval(model: ModelRating) -> str:
    """The 95 % interval of a rating."""
    if model.rating is None:
        return NONE
    return f"{end(model.low, '−∞')} to {end(model.high, '∞')}"


def end(value: float | None, otherwise: str) -> str:
    """An end of an interval; `otherwise` where it is open."""
    return otherwise if value is None else f"{value:.0f}"


def ranks(best: int | None, worst: int | None) -> str:
    """``2–4``, or ``2`` where both ends are one."""
    known = [str(rank) for rank in dict.fromkeys((best, worst)) if rank is not None]
    return "–".join(known) or NONE


COLUMNS: Sequence[Column[ModelRating]] = (
    Column("model", lambda m: m.model, numeric=False),
    Column("rating", lambda m: NONE if m.rating is None else f"{m.rating:.0f}"),
    Column("95 %", interval),
    Column("rank", lambda m: ranks(m.best_rank, m.worst_rank)),
    Column("games", lambda m: str(m.games)),
    Column("won", lambda m: percent(m.value / m.games) if m.games else NONE),
)
