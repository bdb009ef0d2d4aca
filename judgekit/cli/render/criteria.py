"""The criteria of a rubric for people: in a summary, in a comparison, and of one verdict."""

from __future__ import annotations

from collections.abc import Iterator

from judgekit.cli.render.figures import number, percent, points, rate_text, score_text
from judgekit.stats.summaries.rubric import CriterionDifference, RubricComparison, RubricMetrics
from judgekit.types import CriterionVerdict

__all__ = ["compared_criteria", "criterion_line", "scored_criteria"]

MOST = 40  # criteria in a table; --json has all

Line = tuple[str, str]
"""A metric's name and its value, as a table shows them."""


def scored_criteria(rubric: RubricMetrics | None) -> list[Line]:
    """How far the answers meet each criterion, and the mean score within 0 to 1."""
    if rubric is None:
        return []
    lines = [("mean score within 0 to 1", score_text(rubric.clipped)), *partial_line(rubric)]
    for c in rubric.criteria[:MOST]:
        unread = f"; {c.unread} of {number(c.answers, 'answer')} unread" if c.unread else ""
        lines.append((criterion_name(c.name, c.weight), rate_text(c.value) + unread))
    return lines + more_lines(len(rubric.criteria), rubric.once)


def compared_criteria(rubric: RubricComparison | None, a: str, b: str) -> list[Line]:
    """How far either model's answers meet each criterion, and which criteria differ."""
    if rubric is None:
        return []
    lines = [
        (f"mean score of {a} within 0 to 1", score_text(rubric.clipped_a)),
        (f"mean score of {b} within 0 to 1", score_text(rubric.clipped_b)),
        *partial_line(rubric),
    ]
    lines += [(criterion_name(c.name, c.weight), compared_text(c)) for c in rubric.criteria[:MOST]]
    return lines + more_lines(len(rubric.criteria), rubric.once)


def compared_text(c: CriterionDifference) -> str:
    """``91.0 % against 72.0 %: +19.0 points (+8.1 to +29.9), adjusted p = 0.004, decisive``."""
    p = "" if c.p_adjusted is None else f", adjusted p = {c.p_adjusted:.3f}"
    unread = f"; {number(c.unread, 'answer')} unread" if c.unread else ""
    shares = f"{percent(c.a.value)} against {percent(c.b.value)}"
    return f"{shares}: {points(c.difference)}{p}{', decisive' * c.decisive}{unread}"


def criterion_name(name: str, weight: float | None) -> str:
    """``correct (weight 3)``."""
    return f"  {name} (weight {'varies' if weight is None else f'{weight:g}'})"


def partial_line(rubric: RubricMetrics | RubricComparison) -> Iterator[Line]:
    """How many scores lack criteria, where some do."""
    if rubric.partial:
        yield "scored without all criteria", number(rubric.partial, "answer")


def more_lines(criteria: int, once: int) -> list[Line]:
    """What the table leaves out."""
    lines = [(f"  {criteria - MOST} more criteria", "in --json")] if criteria > MOST else []
    return [*lines, *([("criteria of one case only", str(once))] if once else [])]


def criterion_line(criterion: CriterionVerdict) -> str:
    """One criterion of a verdict: ``correct: 1 (weight 3): It names the dose.``."""
    weight = f"(weight {criterion.weight:g})"
    if criterion.value is None:
        why = f" ({criterion.error})" if criterion.error else ""
        return f"{criterion.name}: no verdict, {criterion.status}{why} {weight}"
    reason = f": {criterion.reason}" if criterion.reason else ""
    return f"{criterion.name}: {criterion.value:g} {weight}{reason}"
