"""From the markers in a reply to its one conclusion, or to the reason why there is none.

Each format finds its own markers; this module decides for all formats what they add up to. The last
marker is the verdict, unless another conclusion contradicts it. A draft (`at first [[A]] seemed
right`), a quotation, a condition (`[[A]] if A is better`), a list of the labels and a denial are no
conclusions. Nothing is guessed: what is not clear is `ambiguous`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from enum import IntEnum
from itertools import pairwise
from typing import NamedTuple

from judgekit.judging.parsing.thinking import strip_thinking
from judgekit.types import Choice, Status, Verdict

__all__ = ["Finding", "Mark", "conclude", "verdict"]

_REACH = 240  # characters before a marker that decide its role; keeps the time linear
_LINE = 80  # characters after it

_FINAL = re.compile(r"\b(?:final(?:ly)?|therefore|ultimately)\b", re.IGNORECASE)
_CUE = re.compile(
    r"\b(?:final(?:ly)?|therefore|ultimately|verdict|thus|hence|overall|total|consequently|so|"
    r"conclu(?:ded?|sion)|determined|deci(?:ded|sion)|judge?ment|in sum(?:mary)?|winner|rating|"
    r"i (?:would )?(?:rate|choose))\b",
    re.IGNORECASE,
)
_DRAFT = re.compile(
    r"\b(?:initial(?:ly)?|at first|first (?:verdict|choice|glance|thought|impression|instinct)|"
    r"tentative(?:ly)?|preliminary|draft|originally|lean(?:ed|ing|s)?|considered|tempt(?:ed|ing)|"
    r"might|could|maybe|perhaps|examples?|e\.g)\b",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"(?:\b(?:not|cannot|never|neither|nor|whether|if|rather than|instead of)|n['’]t)"
    r"(?:[ \t]+(?:a|an|the|as|be|it|this|that|give|say|think|believe|choose|pick|call|rate|award|"
    r"clear|mean|necessarily)){0,3}[ \t]*[\"“'‘*_`]*$",
    re.IGNORECASE,
)
_ATTRIBUTED = re.compile(
    r"\b(?:says|said|claim(?:s|ed)|contain(?:s|ed)|include[sd]|writes|wrote|instruct(?:s|ed)|tells|told)"
    r"\b[^.!?,;:\n]{0,30}[:,]?[ \t*_`\"“'‘]{0,4}$",
    re.IGNORECASE,
)
_DISOWNED = re.compile(r"[\"”'’*_`)]{0,4}[ \t]+(?:was|were|seem(?:s|ed)|looked|appear(?:s|ed))\b")
_CONDITIONAL = re.compile(r"[\"”'’*_`)]{0,4}[ \t]+(?:if|when|where|unless|means)\b")
_LISTING = re.compile(r"[ \t\"“”'*_`,;/|&()\-]*(?:or|and|vs\.?)?[ \t\"“”'*_`(\-]*")
_ENDS = re.compile(r"[ \t\r*_`]*(?:[.!][\s*_`\"]|[.!]?[\"”]?[.!]?$|(?:\(|(?:because|since|as)\b))")
_DECORATION = " \t\r*_#`"


class Mark(NamedTuple):
    """A marker in the text; its value is None if it is no known label or number."""

    value: Choice | float | None
    start: int
    end: int


class Finding(NamedTuple):
    """What a format finds in a text: a value and its marker's end, or why there is none."""

    value: Choice | float | None
    end: int = 0
    status: Status = Status.VALID
    error: str = ""

    @classmethod
    def none(cls, error: str) -> Finding:
        return cls(None, status=Status.UNPARSED, error=error)

    @classmethod
    def many(cls, error: str) -> Finding:
        return cls(None, status=Status.AMBIGUOUS, error=error)

    def verdict(self, reasoning: str, probability: float | None = None) -> Verdict:
        if isinstance(self.value, Choice):
            return Verdict.chose(self.value, probability=probability, reasoning=reasoning)
        if self.value is not None:
            return Verdict.scored(self.value, reasoning=reasoning)
        return Verdict.without(self.status, self.error, reasoning=reasoning)


class _Role(IntEnum):
    """The role of a marker in its sentence, from the weakest to the strongest."""

    DENIED = 0  # "not [[A]]"
    SHOWN = 1  # quoted, reported, listed, or under a condition
    DRAFT = 2  # revised, or a tendency
    MENTION = 3
    CONCLUSION = 4  # announced as the verdict, or a sentence by itself


def verdict(text: str, find: Callable[[str], Finding]) -> Verdict:
    """The verdict that `find` reads in a text without its thinking."""
    said = strip_thinking(text)
    if said is None:
        return Verdict.without(Status.UNPARSED, "the thinking never ends")
    return find(said).verdict(said.strip())


def conclude(text: str, marks: Sequence[Mark], *, explicit: bool = False) -> Finding:
    """The one conclusion of the markers of a text.

    Args:
        text: The text.
        marks: Its markers, in order.
        explicit: Only a marker that is announced as the verdict, or is a sentence by itself,
            counts; for formats whose markers are ordinary words.
    """
    ranked = [
        (mark, role)
        for i, mark in enumerate(marks)
        if (role := _role_of(text, marks, i)) is not _Role.DENIED
    ]
    # A marker without meaning ([[1, 2]] in code) counts only as the last word.
    while ranked and ranked[-1][0].value is None and ranked[-1][1] < _Role.CONCLUSION:
        ranked.pop()
    if not ranked:
        return Finding.none("no verdict in the reply")
    last = ranked[-1][0]
    if last.value is None:
        return Finding.none(f"not a verdict of this format: {text[last.start : last.end]!r}")
    weight = max(s for m, s in ranked if m.value == last.value)
    rivals = [s for m, s in ranked if m.value not in (None, last.value)]
    if weight < (_Role.CONCLUSION if explicit else _Role.DRAFT):
        if rivals:
            return Finding.many("several verdicts, none of them a conclusion")
        return Finding.none("verdicts are named, none is given")
    # A conclusion stands against anything less, a mention only against what was taken back.
    if max(rivals, default=_Role.DENIED) >= weight or (
        weight < _Role.CONCLUSION and _Role.SHOWN in rivals
    ):
        return Finding.many("different verdicts stand in the reply")
    return Finding(last.value, last.end)


def _role_of(text: str, marks: Sequence[Mark], i: int) -> _Role:
    _, start, end = marks[i]
    begin = max(0, start - _REACH)
    opening = text.rfind("\n", begin, start) + 1 or begin
    line = text[opening:start]
    stop = text.find("\n", end, end + _LINE)
    after = text[end : stop if stop >= 0 else end + _LINE]
    said = max(line.rfind(". "), line.rfind("! "), line.rfind("? ")) + 1
    sentence = line[said:]
    # What announces the marker before this one does not announce this one.
    words = sentence[max(0, marks[i - 1].end - opening - said) :] if i else sentence
    if _DENIED.search(words):
        return _Role.DENIED
    quote = _opened_quote(sentence, after)
    if quote >= 0 and (said or sentence[:quote].strip(_DECORATION)):
        # The words inside a quotation announce nothing; those before it may: as follows: "[[A]]".
        # A line that opens with its quotation mark is the judge's own sentence, put in quotes.
        words = words[: max(0, quote - len(sentence) + len(words))]
    else:
        quote = -1
    announced = _CUE.search(words) is not None
    if (
        (quote >= 0 and not announced)
        or _CONDITIONAL.match(after)
        or _ATTRIBUTED.search(words)
        or _is_listed(text, marks, i)
    ):
        return _Role.SHOWN
    if _FINAL.search(words):
        return _Role.CONCLUSION
    if _DRAFT.search(words) or _DISOWNED.match(after):
        return _Role.DRAFT
    begins = said > 0 or opening == 0 or text[opening - 1] == "\n"
    alone = begins and not sentence.strip(_DECORATION) and _ENDS.match(after) is not None
    return _Role.CONCLUSION if announced or alone else _Role.MENTION


def _opened_quote(before: str, after: str) -> int:
    """The position in `before` of a quotation that closes in `after`; -1 if there is none."""
    for opens, closes in (('"', '"'), ("“", "”")):
        if closes not in after:
            continue
        unclosed = before.count('"') % 2 if opens == '"' else before.count("“") > before.count("”")
        if unclosed or (before.endswith(opens) and after.startswith(closes)):
            return before.rfind(opens)
    return -1


def _is_listed(text: str, marks: Sequence[Mark], i: int) -> bool:
    """Whether a different marker is right beside this one, as in `[[A]], [[B]] or [[C]]`."""
    for left, right in pairwise(marks[max(0, i - 1) : i + 2]):
        gap = text[left.end : right.start]
        if (
            len(gap) <= 12
            and text[left.start : left.end] != text[right.start : right.end]
            and (left.value != right.value or gap.strip())
            and _LISTING.fullmatch(gap)
        ):
            return True
    return False
