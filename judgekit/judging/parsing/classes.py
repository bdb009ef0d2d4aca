"""Classes: ``Class: pass`` on the last line, or ``[[pass]]``, of a set that the prompt names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from judgekit.judging.parsing.marks import Finding, Mark, conclude, verdict
from judgekit.judging.parsing.numbers import Number, ascii_text
from judgekit.judging.parsing.score_labels import ValueReader, labelled_scores
from judgekit.judging.templates import Head
from judgekit.types import Trial, Verdict

__all__ = ["find_class", "labelled_class", "with_class_value"]

_BRACKETS = re.compile(r"\[\[([^\[\]\n]{1,80})\]\]")
_WRAPPING = " \t\r\n*_`\"'“”()."
_REST_OF_LINE = re.compile(r"[ \t\r*_`\"'”’)\]}$.!|]{0,16}(?=\n|\Z)")


def labelled_class(text: str, classes: Sequence[str], label: str = "Class") -> Verdict:
    """Reads ``Class: pass`` or ``[[pass]]``, the name of a class alone to the end of its line.

    A class with more words on its line (``Class: pass, mostly``), a class that is denied, two
    classes, and one that is not among `classes` are no verdict.

    Args:
        text: The reply.
        classes: The classes that may be said. Another letter case counts where no two names differ
            only in it.
        label: The word before the class.
    """
    return verdict(text, lambda reply: find_class(reply, tuple(classes), label))


def find_class(text: str, classes: tuple[str, ...], label: str) -> Finding:
    """The class that a reply concludes with; the finding's value is its name."""
    reader = _reader(classes)
    plain = ascii_text(text)
    marks = [score.mark for score in labelled_scores(plain, label, reader)]
    marks += [
        Mark(reader.value(match[1]), match.start(), match.end())
        for match in _BRACKETS.finditer(plain)
        if not any(mark.start <= match.start() < mark.end for mark in marks)
    ]
    finding = conclude(plain, sorted(marks, key=lambda mark: mark.start))
    if not isinstance(finding.value, float):
        return finding
    if any(m.value not in (None, finding.value) and _is_line(plain, m) for m in marks):
        return Finding.many("two classes, each on a line of its own")
    return finding._replace(value=classes[int(finding.value)])


def _is_line(text: str, mark: Mark) -> bool:
    """Whether a marker is all that its line holds."""
    begin = text.rfind("\n", 0, mark.start) + 1
    stop = text.find("\n", mark.end)
    rest = text[mark.end : stop if stop >= 0 else len(text)]
    return not (text[begin : mark.start] + rest).strip(_WRAPPING + "#")


@lru_cache(maxsize=256)
def _reader(classes: tuple[str, ...]) -> ValueReader:
    """Reads the name of a class, as its place in `classes`."""
    written = {ascii_text(name): float(place) for place, name in enumerate(classes)}
    folded = {name.casefold(): place for name, place in written.items()}
    one_case = len(folded) == len(written)
    places = folded if one_case else written
    either = "|".join(re.escape(name) for name in sorted(written, key=len, reverse=True))
    pattern = re.compile(rf"({either})(?![\w+–-])", re.IGNORECASE if one_case else 0)

    def value(content: str | float) -> float | None:
        name = f"{content:g}" if isinstance(content, float) else content.strip(_WRAPPING)
        return places.get(name.casefold() if one_case else name)

    def at(text: str, start: int) -> Number | None:
        match = pattern.match(text, start)
        if match is None:
            return None
        rest = _REST_OF_LINE.match(text, match.end())
        if rest is None:
            return Number(None, match.end())
        return Number(value(match[1]), rest.end())

    return ValueReader(at, value)


def with_class_value(verdict: Verdict, head: Head, trial: Trial) -> Verdict:
    """A verdict of a class with the value of that class as its score.

    Where the head gives no values, classes have none among single answers; where answers are
    compared they stand from the best to the worst, 1 to 0 in equal steps.

    Args:
        verdict: Any verdict.
        head: The prompt's head.
        trial: What was judged.
    """
    if verdict.label is None:
        return verdict
    values = dict(head.values)
    if not values and len(trial.case.responses) > 1:
        steps = len(head.classes) - 1
        values = {name: 1 - place / steps for place, name in enumerate(head.classes)}
    return replace(verdict, score=values.get(verdict.label))
