"""How a reply may end, and what thinking it begins with: the same for every provider."""

from __future__ import annotations

import re

from judgekit.errors import CallFailure

from .http_meaning import End, end_of

__all__ = ["BROKEN_RETRIES", "broken", "finish", "split_thinking", "tool_call"]

BROKEN_RETRIES = 4  # each attempt at a reply that was broken off may be paid for
THINKING = re.compile(r"\s*<think>(.*?)(?:</think>\s*|\Z)", re.DOTALL)


def finish(reason: object, field: str = "finish_reason") -> str:
    """The finish reason in the words of `Reply.finish`; none given is an ordinary stop.

    Args:
        reason: The reason as the server gives it.
        field: The name of the field that holds it.

    Raises:
        CallFailure: So ended, it is no reply: it was broken off, calls a tool, or ended in a way
            that nobody knows.
    """
    end = end_of(reason)
    if end is End.MISSING:
        return "stop"
    shown = reason if isinstance(reason, str) else repr(reason)
    given = f"{field} {shown[:40]!r}"
    if end is End.BROKEN_OFF:
        raise broken(f"the server broke off the reply ({given})")
    if end is End.TOOL_CALL:
        raise tool_call(given)
    if end is End.UNKNOWN:
        message = (
            f"the reply ended with {given}, which nobody here knows to be the end of an answer"
        )
        raise CallFailure(f"unknown {given}", message, common=True)
    return end.value


def broken(message: str, name: str = "generation error") -> CallFailure:
    """The failure of an answer of status 200 that was broken off, or holds no reply."""
    return CallFailure(name, message, retryable=True, retries=BROKEN_RETRIES, common=True)


def tool_call(given: str = "tool_calls") -> CallFailure:
    """The failure of a reply that wants a tool to be run before it goes on."""
    message = f"the reply calls a tool ({given}), and judgekit runs none; leave out the tools"
    return CallFailure("tool call", message, common=True)


def split_thinking(text: str) -> tuple[str, str]:
    """Splits a reply that starts with a ``<think>`` block into thinking and text.

    A block that never closes is all thinking: the reply was cut off before its text began.
    """
    if "<think>" not in text or not (block := THINKING.match(text)):
        return "", text
    return block[1].strip(), text[block.end() :]
