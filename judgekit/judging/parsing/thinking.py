"""Where a model's thinking ends and its reply begins."""

from __future__ import annotations

__all__ = ["strip_thinking"]

OPEN, CLOSE = "<think>", "</think>"


def strip_thinking(text: str) -> str | None:
    """The text without the block of thinking at its beginning; None if that block never ends.

    A closing tag alone on its line ends a block, too: some chat templates contain the opening tag,
    so that the reply lacks it. Tags anywhere else belong to the reply, since a judge may quote
    them from an answer.
    """
    opened = text.lstrip().startswith(OPEN)
    thinking, closing, after = text.partition(CLOSE)
    if not closing:
        return None if opened else text
    around = thinking.rpartition("\n")[2] + after.partition("\n")[0]
    if opened or (OPEN not in thinking and not around.strip()):
        return after.lstrip()
    return text
