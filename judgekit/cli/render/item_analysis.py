"""The item analysis of a rubric's criteria, as tables for people."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from judgekit.cli.render.columns import Column, table_of
from judgekit.cli.render.console import safe, stdout_console
from judgekit.cli.render.figures import NONE, decimal, number, percent, points, score_text
from judgekit.runs.criteria_analysis import CriteriaAnalysis, ModelCriteria
from judgekit.stats.item_analysis import ItemMetrics

__all__ = ["print_criteria_analysis"]

WEAK = 0.1  # below it a criterion hardly goes with the rest of the rubric
SAME = 0.9  # from it on two criteria say nearly the same


def print_criteria_analysis(analysis: CriteriaAnalysis) -> None:
    """Each model's criteria, a row each, and below the table what stands out."""
    console = stdout_console()
    for model in analysis.models:
        head = f"{model.model}: {number(model.answers, 'answer')}, mean score "
        console.print(Text(safe(head + score_text(model.mean_score)), style="bold"))
        console.print(table_of(item_columns(model), model.criteria, console.width))
        for remark in item_remarks(model):
            console.print(Text(safe(remark), style="dim"))
        console.print()
    if analysis.difference is not None:
        a, b = (model.model for model in analysis.models)
        console.print(Text(safe(f"{a} less {b}, mean score"), style="bold"))
        console.print(Text(f"  by all criteria: {points(analysis.difference)}"))
        for name, difference in analysis.differences_without.items():
            console.print(Text(safe(f"  without {name}: {points(difference)}")))
    if analysis.unknown:
        console.print(Text(f"labels of other answers or criteria: {analysis.unknown}", style="dim"))


def item_columns(model: ModelCriteria) -> list[Column[ItemMetrics]]:
    """The columns; those of labels only where there are some."""
    columns: list[Column[ItemMetrics]] = [
        Column("criterion", lambda c: c.name, numeric=False),
        Column("weight", lambda c: NONE if c.weight is None else f"{c.weight:g}"),
        Column("met", lambda c: percent(c.met.value)),
        Column("unread", lambda c: percent(c.unread.value)),
        Column("discrimination", lambda c: decimal(c.discrimination)),
        Column("closest to", closest_text, numeric=False),
        Column("mean without it", lambda c: decimal(c.mean_without.value)),
    ]
    if any(c.agreement is not None for c in model.criteria):
        columns[4:4] = [
            Column("labels", lambda c: str(c.agreement.labelled if c.agreement else 0)),
            Column("agree", lambda c: percent(c.agreement.equal.value if c.agreement else None)),
        ]
    return columns


def closest_text(c: ItemMetrics) -> str:
    """``complete (0.71)``: the most redundant other criterion."""
    return NONE if c.redundant_with is None else f"{c.redundant_with} ({decimal(c.redundancy)})"


def item_remarks(model: ModelCriteria) -> Iterator[str]:
    """What stands out, a line each."""
    for c in model.criteria:
        if c.met.value in (0.0, 1.0):
            how = "all" if c.met.value else "no"
            yield f"{c.name}: {how} answers meet it, so it tells none apart"
        elif c.discrimination is not None and c.discrimination < -WEAK:
            yield f"{c.name}: works against the other criteria (discrimination below 0)"
        elif c.discrimination is not None and c.discrimination < WEAK:
            yield f"{c.name}: goes with none of the other criteria (discrimination about 0)"
    pairs = {
        tuple(sorted((c.name, c.redundant_with)))
        for c in model.criteria
        if c.redundant_with is not None and abs(c.redundancy or 0) >= SAME
    }
    for one, other in sorted(pairs):
        yield f"{one} and {other}: nearly the same verdicts; one of them may do"
