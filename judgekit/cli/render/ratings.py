"""Bradley-Terry ratings as a table for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from judgekit.cli.render.console import safe
from judgekit.cli.render.tables import NONE, percent

__all__ = ["SCALE", "ratings_table"]

SCALE = "400 points are odds of ten to one"


def ratings_table(models: Sequence[Mapping[str, Any]]) -> Table:
    """Models as `judgekit.stats.bradley_terry.ModelRating` has them, best first."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("model", overflow="fold")
    for name in ("rating", "95 %", "rank", "games", "won"):
        table.add_column(name, justify="right", no_wrap=True)
    for m in models:
        known = m["rating"] is not None
        table.add_row(
            Text(safe(m["model"])),
            f"{m['rating']:.0f}" if known else NONE,
            f"{end(m['low'], '−∞')} to {end(m['high'], '∞')}" if known else NONE,
            ranks(m["best_rank"], m["worst_rank"]),
            str(m["games"]),
            percent(m["value"] / m["games"]) if m["games"] else NONE,
        )
    return table


def end(value: float | None, otherwise: str) -> str:
    return otherwise if value is None else f"{value:.0f}"


def ranks(best: int | None, worst: int | None) -> str:
    known = [str(rank) for rank in dict.fromkeys((best, worst)) if rank is not None]
    return "–".join(known) or NONE
