"""The table of what each judge of a jury or a route says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["print_parts"]


def print_parts(console: Console, summary: Mapping[str, Any]) -> None:
    """Each judge of a jury or a route, a row each; nothing of other runs."""
    from rich.table import Table
    from rich.text import Text

    from judgekit.cli.render.console import safe
    from judgekit.cli.render.tables import percent, rate_text, score_text

    jury = summary.get("jury")
    parts = jury["seats"] if jury else summary.get("route")
    if not parts:
        return
    scored = "b" not in summary
    names = ["judge", "cases", "abstained", "mean score (95 %)" if scored else "win rate (95 %)"]
    compared = jury is not None and not scored
    names += ["agreement", "kappa"] if compared else []
    names += [] if scored else ["consistent"]
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column(names[0], overflow="fold")
    for name in names[1:]:
        table.add_column(name, justify="right", no_wrap=True)
    for part in parts:
        own = score_text(part["mean_score"]) if scored else rate_text(part["win_rate_a"])
        cells = [part["judge"], str(part["cases"]), percent(part["abstained"]["value"]), own]
        if compared:
            cells += [percent(part["equal"]["value"]), number(part["kappa"]["value"])]
        if not scored:
            cells.append(percent(part["position"]["consistent"]))
        table.add_row(*(Text(safe(cell)) for cell in cells))
    console.print(table)
    if jury and jury["alpha"]["value"] is not None:
        console.print(Text(f"Krippendorff's alpha  {score_text(jury['alpha'])}", style="dim"))


def number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
