"""Reads what a reply says of each criterion of a rubric; what is not certain has no value.

A reply names each criterion exactly once. One that is missing, named twice, or has a verdict that
is not on its scale is `unparsed`, and the others are read all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from judgekit.judging.parsing.criterion_lines import find_criteria_lines
from judgekit.judging.parsing.criterion_marks import CriterionMark
from judgekit.judging.parsing.criterion_objects import find_criteria_json
from judgekit.judging.parsing.reading import declines
from judgekit.judging.parsing.thinking import strip_thinking
from judgekit.judging.rubrics import Criterion
from judgekit.types import CriterionVerdict, Reply, Status

__all__ = ["criteria_json", "criteria_lines", "read_criteria"]


def criteria_lines(
    text: str, criteria: Sequence[Criterion], shown: Iterable[str] = ()
) -> tuple[CriterionVerdict, ...]:
    """Reads a line ``NAME: reason => VERDICT`` for each criterion.

    Bold names, bullets, numbers, another order and prose between the lines do no harm. Quoted
    lines, and lines that stand in the texts under judgement, say nothing.

    Args:
        text: The reply.
        criteria: The criteria that the judge was shown, in any order.
        shown: The texts under judgement.

    Returns:
        One verdict per criterion, in the order of `criteria`; `valid` or `unparsed`.
    """
    return read_criteria(Reply(text), criteria, shown=shown)


def criteria_json(text: str, criteria: Sequence[Criterion]) -> tuple[CriterionVerdict, ...]:
    """Reads a JSON object with a member ``{"reason": …, "verdict": …}`` for each criterion.

    Args:
        text: The reply: the object, alone, in a code block or in prose.
        criteria: The criteria that the judge was shown, in any order.

    Returns:
        One verdict per criterion, in the order of `criteria`; `valid` or `unparsed`.
    """
    return read_criteria(Reply(text), criteria, structured=True)


def read_criteria(
    reply: Reply,
    criteria: Sequence[Criterion],
    *,
    structured: bool = False,
    shown: Iterable[str] = (),
) -> tuple[CriterionVerdict, ...]:
    """Reads what a reply says of each criterion.

    Args:
        reply: The reply; its thinking says nothing.
        criteria: The criteria that the judge was shown, in the order shown.
        structured: Whether the reply is a JSON object, and not lines.
        shown: The texts under judgement, whose lines a judge may quote.

    Returns:
        One verdict per criterion, in that order, with its place from 1. Of a reply that was cut
        off, what it lacks is `truncated`; of one that declines, `refused`.
    """
    if reply.finish in ("refusal", "content_filter"):
        return without(criteria, Status.REFUSED, reply.finish)
    cut = reply.finish == "length"
    text = strip_thinking(reply.text)
    if text is None or not text.strip():
        status = Status.TRUNCATED if cut else Status.UNPARSED
        error = "the thinking never ends" if text is None else "the reply is empty"
        return without(criteria, status, error)
    if structured:
        marks = find_criteria_json(text, criteria)
    else:
        marks = find_criteria_lines(text, criteria, shown, cut=cut)
    if not marks and declines(text):
        return without(criteria, Status.REFUSED, "the model declined")
    return tuple(
        verdict_of(criterion, place, marks, cut=cut) for place, criterion in enumerate(criteria, 1)
    )


def verdict_of(
    criterion: Criterion, place: int, marks: Mapping[str, Sequence[CriterionMark]], *, cut: bool
) -> CriterionVerdict:
    """What the marks of one criterion add up to."""
    named = marks.get(criterion.called, ())
    status, error, value, reason = Status.UNPARSED, "", None, ""
    if not named:
        error = "missing in the reply"
    elif len(named) > 1:
        error = f"named {len(named)} times in the reply"
    else:
        reason, error = named[0].reason, named[0].error
        value = None if error else named[0].value
    if value is not None:
        status = Status.VALID
    elif cut and (not named or named[-1].cut):
        status, error = Status.TRUNCATED, "cut at the token limit"
    return CriterionVerdict(criterion.name, status, value, criterion.weight, reason, error, place)


def without(
    criteria: Sequence[Criterion], status: Status, error: str
) -> tuple[CriterionVerdict, ...]:
    """The verdicts of a reply that says nothing of any criterion."""
    return tuple(
        CriterionVerdict(c.name, status, None, c.weight, "", error, place)
        for place, c in enumerate(criteria, 1)
    )
