"""From the markers in a reply to its one conclusion, or to the reason why there is none.

Each format finds its own markers; this module decides for all formats what they add up to. A marker
alone on the last line, as formats ask for, is the verdict whatever stands before it. Anywhere else
a marker counts only if the words around it make it the verdict: they announce it, or it is a
sentence by itself. A draft (`at first [[A]] seemed right`), a quotation, a report, a condition
(`[[A]] if A is better`), a list of the labels and a denial are no conclusions, and what is taken
back later is none. Nothing is guessed: what is not clear is `ambiguous`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from judgekit.judging.parsing import wording
from judgekit.judging.parsing.findings import Finding, Mark
from judgekit.judging.parsing.passages import Passages
from judgekit.judging.parsing.roles import Reader, Role, is_last_line
from judgekit.judging.parsing.thinking import strip_thinking
from judgekit.types import Status, Verdict

__all__ = ["Finding", "Mark", "conclude", "unless_taken_back", "verdict"]

_MOST = 256  # markers whose roles are looked at


def verdict(text: str, find: Callable[[str], Finding]) -> Verdict:
    """The verdict that `find` reads in a text without its thinking."""
    reply_text = strip_thinking(text)
    if reply_text is None:
        return Verdict.without(Status.UNPARSED, "the thinking never ends")
    return find(reply_text).verdict(reply_text.strip())


def conclude(text: str, marks: Sequence[Mark], *, explicit: bool = False) -> Finding:
    """The one conclusion of the markers of a text.

    Args:
        text: The text.
        marks: Its markers, in order.
        explicit: Only a marker that is announced as the verdict, or is a sentence by itself,
            counts; for formats whose markers are ordinary words.
    """
    if not marks:
        return Finding.none("no verdict in the reply")
    if is_last_line(text, marks):
        return _given(text, marks[-1])
    if len(marks) > _MOST:
        return Finding.many(f"more than {_MOST} markers, and none alone on the last line")
    reader = Reader(text, marks, Passages(text), explicit=explicit)
    roles = [(mark, reader.role(i)) for i, mark in enumerate(marks)]
    ranked = [(mark, role) for mark, role in roles if role is not Role.DENIED]
    # A marker without meaning ([[1, 2]] in code) counts only as the last word.
    while ranked and ranked[-1][0].value is None and ranked[-1][1] < Role.CONCLUSION:
        ranked.pop()
    if not ranked:
        return Finding.none("no verdict in the reply")
    last = ranked[-1][0]
    if last.value is None:
        return _given(text, last)
    weight = max(role for mark, role in ranked if mark.value == last.value)
    rivals = [role for mark, role in ranked if mark.value not in (None, last.value)]
    if weight < (Role.CONCLUSION if explicit else Role.MENTION):
        if rivals:
            return Finding.many("several verdicts, none of them a conclusion")
        return Finding.none("verdicts are named, none is given")
    # A conclusion stands against anything less, a mention only against what was taken back.
    if max(rivals, default=Role.DENIED) >= weight or (
        weight < Role.CONCLUSION and Role.SHOWN in rivals
    ):
        return Finding.many("different verdicts stand in the reply")
    if any(mark.start > last.start and mark.value == last.value for mark, _ in roles):
        return Finding.many("the verdict is denied after it")
    return unless_taken_back(text, Finding(last.value, last.end))


def unless_taken_back(text: str, finding: Finding) -> Finding:
    """The finding, unless the text after it withdraws it."""
    if wording.TAKEN_BACK.search(text[finding.end :]):
        return Finding.many("the verdict is taken back after it")
    return finding


def _given(text: str, mark: Mark) -> Finding:
    if mark.value is None:
        return Finding.none(f"not a verdict of this format: {text[mark.start : mark.end]!r}")
    return Finding(mark.value, mark.end)
