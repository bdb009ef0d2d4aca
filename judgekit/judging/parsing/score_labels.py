"""Where a reply writes its score after a label: ``Score: 4``, ``评分：4``, ``"score": 4``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

from judgekit.judging.parsing.label_words import BEFORE, JOINED_LINKS, LABELS, LINKS, OVERALL, UNITS
from judgekit.judging.parsing.marks import Mark
from judgekit.judging.parsing.numbers import OPENING, Number, ascii_text
from judgekit.judging.parsing.objects import Members, find_objects
from judgekit.judging.parsing.surroundings import depends

__all__ = ["ScoreMark", "ValueReader", "labelled_scores"]

_REACH = 200  # characters around a label that are looked at; keeps the time linear
_REST = re.compile(r"[^\n.;]{0,80}")
_BEFORE = re.compile(r"([^\W\d_]+)[ \t]+[*_`]{0,3}$")
_PLAIN_WORD = re.compile(rf"{BEFORE}|{OVERALL}", re.IGNORECASE)
_TOTAL = re.compile(OVERALL, re.IGNORECASE)
_SCALE_WORD = re.compile(
    rf"{OVERALL}|{UNITS}|from|to|out|of|maximum|max|minimum|min|scale|on|an?|integer|whole|number|"
    r"bis|von|de|à|sur|до|из|至|到|满分|滿分|満点|만점",
    re.IGNORECASE,
)
_HEADED = re.compile(  # a line that begins with what is scored: "2. Clarity: score 1"
    r"[ \t*_#>|(.0-9-]*([^\W\d_]+(?:[ \t][^\W\d_]+){0,2})[ \t*_`]{0,4}[:(–—|-][ \t*_`(]{0,6}$"
)
_HEADING = re.compile(
    rf"(?:.*[ \t])?(?:verdict|conclusion|results?|evaluation|judge?ment|summary|assessment|rating|"
    rf"answer|response|reply|grade|feedback|decision|{OVERALL})",
    re.IGNORECASE,
)
_GIVES = re.compile(  # "it earns a score of 4", beside "the team has a score of 4"
    r"\b(?:deserv|earn|merit|warrant|receiv|giv|assign|award|grant|get|rate|justif)[a-z]*\b"
    r"[^.!?\n]{0,40}$",
    re.IGNORECASE,
)
_NEXT_LINE = re.compile(rf"[ \t*_`]{{0,8}}(?:\r?\n[ \t]{{0,8}}){{1,2}}{OPENING}")
_LINE_ENDS = re.compile(r"[ \t\r*_`.。]{0,8}(?:\n|$)")
_DECORATION = " \t\r\n*_#`>|\\[]({})$.。"
_ARRAY = re.compile(r"\s{0,40},\s{0,40}")


class ScoreMark(NamedTuple):
    """A score after its label.

    `total` says that it is called that of the whole answer, `key` that the label is a key of JSON
    that could not be read as such.
    """

    mark: Mark
    total: bool = False
    key: bool = False


@dataclass(frozen=True, slots=True)
class ValueReader:
    """Reads what stands after a label: a number, or a grade.

    `at` reads it at a position of a text, None if there is none; `value` is that of a text or a
    number that is the whole value of a key in JSON, None if it has none.
    """

    at: Callable[[str, int], Number | None]
    value: Callable[[str | float], float | None]


def labelled_scores(text: str, label: str, reader: ValueReader) -> list[ScoreMark]:
    """The scores of a text made by `ascii_text`, in order.

    A JSON object is one thing: its member with the label's name is its score, and what its other
    members say is not looked at. Where the label is a word of `LABELS`, another of them counts
    alone on the last line.

    Args:
        text: The text.
        label: The word before the score.
        reader: Reads what stands after the label.
    """
    label = ascii_text(label).rstrip(" :")
    objects = find_objects(text) or [] if "{" in text else []
    scores = {score.mark.start: score for score in _members(text, objects, label, reader)}
    begin = text.rfind("\n", 0, len(text.rstrip())) + 1
    ends = [0, *(stop for _, _, stop in objects)]
    starts = [*(start for _, start, _ in objects), len(text)]
    for end, start in zip(ends, starts, strict=True):
        for match in _label_pattern(label).finditer(text, end, start):
            score = _read_score(text, match, reader)
            if score is not None:
                scores[score.mark.start] = score
    if label.casefold() in LABELS and max(ends[-1], len(text) - _REACH) <= begin:
        for match in _any_label_pattern().finditer(text, begin):
            score = _read_score(text, match, reader)
            if score is not None and _is_alone(text, begin, score.mark):
                scores.setdefault(score.mark.start, score)
    return _without_parts(text, [scores[start] for start in sorted(scores)])


@lru_cache(maxsize=256)
def _label_pattern(label: str) -> re.Pattern[str]:
    return _pattern(re.escape(label))


@cache
def _any_label_pattern() -> re.Pattern[str]:
    return _pattern("|".join(re.escape(word) for word in sorted(LABELS, key=len, reverse=True)))


def _pattern(label: str) -> re.Pattern[str]:
    return re.compile(
        rf"(?<![\w-])(?P<whole>(?:(?:{OVERALL})[ \t*_-]{{0,4}}){{0,3}})(?P<label>{label})"
        rf"(?:(?!\w)|(?={JOINED_LINKS}))(?P<after>[ \t]{{1,2}}(?:{OVERALL})(?!\w))?"
        r"(?:[ \t*_]{0,4}\((?P<scale>[^()\n]{0,40})\))?"
        rf"(?P<link>(?:[ \t]{{1,2}}(?:{LINKS})(?!\w)|[ \t]?(?:{JOINED_LINKS})"
        rf"|[ \t*_`]{{0,4}}[-–—](?=[ \t]))?{OPENING})",
        re.IGNORECASE,
    )


def _read_score(text: str, match: re.Match[str], reader: ValueReader) -> ScoreMark | None:
    """The score after a label; None if it is an aspect's, or no number where words may stand."""
    reach = max(0, match.start() - _REACH)
    line = text[max(reach, text.rfind("\n", reach, match.start()) + 1) : match.start()]
    word = _BEFORE.search(line[-40:])
    total = word is not None and _TOTAL.fullmatch(word[1]) is not None
    if _names_aspect(line, word, match["scale"] or ""):
        return None
    start = match.start("label") if line.strip(_DECORATION) else match.start()
    formal = ":" in match["link"] or "=" in match["link"]
    number = reader.at(text, match.end())
    if number is None and (formal or line.strip(" \t*_").startswith("#")):
        below = _NEXT_LINE.match(text, match.end())
        number = None if below is None else reader.at(text, below.end())
        if number is not None and _LINE_ENDS.match(text, number.end) is None:
            number = None
    clear = number is not None and number.value is not None
    if not clear and not formal:
        return None
    if number is not None and clear:
        if depends(text, start, number.end):
            return None
        opening = match["link"][1:] if _is_key(text, match) else match["link"]
        end = _without_quote(text, opening, match.end(), number.end)
    else:
        rest = _REST.match(text, match.end())
        end = match.end() if rest is None else rest.end()
    total = total or bool(match["whole"] or match["after"])
    announced = formal or " of" not in match["link"].lower() or _GIVES.search(line) is not None
    mark = Mark(number.value if number else None, start, end, announced=announced)
    return ScoreMark(mark, total, _is_key(text, match))


def _without_quote(text: str, opening: str, start: int, end: int) -> int:
    """The end without a quotation mark that closes what was opened before the label."""
    for opens, closes in ('""', "``", "“”"):
        if closes in text[start:end] and opens not in opening:
            end = text.index(closes, start, end)
    return end


def _names_aspect(line: str, word: re.Match[str] | None, described: str) -> bool:
    """Whether the words around a label say that the score is only that of some aspect."""
    if word is not None and _PLAIN_WORD.fullmatch(word[1]) is None:
        return True
    headed = _HEADED.fullmatch(line)
    if headed is not None and _HEADING.fullmatch(headed[1]) is None:
        return True
    return any(_SCALE_WORD.fullmatch(term) is None for term in re.findall(r"[^\W\d_]+", described))


def _is_alone(text: str, begin: int, mark: Mark) -> bool:
    return not (text[begin : mark.start] + text[mark.end :]).strip(_DECORATION)


def _is_key(text: str, match: re.Match[str]) -> bool:
    at = match.start("label")
    return at > 0 and text[at - 1] in "\"'" and match["link"].startswith(text[at - 1])


def _without_parts(text: str, scores: Sequence[ScoreMark]) -> list[ScoreMark]:
    """Takes the value from keys of JSON that could not be read, where they may be parts of it."""
    keys = [score.mark.start for score in scores if score.key]
    if not keys:
        return list(scores)
    depth = text.count("{", 0, keys[0]) - text.count("}", 0, keys[0])
    if len(keys) == 1 and depth <= 1 and text.count("{") <= text.count("}"):
        return list(scores)
    return [
        score._replace(mark=score.mark._replace(value=None)) if score.key else score
        for score in scores
    ]


def _members(
    text: str, objects: Sequence[tuple[Members, int, int]], label: str, reader: ValueReader
) -> Iterator[ScoreMark]:
    """The scores of JSON objects; those of one array are parts of a whole that is not told."""
    for i, (members, start, end) in enumerate(objects):
        values = _values(members, label)
        if not values:
            continue
        around = objects[max(0, i - 1) : i + 2]
        in_array = any(
            _ARRAY.fullmatch(text, left[2], right[1]) for left, right in pairwise(around)
        )
        alone = len(values) == 1 and not in_array
        yield ScoreMark(Mark(_json_value(values[0], reader) if alone else None, start, end))


def _values(members: Members, label: str) -> list[Any]:
    """The values under the label's name; else those under a name such as ``final_score``."""
    for pattern in (re.escape(label), rf"(?:(?:{OVERALL})[ _-]?){{1,3}}{re.escape(label)}"):
        matches = re.compile(pattern, re.IGNORECASE).fullmatch
        values = [value for name, value in members if matches(name)]
        if values:
            return values
    return []


def _json_value(value: Any, reader: ValueReader) -> float | None:
    if isinstance(value, str):
        return reader.value(ascii_text(value))
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e6:
        return None
    return reader.value(float(value))
