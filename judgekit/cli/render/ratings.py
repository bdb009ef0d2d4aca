"""Bradley-Terry ratings as a table for people."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from judgekit.cli.render.console import safe
from judgekit.cli.render.figures import NONE, percent
from judgekit.stats.ratings import ModelRating

__all__ = ["SCALE", "ratings_table"]

SCALE = "400 points are odds of ten to one"


def ratings_table(models: Sequence[ModelRating]) -> Table:
    """Models by their ratings.

    Args:
        models: Best first.
    """
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("model", overflow="fold")
    for name in ("rating", "95 %", "rank", "games", "won"):
        table.add_column(name, justify="right", no_wrap=True)
    for m in models:
        rated = m.rating is not None
        table.add_row(
            Text(safe(m.model)),
            NONE if m.rating is None else f"{m.rating:.0f}",
            f"{end(m.low, '−∞')} to {end(m.high, '∞')}" if rated else NONE,
            ranks(m.best_rank, m.worst_rank),
            str(m.games),
            percent(m.value / m.games) if m.games else NONE,
        )
    return table


def end(value: float | None, otherwise: str) -> str:
    """An end of an interval; `otherwise` where it is open."""
    return otherwise if value is None else f"{value:.0f}"


def ranks(best: int | None, worst: int | None) -> str:
    """``2–4``, or ``2`` where both ends are one."""
    known = [str(rank) for rank in dict.fromkeys((best, worst)) if rank is not None]
    return "–".join(known) or NONE
