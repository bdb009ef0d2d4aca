"""Finds what a JSON object says of each criterion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from judgekit.judging.parsing.criterion_marks import CriterionMark, read_verdict
from judgekit.judging.parsing.objects import Members, find_objects
from judgekit.judging.rubrics import Criterion, key_of

__all__ = ["find_criteria_json"]

VERDICTS = ("verdict", "score", "value")
REASONS = ("reason", "reasoning", "explanation")


def find_criteria_json(
    text: str, criteria: Sequence[Criterion]
) -> Mapping[str, Sequence[CriterionMark]]:
    """All members of a reply's objects that name a criterion.

    An object that only quotes another stands in a string of it, and is no object of the reply.

    Args:
        text: The reply without its thinking.
        criteria: The criteria.

    Returns:
        The marks of each criterion that is named, by what the judge calls it.
    """
    by_key = {key_of(criterion.called): criterion for criterion in criteria}
    marks: dict[str, list[CriterionMark]] = {}
    for members, _, _ in find_objects(text):
        for name, value in named(members):
            criterion = by_key.get(key_of(name))
            if criterion is not None:
                marks.setdefault(criterion.called, []).append(mark_of(value, criterion))
    return marks


def named(members: Members) -> list[tuple[str, Any]]:
    """The members of an object, or those of the one object or list that it holds as `criteria`."""
    if len(members) == 1 and key_of(members[0][0]) in ("criteria", "verdicts"):
        inner = members[0][1]
        if isinstance(inner, Members):
            return list(inner)
        if isinstance(inner, list):
            rows = [row for row in inner if isinstance(row, Members)]
            return [
                (str(value), row)
                for row in rows
                for key, value in row
                if key in ("name", "criterion", "id")
            ]
    return list(members)


def mark_of(value: Any, criterion: Criterion) -> CriterionMark:
    """What one member says of its criterion."""
    reason = ""
    if isinstance(value, Members):
        given = [item for key, item in value if key in VERDICTS]
        reasons = [item for key, item in value if key in REASONS and isinstance(item, str)]
        reason = reasons[0].strip() if reasons else ""
        if len(given) != 1:
            wrong = "more than one verdict" if given else "named without a verdict"
            return CriterionMark(None, reason, wrong)
        value = given[0]
    if isinstance(value, bool) and criterion.scale.kind == "yes-no":
        value = "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, str | int):
        return CriterionMark(None, reason, "the verdict is neither a text nor a whole number")
    known, error = read_verdict(str(value), criterion.scale)
    return CriterionMark(known, reason, error)
