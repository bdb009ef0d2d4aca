"""A reply from what a provider said: how it may end, thinking apart, labels' probabilities."""

from __future__ import annotations

import re

from judgekit.errors import CallFailure
from judgekit.types import Call, Reply, Usage, token_count

from .http_json import valid_unicode
from .http_labels import label_logprobs, no_logprobs
from .http_meaning import End, end_of

__all__ = [
    "BROKEN_RETRIES",
    "broken",
    "finish",
    "finish_text",
    "make_reply",
    "split_thinking",
    "tool_call",
    "total_tokens",
]

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


def finish_text(
    reason: object,
    text: str,
    call: Call,
    usage: Usage,
    *,
    calls_tool: bool = False,
    field: str = "finish_reason",
) -> str:
    """The finish reason of a text, also where its server says nothing of it.

    Servers that assemble streams do that. A text counts as whole then, unless it used up its limit.
    Without a text nothing says that there was an answer at all.

    Args:
        reason: The reason as the server gives it.
        text: The reply's text.
        call: The call.
        usage: The tokens that the server counted.
        calls_tool: Whether the reply calls a tool.
        field: The name of the field that holds the reason.

    Raises:
        CallFailure: It is no whole reply, or nobody knows whether it is.
    """
    end = finish(reason, field)
    if calls_tool and not text.strip():
        raise tool_call()
    if end_of(reason) is not End.MISSING or not call.generate:
        return end
    limit, tokens = call.sampling.max_tokens, usage.tokens_out
    if limit is not None and tokens is not None and tokens >= limit:
        return End.LENGTH.value
    if text.strip():
        return End.STOP.value
    raise broken(f"the server gave neither a text nor a {field}")


def make_reply(
    call: Call, text: str, thinking: str, end: str, usage: Usage, *, logprobs: object = None
) -> Reply:
    """The reply to a call.

    Args:
        call: The call.
        text: What the model answered.
        thinking: What it thought before.
        end: How it ended, as `Reply.finish`.
        usage: The tokens that the server counted.
        logprobs: The log-probabilities of its tokens, as a chat completion has them.

    Raises:
        CallFailure: The call asks for the labels' log-probabilities alone, and there are none.
    """
    chances = label_logprobs(logprobs, call.labels, at_first=not call.generate)
    if not call.generate:
        if chances is None and end in (End.STOP, End.LENGTH):
            raise no_logprobs()
        # The single token is no text, and its end is no truncation.
        end = End.STOP.value if end == End.LENGTH else end
        text = thinking = ""
    tokens_in, tokens_out, cached, written = usage
    return Reply(
        valid_unicode(text),
        end,
        valid_unicode(thinking),
        tokens_in,
        tokens_out,
        chances,
        cached,
        written,
    )


def total_tokens(*counts: object) -> int | None:
    """The sum of a server's counts; None if one of them cannot be a count."""
    checked = [token_count(count) for count in counts]
    return sum(count or 0 for count in checked) if None not in checked else None


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
