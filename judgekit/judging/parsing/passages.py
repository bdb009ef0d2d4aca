"""The parts of a reply that are not the judge's own words: quotations, code, struck-out text.

A judge quotes the answers that it judges, and what they hold must not be read as its verdict. All
of this takes time in proportion to the text's length.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator

__all__ = ["Passages", "Span"]

Span = tuple[int, int]

_FENCE = re.compile(r"^[ \t]*(?:[-*] )?(`{3,}|~{3,})([^\n]*)$", re.MULTILINE)
_QUOTED_LINE = re.compile(r"^[ \t]*>[^\n]*", re.MULTILINE)
_COMMENT = re.compile(r"<!--|-->")
_STRUCK = re.compile(r"~~(?=\S)[^~\n]{1,200}~~")
_CODE = re.compile(r"(?<!`)`[^`\n]{1,400}`(?!`)")
_STRAIGHT = re.compile('"')
_QUOTE = re.compile("[“”„«»「」『』]")
_CLOSES = {"“": "”", "„": "“”", "«": "»", "»": "«", "「": "」", "『": "』"}
_TAG = re.compile(r"<(/?)([A-Za-z][\w:-]{0,40})[^<>\n]{0,80}>")
# Blocks that hold a judge's verdict, or only shape its letters; any other block is shown material.
_OWN_TAGS = re.compile(
    r"(?:final[_-]?)?(?:answer|verdict|result|decision|output)|judge?ment|conclusion|winner|choice|"
    r"rating|score|final|b|strong|i|em|u|p|div|span|center|h[1-6]|li|ul|ol|br|hr|font|mark|big|body|"
    r"html"
)


class Passages:
    """Where a text shows something instead of saying it.

    `struck` is text that was crossed out. `shown` is not the judge's voice: quoted lines, comments,
    blocks in tags, and quotations over several lines; `fenced` are blocks of code. `quoted` lies
    within one line, so that the words before it may still announce it: ``my verdict: "[[A]]"``.
    """

    def __init__(self, text: str) -> None:
        quotations = tuple(_quotations(text))
        shown = [match.span() for match in _QUOTED_LINE.finditer(text)]
        shown += [*_comments(text), *_tagged(text)]
        shown += [span for span in quotations if "\n" in text[slice(*span)]]
        self.struck = _Union(match.span() for match in _STRUCK.finditer(text))
        self.shown = _Union(shown)
        self.fenced = _Union(_fenced(text))
        inline = [span for span in quotations if "\n" not in text[slice(*span)]]
        self.quoted = _Union([*inline, *(match.span() for match in _CODE.finditer(text))])


class _Union:
    """A union of spans, asked for the one around a place."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        for start, end in sorted(spans):
            if self._ends and start < self._ends[-1]:
                self._ends[-1] = max(self._ends[-1], end)
            else:
                self._starts.append(start)
                self._ends.append(end)

    def around(self, start: int, end: int) -> Span | None:
        """The span that holds ``text[start:end]``, if there is one."""
        i = bisect_right(self._starts, start) - 1
        if i < 0 or self._ends[i] < end:
            return None
        return self._starts[i], self._ends[i]


def _fenced(text: str) -> Iterator[Span]:
    """Blocks of code; one that never ends reaches to the end of the text."""
    opened: re.Match[str] | None = None
    for fence in _FENCE.finditer(text):
        if opened is None:
            opened = fence
        elif fence[1].startswith(opened[1]) and not fence[2].strip():
            yield opened.start(), fence.end()
            opened = None
    if opened is not None:
        yield opened.start(), len(text)


def _comments(text: str) -> Iterator[Span]:
    opened: int | None = None
    for match in _COMMENT.finditer(text):
        if opened is None:
            opened = match.start() if match[0] == "<!--" else None
        elif match[0] == "-->":
            yield opened, match.end()
            opened = None


def _tagged(text: str) -> Iterator[Span]:
    """Blocks between an opening tag and its closing one."""
    opened: dict[str, int] = {}
    for match in _TAG.finditer(text):
        name = match[2].lower()
        if _OWN_TAGS.fullmatch(name):
            continue
        if not match[1]:
            opened.setdefault(name, match.start())
        elif name in opened:
            yield opened.pop(name), match.end()


def _quotations(text: str) -> Iterator[Span]:
    """Quotations, over several lines too."""
    opened: tuple[int, str] | None = None
    for match in _QUOTE.finditer(text):
        if opened is not None and match[0] in _CLOSES[opened[1]]:
            yield opened[0], match.end()
            opened = None
        elif opened is None and match[0] in _CLOSES:
            opened = match.start(), match[0]
    yield from _straight_quotations(text)


def _straight_quotations(text: str) -> Iterator[Span]:
    """Quotations between straight marks.

    A mark after a space opens and one after a word closes, so that a stray one (5" wide) turns
    nothing after it inside out.
    """
    opened: int | None = None
    for match in _STRAIGHT.finditer(text):
        at = match.start()
        opens = at == 0 or not (text[at - 1].isalnum() or text[at - 1] in ".,!?;])}")
        if opened is None or (opens and text[at + 1 : at + 2].strip()):
            opened = at if opens else None
        else:
            yield opened, match.end()
            opened = None
