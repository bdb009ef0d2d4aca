"""The role of a marker in a reply: a verdict that is given, or one that is only named.

The line that a format asks for is certain; any other marker is read in its sentence and its lines.
Each looks at a bounded part of the text, so that the time stays linear.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import IntEnum
from itertools import pairwise
from typing import NamedTuple

from judgekit.judging.parsing import wording
from judgekit.judging.parsing.findings import Mark
from judgekit.judging.parsing.passages import Passages, Span

__all__ = ["Reader", "Role", "is_last_line"]

_REACH = 240  # characters before a marker that decide its role; keeps the time linear
_LINE = 120  # characters after it

_SENTENCE = re.compile(
    r"(?:(?<!\be\.g)(?<!\bi\.e)(?<!\bvs)(?<!\bp)(?<!\bpp)(?<!\bcf)(?<!\b[Ff]ig)"
    r"[.!?][\"”’)*_`]{0,3}\s|[。！？])"
)
_STOP = re.compile(r"[.!?](?=[\s\"”’)*_`]|$)|[。！？]")
_CLAUSE = re.compile(
    r"[,;:—–(、，；：|]|[ \t]-+[ \t]|"
    r"(?<!\w)(?=(?:and|but|so|yet|because|since|although|though|while|whereas)(?!\w))",
    re.IGNORECASE,
)
_TRAILING = " \t*_`#:：=\"'“„«(>→⇒"
_LISTING = re.compile(r"[ \t\"“”'*_`,;/|&()\-]*(?:or|and|vs\.?)?[ \t\"“”'*_`(\-]*")
_LINE_ABOVE = re.compile(r"[ \t*_`#\-•]*(?:[0-9]{1,2}[.)])?[ \t*_`#]*")
_ENDS = re.compile(
    r"[ \t\r*_`]*(?:[.!。！][\s*_`\"]|[.!。！]?[\"”]?[.!。！]?$|(?:\(|(?:because|since|as)\b))"
)
_DECORATION = " \t\r*_#`"
_REASONS = re.compile(
    r"[,;:(—–.!?]|(?<!\w)(?:because|since|as|for|due|given|over)(?!\w)", re.IGNORECASE
)
_BETTER = re.compile(r"\b(?:better|best|superior|wins|winner)\b", re.IGNORECASE)
_ANSWER = re.compile(
    r"(?:(?:my|final)[ \t]+)*answer|the[ \t]+(?:final[ \t]+)?answer[ \t]+is", re.IGNORECASE
)
_JOINS = re.compile(r"[\s*_`]*(?:and|but|so|yet|while|though)?[\s*_`]*", re.IGNORECASE)
_BUT = re.compile(r"[,;—–][ \t]*(?:but|yet)[ \t*_`]*$", re.IGNORECASE)
_COMMA = re.compile(r",[ \t\r]*\n\Z")
_RUNS_ON = re.compile(
    r"[^\w\n]*\n(?:[ \t]*(?:`{3,}|~{3,})[ \t]*\n)?[ \t]*(?=[a-z])(?!\w{1,20}[ \t]?:)"
)
_BLANK_LINES = re.compile(r"(?:(?:^|\n)[^\w\n]*+(?:(?<=```|~~~)\w*+)?+)++$")
_NOT_CLAIMED = (
    wording.OTHERS_WORDS,
    wording.OTHERS_VERDICT,
    wording.CONDITION,
    wording.HYPOTHETICAL,
    wording.DENIAL,
)
_OWN_TAG = (
    r"(?:final_?)?(?:answer|verdict|result|decision|output)|judge?ment|conclusion|winner|choice|"
    r"rating|score|final|b|strong"
)
_HEAD = re.compile(
    rf"[\s*_#`$\\]|\\?(?:boxed|text|textbf|mathbf)(?=\{{)|\{{|<(?:{_OWN_TAG})>", re.IGNORECASE
)
_TAIL = re.compile(
    rf"(?:[\s*_#`$.!。！}})\]]|</(?:{_OWN_TAG})>|<\|[a-z_]{{1,20}}\|>|</s>|<end_of_turn>|"
    r"\[/?INST\]){0,40}",
    re.IGNORECASE,
)


class Role(IntEnum):
    """The role of a marker in its sentence, from the weakest to the strongest."""

    DENIED = 0  # "not [[A]]"
    SHOWN = 1  # quoted, reported, listed, named without being given, or under a condition
    DRAFT = 2  # revised, or a tendency
    MENTION = 3  # what its sentence comes to, without a word that announces it
    CONCLUSION = 4  # announced as the verdict, or a sentence by itself


def is_last_line(text: str, marks: Sequence[Mark]) -> bool:
    """Whether the last marker is what a format asks for: alone on the last line.

    Words that only announce it may stand before it. The last entry of a list of labels, one a
    line, is none.
    """
    _, start, end, _ = marks[-1]
    tail = _TAIL.fullmatch(text, end, max(end, len(text.rstrip())))
    if tail is None or ("\n```" in tail[0] and not _is_object(text, marks[-1])):
        return False
    opening = text.rfind("\n", max(0, start - _REACH), start) + 1
    if opening == 0 and start > _REACH:
        return False
    head = _HEAD.sub("", text[opening:start])
    if head and not _announces_last(text, text[opening:start], opening):
        return False
    if len(marks) < 2 or (marks[-2].end <= opening and marks[-2].value in (None, marks[-1].value)):
        return True
    if marks[-2].end > opening:
        return False
    above = text[marks[-2].end : opening]
    if not above.endswith("\n") or above.strip(_DECORATION + ".\n") or above.count("\n") > 1:
        return True
    former = text[text.rfind("\n", 0, marks[-2].start) + 1 : marks[-2].start]
    return not head and _LINE_ABOVE.fullmatch(former) is None


def _announces_last(text: str, line: str, opening: int) -> bool:
    """Whether words before a marker on the last line only announce it, in their own sentence."""
    runs_on = _COMMA.search(text, max(0, opening - _REACH), opening) is not None
    quoted = line.lstrip().startswith(">")
    return _announces(line) and not (runs_on or quoted or wording.WOULD_BE.search(line))


def _is_object(text: str, mark: Mark) -> bool:
    """Whether a marker is a JSON object, which models put into blocks of code."""
    return text[mark.start] == "{"


def _announces(clause: str) -> bool:
    """Whether a clause says that the verdict follows, and nothing else."""
    words = clause.strip(_TRAILING + "-•.!~")
    if _ANSWER.fullmatch(words):
        return True
    return (
        wording.NOTHING_ELSE.fullmatch(words) is not None
        and wording.ANNOUNCES.search(words) is not None
    )


class _Words(NamedTuple):
    """The words of a sentence before its marker.

    `clause` is the last part of it and `lead` what comes before that; the clause is `strong` if it
    announces the verdict and says nothing else.
    """

    text: str
    lead: str
    clause: str
    strong: bool

    @classmethod
    def of(cls, text: str, *, clause: bool) -> _Words:
        """The words; the marker may be a `clause` by itself, which needs no other."""
        stripped = text.rstrip(_TRAILING)
        cut = max((part.end() for part in _CLAUSE.finditer(stripped)), default=0)
        last = stripped[cut:]
        alone = clause and _JOINS.fullmatch(last) is not None
        strong = alone or _announces(last) or _BUT.search(stripped) is not None
        return cls(text, stripped[:cut], last, strong)

    def is_report(self) -> bool:
        """Whether it tells of other people's words, of a condition, or of what is not."""
        if not self.strong:
            return any(pattern.search(self.text) for pattern in _NOT_CLAIMED)
        if wording.OTHERS_VERDICT.search(self.clause) or (
            wording.BY_OTHERS.search(self.lead) and self.lead.count(",") == 1
        ):
            return True
        lead = self.lead.rstrip()
        report_ends = [match.end() for match in wording.OTHERS_WORDS.finditer(lead)]
        if report_ends and (lead[-1] in ":：" or report_ends[-1] >= len(lead) - 2):
            return True
        if wording.WOULD_BE.search(self.clause) and not _announces(lead or self.clause):
            return True
        concludes = wording.CONCLUDES.match(self.clause.lstrip(" \t*_`"))
        return concludes is None and wording.CONDITION.search(lead) is not None

    def is_draft(self) -> bool:
        return wording.DRAFT.search(self.clause if self.strong else self.text) is not None


class Reader:
    """Reads the roles of the markers of a text."""

    def __init__(
        self, text: str, marks: Sequence[Mark], passages: Passages, *, explicit: bool
    ) -> None:
        self.text = text
        self.marks = marks
        self.passages = passages
        self.explicit = explicit

    def role(self, i: int) -> Role:
        """The role of a marker in its sentence."""
        text, mark = self.text, self.marks[i]
        start, end = mark.start, mark.end
        begin = max(0, start - _REACH)
        opening = text.rfind("\n", begin, start) + 1 or begin
        sentence_at = max(
            (f.end() for f in _SENTENCE.finditer(text, opening, start)), default=opening
        )
        stop = text.find("\n", end, end + _LINE)
        after = text[end : stop if stop >= 0 else end + _LINE]
        # What announces the marker before this one does not announce this one.
        words_at = max(sentence_at, self.marks[i - 1].end if i else 0)
        words = text[min(words_at, start) : start]
        if wording.DENIED.search(words) or self.passages.struck.around(start, end):
            return Role.DENIED
        shown = self.passages.shown.around(start, end) or (
            self.passages.fenced.around(start, end) and not _is_object(text, mark)
        )
        if shown or self._is_listed(i):
            return Role.SHOWN
        quote = self.passages.quoted.around(start, end)
        if quote is not None and not self._is_own_quotation(quote, opening):
            # The words inside a quotation announce nothing; those before it may: as follows: "A".
            words = text[min(words_at, quote[0]) : quote[0]]
            if not _announces(words):
                return Role.SHOWN
        read = _Words.of(words, clause=mark.announced or self.explicit)
        if read.is_report() or _is_aside(after):
            return Role.SHOWN
        if read.is_draft() or (
            wording.PREDICATE.match(after) and not wording.AFFIRMED.match(after)
        ):
            return Role.DRAFT
        begins = sentence_at > 0 if opening < begin else (opening == 0 or text[opening - 1] == "\n")
        alone = (begins or sentence_at > opening) and not text[sentence_at:start].strip(
            _DECORATION + "\"“'"
        )
        if sentence_at == opening and begins and self._is_introduced(mark, opening, alone=alone):
            return Role.SHOWN
        number = isinstance(mark.value, float)
        return _support(read, after, alone=alone, by_itself=mark.announced, number=number)

    def _is_own_quotation(self, quote: Span, opening: int) -> bool:
        """Whether a line is all in quotes: the judge's own sentence."""
        rest = self.text[quote[1] : quote[1] + _LINE].partition("\n")[0]
        before = self.text[opening : quote[0]] if quote[0] > opening else ""
        return not (before + rest).strip(_DECORATION + ".!")

    def _is_introduced(self, mark: Mark, opening: int, *, alone: bool) -> bool:
        """Whether the lines around a marker's line make it a part of what they say.

        That is a line above that ends in a colon without naming the verdict, or tells of other
        people's words; for a marker alone on its line also a heading, or a sentence that runs
        through it.
        """
        if alone and (
            "#" in self.text[opening : mark.start]
            or _RUNS_ON.match(self.text, mark.end, mark.end + _LINE)
        ):
            return True
        above = self.text[max(0, opening - _REACH) : opening]
        line = _BLANK_LINES.sub("", above).rpartition("\n")[2].strip()
        sentence = line.strip(' \t*_`"“')
        if not sentence:
            return False
        reports = wording.OTHERS_WORDS.search(sentence) or wording.OTHERS_VERDICT.search(sentence)
        concludes = wording.VERDICT.search(sentence) or (
            wording.ANNOUNCES.search(sentence) and not wording.THEM.search(sentence)
        )
        if concludes and not reports:
            return False
        ends = sentence[-1] in '.!?。！？)]|…"”'
        if sentence[-1] in ",:：" and wording.CONDITION.search(sentence):
            return True
        announced = wording.ANNOUNCES.search(self.text, opening, mark.start)
        if reports if announced else sentence[-1] in ":：":
            return sentence[-1] in ":：" or not ends
        if reports and not ends:
            return True
        heading = line[0] == "#" or (line.startswith("**") and line.endswith("**"))
        return alone and (heading or not (ends or above.endswith("\n\n")))

    def _is_listed(self, i: int) -> bool:
        """Whether a different marker is right beside this one, as in `[[A]], [[B]] or [[C]]`."""
        text, marks = self.text, self.marks
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


def _is_aside(after: str) -> bool:
    """Whether what follows a marker in its sentence denies it, asks, or names a condition."""
    stop = _STOP.search(after)
    rest = after if stop is None else after[: stop.end()]
    if wording.ASIDE.match(rest) or rest.endswith(("?", "？")):
        return True
    return wording.DENIAL.search(_REASONS.split(rest, maxsplit=1)[0]) is not None


def _support(words: _Words, after: str, *, alone: bool, by_itself: bool, number: bool) -> Role:
    """The role of a marker that nothing speaks against, by what speaks for it."""
    announced = wording.ANNOUNCES.search(words.text) or _BUT.search(words.text)
    if by_itself or announced or (alone and _ENDS.match(after)):
        return Role.CONCLUSION
    begins = alone or words.text.rstrip().endswith(",")
    if (alone and wording.REASON.match(after)) or (begins and wording.AFFIRMED.match(after)):
        return Role.MENTION
    closes = words.text.rstrip(' \t*_`("“')[-1:]
    if not closes or closes not in ":：→⇒" or any(c.isalnum() for c in after):
        return Role.SHOWN
    # "Assistant A is better: [[A]]" says so; "the answer: [[A]]" may be anybody's.
    if wording.SCHEMA.search(words.text) or (
        not number and wording.THEM.search(words.text) and not _BETTER.search(words.text)
    ):
        return Role.SHOWN
    return Role.MENTION
