"""Replies as the reply store can keep them."""

from __future__ import annotations

from dataclasses import replace
from math import isfinite

from judgekit.redaction import redact
from judgekit.types import Reply, Usage

__all__ = ["storable"]


def storable(reply: Reply) -> Reply:
    """The reply without labels of probability 0, half characters, secrets and impossible counts.

    JSON cannot hold the logarithm of 0, nor UTF-8 the half of a surrogate pair that an engine left
    where it cut a text. A server may repeat the key that it was sent. Sums of token counts must
    stay what was paid for.
    """
    text, thinking = (redact(valid_utf8(text)) for text in (reply.text, reply.thinking))
    logprobs = reply.label_logprobs
    if logprobs and not all(map(isfinite, logprobs.values())):
        logprobs = {label: value for label, value in logprobs.items() if isfinite(value)}
    return replace(
        reply,
        text=text,
        thinking=thinking,
        label_logprobs=logprobs,
        **Usage.of(*reply.usage)._asdict(),
    )


def valid_utf8(text: str) -> str:
    """The text with U+FFFD in place of each lone surrogate."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
