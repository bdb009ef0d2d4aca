"""The judges of a jury or a route as a table for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from judgekit.cli.render.columns import Column, table_of
from judgekit.cli.render.figures import decimal, percent, rate_text, score_text
from judgekit.stats import JurorMetrics, ScoreSummary, Summary

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["print_parts"]


JUDGE: Sequence[Column[JurorMetrics]] = (
    Column("judge", lambda juror: juror.judge, numeric=False),
    Column("cases", lambda juror: str(juror.cases)),
    Column("abstained", lambda juror: percent(juror.abstained.value)),
)
SCORES: Sequence[Column[JurorMetrics]] = (
    Column("mean score (95 %)", lambda juror: score_text(juror.mean_score)),
)
WINS: Sequence[Column[JurorMetrics]] = (
    Column("win rate (95 %)", lambda juror: rate_text(juror.win_rate_a)),
)
AGREEMENT: Sequence[Column[JurorMetrics]] = (
    Column("agreement", lambda juror: percent(juror.percent_agreement.value)),
    Column("kappa", lambda juror: decimal(juror.kappa.value)),
)
POSITION: Sequence[Column[JurorMetrics]] = (
    Column("position consistency", lambda juror: percent(juror.position.consistent)),
)


def print_parts(console: Console, summary: Summary | ScoreSummary) -> None:
    """Each judge of a jury or a route, a row each; nothing of other runs."""
    jury = summary.jury
    judges = summary.route if jury is None else jury.jurors
    if not judges:
        return
    if isinstance(summary, ScoreSummary):
        columns = [*JUDGE, *SCORES]
    else:
        columns = [*JUDGE, *WINS, *(() if jury is None else AGREEMENT), *POSITION]
    console.print(table_of(columns, judges, console.width))
    if jury is not None and jury.alpha.value is not None:
        console.print(Text(f"Krippendorff's alpha  {score_text(jury.alpha)}", style="dim"))
