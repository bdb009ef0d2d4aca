"""The names under which data sets know one category."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["CHECKABLE", "same_category"]

ALIASES: Mapping[str, str] = {
    "maths": "math",
    "mathematics": "math",
    "arithmetic": "math",
    "code": "coding",
    "programming": "coding",
    "logic": "reasoning",
}
CHECKABLE = ("math", "reasoning", "coding")
"""Categories of tasks whose answers are right or wrong."""


def same_category(name: str) -> str:
    """The one name of a category, in lower case: ``Maths`` is ``math``."""
    key = name.strip().casefold()
    return ALIASES.get(key, key)
