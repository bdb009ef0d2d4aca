"""Finds the lines ``NAME: reason => VERDICT`` of a reply.

A criterion's passage begins at a line that opens with its name and a colon, and ends before the
next one. Its verdict ends a line of the passage, after an arrow; or it is all that follows the
colon. An arrow anywhere else is prose.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from judgekit.judging.parsing.criterion_marks import CriterionMark, read_verdict
from judgekit.judging.parsing.passages import Passages
from judgekit.judging.rubrics import Criterion, Scale, key_of

__all__ = ["find_criteria_lines"]

_BEFORE = r"[ \t]*(?:(?:[-*+•–]|\d{1,3}[.)]|#{1,6})[ \t]+)?"
_MARKS = r"[*_`\"“”\[\]]{0,6}"
_ARROW = re.compile(
    r"(?:={1,3}>|-{1,3}>|→|⇒|⟶|➜)[ \t]*(?P<verdict>[^\n]{0,200}?)[ \t]*$"
    r"|^[ \t*_`#-]{0,6}(?:final[ \t]+)?(?:verdict|score|rating|level)[*_`]{0,3}[ \t]*[:=：]"
    r"[ \t]*(?P<labelled>[^\n]{0,200}?)[ \t]*$",
    re.MULTILINE | re.IGNORECASE,
)
_ANY_ARROW = re.compile(r"={1,3}>|-{1,3}>|→|⇒|⟶|➜")
_WORD = re.compile(r"[ \t*_`\"'“(\[]*(-?[\w’'-]+)")
_PLAIN = str.maketrans("", "", '*_`"“”>#[]')


class _Head(NamedTuple):
    """A line that opens with a criterion's name: its place, and where the rest of it begins."""

    criterion: Criterion
    start: int
    rest: int


def find_criteria_lines(
    text: str, criteria: Sequence[Criterion], shown: Iterable[str] = (), *, cut: bool = False
) -> Mapping[str, Sequence[CriterionMark]]:
    """All places of a reply that name a criterion.

    Args:
        text: The reply without its thinking.
        criteria: The criteria.
        shown: The texts under judgement.
        cut: Whether the reply was cut off at its end.

    Returns:
        The marks of each criterion that is named, by what the judge calls it.
    """
    passages = Passages(text)
    heads = own_heads(text, criteria, passages, shown)
    marks: dict[str, list[CriterionMark]] = {}
    for place, head in enumerate(heads):
        last = place + 1 == len(heads)
        end = len(text) if last else heads[place + 1].start
        mark = read_passage(text, head, end, passages)
        if cut and last and "\n" not in text[last_line(text, head, end) :]:
            mark = CriterionMark(None, mark.reason, "cut at the token limit", cut=True)
        marks.setdefault(head.criterion.called, []).append(mark)
    return marks


def own_heads(
    text: str, criteria: Sequence[Criterion], passages: Passages, shown: Iterable[str]
) -> list[_Head]:
    """The heads that are the judge's own: neither quoted nor lines of a text under judgement."""
    pattern, by_key = heads_pattern(criteria), {key_of(c.called): c for c in criteria}
    seen = "\n".join(plain(one) for one in shown)
    heads = []
    for match in pattern.finditer(text):
        start = match.start()
        stop = text.find("\n", start)
        line = text[start : stop if stop >= 0 else len(text)]
        name_at = match.start("name"), match.end("name")
        if passages.shown.around(*name_at) or passages.struck.around(*name_at):
            continue
        if plain(line) in seen:
            continue
        heads.append(_Head(by_key[key_of(match["name"])], start, match.end()))
    outside = [h for h in heads if passages.fenced.around(h.start, h.rest) is None]
    return outside or heads  # a reply that is one block of code shows nothing: it is the reply


def heads_pattern(criteria: Sequence[Criterion]) -> re.Pattern[str]:
    """A line that opens with the name of a criterion and a colon."""
    names = sorted({key_of(criterion.called) for criterion in criteria}, key=len, reverse=True)
    spelled = "|".join(r"[ \t_-]{1,3}".join(map(re.escape, name.split(" "))) for name in names)
    return re.compile(
        rf"^{_BEFORE}{_MARKS}(?P<name>{spelled}){_MARKS}[ \t]{{0,2}}[:：]{_MARKS}",
        re.MULTILINE | re.IGNORECASE,
    )


def read_passage(text: str, head: _Head, end: int, passages: Passages) -> CriterionMark:
    """What a passage says of its criterion."""
    scale = head.criterion.scale
    verdicts = [
        match
        for match in _ARROW.finditer(text, head.rest, end)
        if passages.shown.around(match.start(), match.end()) is None
    ]
    stop = text.find("\n", head.rest, end)
    rest = text[head.rest : stop if stop >= 0 else end]
    if not verdicts:
        value, _ = read_verdict(rest, scale)
        if value is None:
            return CriterionMark(None, rest.strip(), "named without a verdict")
        return CriterionMark(value)
    first = verdicts[0]
    value, error = read_verdict(written_in(first), scale)
    reason = " ".join(text[head.rest : first.start()].split()).strip()
    if value is not None and is_contradicted(text, first, verdicts[1:], passages, value, scale):
        return CriterionMark(None, reason, "more than one verdict")
    return CriterionMark(value, reason, error)


def is_contradicted(
    text: str,
    first: re.Match[str],
    others: Sequence[re.Match[str]],
    passages: Passages,
    value: float,
    scale: Scale,
) -> bool:
    """Whether another arrow of the passage points to another verdict of the scale."""
    arrows = list(_ANY_ARROW.finditer(text, first.start(), first.end()))
    for arrow in arrows[:-1]:
        if passages.quoted.around(arrow.start(), arrow.end()):
            continue
        word = _WORD.match(text, arrow.end())
        if word is not None and scale.value(word[1]) not in (None, value):
            return True
    again = [read_verdict(written_in(other), scale)[0] for other in others]
    return any(other not in (None, value) for other in again)


def written_in(arrow: re.Match[str]) -> str:
    """What an arrow's line says as its verdict: all that follows its last arrow."""
    written: str = arrow["labelled"] if arrow["verdict"] is None else arrow["verdict"]
    return _ANY_ARROW.split(written)[-1]


def last_line(text: str, head: _Head, end: int) -> int:
    """Where the line begins that holds the passage's verdict, or its head without one."""
    match = _ARROW.search(text, head.rest, end)
    return head.start if match is None else match.start()


def plain(text: str) -> str:
    """A text without marks, its spaces single, for finding a line in it."""
    return " ".join(text.translate(_PLAIN).split()).casefold().lstrip("-+•– ")
