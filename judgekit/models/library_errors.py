"""Errors of libraries on files of others, as one line of ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from judgekit.errors import InputError, JudgekitError

__all__ = ["library_errors", "one_line"]

LONGEST = 300  # characters of a library's message


@contextmanager
def library_errors(doing: str, kind: type[JudgekitError] = InputError) -> Iterator[None]:
    """Turns whatever a library raises on a file of others into one line.

    transformers, peft, tokenizers and torch raise what their code happens to meet there: types,
    keys, attributes, and exceptions of their own. Around their calls alone, never around ours.

    Args:
        doing: The beginning of the message: ``cannot load 'm'``.
        kind: The error to raise.

    Raises:
        JudgekitError: Of the given kind; one that was raised on purpose passes unchanged.
    """
    try:
        yield
    except JudgekitError:
        raise
    except Exception as error:  # see above: nothing narrower is raised
        raise kind(f"{doing}: {one_line(error)}") from error


def one_line(error: BaseException) -> str:
    """The first line of an error's text, and the next if that only announces it."""
    lines = [line.strip() for line in str(error).strip().splitlines() if line.strip()]
    if isinstance(error, KeyError) and lines:
        return f"there is no {lines[0]}"
    text = " ".join(lines[:2] if lines and lines[0].endswith(":") else lines[:1])
    return text[:LONGEST] or type(error).__name__
