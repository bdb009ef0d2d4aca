"""A place in a reply that says something of one criterion."""

from __future__ import annotations

import re
from typing import NamedTuple

from judgekit.judging.rubrics import Scale

__all__ = ["CriterionMark", "read_verdict"]

_WRAPPING = " \t*_`\"'“”()[]{}"
_OUT_OF = re.compile(r"(?P<given>-?\d{1,6})[ \t]*(?:/|out of)[ \t]*(?P<highest>-?\d{1,6})")
_MOST_SHOWN = 60  # characters of an unreadable verdict that an error shows


class CriterionMark(NamedTuple):
    """What a reply says of a criterion in one place: a value, or why there is none.

    `cut`: the reply was cut off here.
    """

    value: float | None
    reason: str = ""
    error: str = ""
    cut: bool = False


def read_verdict(written: str, scale: Scale) -> tuple[float | None, str]:
    """The value of a written verdict, or why it is none.

    Args:
        written: All that stands in the verdict's place.
        scale: The criterion's scale.

    Returns:
        The value and an empty text, or None and the error.
    """
    plain = written.strip(_WRAPPING).rstrip(".").strip(_WRAPPING)
    if scale.kind == "numbers":
        fraction = _OUT_OF.fullmatch(plain)
        if fraction is not None and fraction["highest"] == scale.words[-1]:
            plain = fraction["given"]
    value = scale.value(plain)
    if value is not None:
        return value, ""
    if not plain:
        return None, "named without a verdict"
    brief = plain if len(plain) <= _MOST_SHOWN else plain[:_MOST_SHOWN] + "…"
    return None, f"not {scale.in_words()}: {brief!r}"
