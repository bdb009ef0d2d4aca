"""Reads a chat completion: text, thinking, finish reason, probabilities of labels."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from judgekit.errors import CallFailure
from judgekit.types import Call, Reply

__all__ = ["billed", "finish", "loads", "read", "split_thinking", "valid_unicode"]

FINISHES = {
    "stop": "stop",
    "length": "length",
    "max_tokens": "length",
    "model_length": "length",
    "content_filter": "content_filter",
    "content management policy": "content_filter",
    "safety": "content_filter",
    "refusal": "refusal",
}
SURROGATE = re.compile("[\ud800-\udfff]")
THINKING = re.compile(r"\s*<think>(.*?)(?:</think>\s*|\Z)", re.DOTALL)


def loads(data: bytes) -> Any:
    """Parses JSON as servers write it.

    Python's parser accepts what the fast one refuses: NaN among log-probabilities, and half an
    emoji where a reply was cut off at its token limit.

    Raises:
        ValueError: It is not JSON.
    """
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        try:
            return json.loads(data)
        except RecursionError as error:
            raise ValueError("nested too deeply") from error


def valid_unicode(text: str) -> str:
    """The text with surrogate pairs joined, and lone surrogates replaced by U+FFFD."""
    if text.isascii() or not SURROGATE.search(text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def finish(reason: object) -> str:
    """The finish reason in the words of `Reply.finish`; an unknown one is an ordinary stop."""
    return FINISHES.get(reason.lower(), "stop") if isinstance(reason, str) else "stop"


def split_thinking(text: str) -> tuple[str, str]:
    """Splits a reply that starts with a ``<think>`` block into thinking and text.

    A block that never closes is all thinking: the reply was cut off before its text began.
    """
    if "<think>" not in text or not (block := THINKING.match(text)):
        return "", text
    return block[1].strip(), text[block.end() :]


def read(body: Any, call: Call) -> Reply | None:
    """Reads the reply to a call from a completion's JSON.

    Args:
        body: The parsed JSON.
        call: The call.

    Returns:
        The reply; None if there is no choice in it.

    Raises:
        CallFailure: The server reports that an error ended the generation.
    """
    try:
        choice = body["choices"][0]
        message = choice["message"]
        content = message.get("content")
    except (TypeError, KeyError, IndexError, AttributeError):
        return None
    if choice.get("finish_reason") == "error":
        raise CallFailure("generation error", "the server broke off the reply", retryable=True)
    thinking, text = ("", content) if isinstance(content, str) else _parts(content)
    if not thinking:
        thinking, text = split_thinking(text)
    apart = message.get("reasoning_content") or message.get("reasoning")
    if isinstance(apart, str):
        thinking = apart
    if call.prefill and dict(call.sampling.extra).get("continue_final_message"):
        text = call.prefill + text.removeprefix(call.prefill)  # the server was asked to continue it
    ended = finish(choice.get("finish_reason"))
    refusal = message.get("refusal")
    if isinstance(refusal, str) and refusal:
        ended, text = "refusal", text or refusal
    tokens_in, tokens_out = billed(body)
    if not call.generate:  # the single token is no text, and its end is no truncation
        ended = "stop" if ended == "length" else ended
        text = thinking = ""
    return Reply(
        valid_unicode(text),
        ended,
        valid_unicode(thinking),
        tokens_in,
        tokens_out,
        label_logprobs(choice.get("logprobs"), call.labels, at_first=not call.generate),
    )


def _parts(content: object) -> tuple[str, str]:
    """Thinking and text of content that is a list of parts, or missing."""
    thinking, text = [], []
    for part in content if isinstance(content, list) else ():
        if not isinstance(part, dict):
            continue
        if part.get("type") == "thinking":
            inner = part.get("thinking")
            thinking.append(inner if isinstance(inner, str) else _parts(inner)[1])
        elif isinstance(said := part.get("text"), str):
            text.append(said)
    return "".join(thinking), "".join(text)


def billed(body: Any) -> tuple[int | None, int | None]:
    """The tokens of prompt and reply that the server counted; None where it did not."""
    usage = body.get("usage") if isinstance(body, dict) else None
    return _count(usage, "prompt_tokens"), _count(usage, "completion_tokens")


def _count(usage: object, name: str) -> int | None:
    count = usage.get(name) if isinstance(usage, dict) else None
    return count if isinstance(count, int) else None


def label_logprobs(
    logprobs: object, labels: Sequence[str], *, at_first: bool = False
) -> Mapping[str, float] | None:
    """Natural log-probabilities of the labels at the last token that is a label.

    It is the last one because the verdict comes at the end. Tokens that differ only in white space
    ("A" and " A") are the same label, and their probabilities are added.

    Args:
        logprobs: The choice's `logprobs`.
        labels: The labels.
        at_first: Whether to read them at the first token, whatever it is.

    Returns:
        The log-probabilities by label; None if no token is a label, or there is no token.
    """
    content = logprobs.get("content") if labels and isinstance(logprobs, dict) else None
    tokens = [t for t in content if isinstance(t, dict)] if isinstance(content, list) else []
    if at_first:
        return _labels_at(tokens[0], labels) if tokens else None
    for token in reversed(tokens):
        if str(token.get("token")).strip() in labels:
            return _labels_at(token, labels) or None
    return None


def _labels_at(token: Mapping[str, Any], labels: Sequence[str]) -> dict[str, float]:
    """The labels among a token and its alternatives."""
    spellings = {  # an unlikely token is missing from its own alternatives
        alternative.get("token"): alternative.get("logprob")
        for alternative in (token, *(token.get("top_logprobs") or ()))
        if isinstance(alternative, dict)
    }
    out: dict[str, float] = {}
    for spelling, logprob in spellings.items():
        label = str(spelling).strip()
        if label in labels and isinstance(logprob, int | float) and not math.isnan(logprob):
            out[label] = _log_add_exp(out[label], logprob) if label in out else float(logprob)
    return out


def _log_add_exp(a: float, b: float) -> float:
    """log(exp(a) + exp(b)), without overflow."""
    high, low = max(a, b), min(a, b)
    return high if low == -math.inf else high + math.log1p(math.exp(low - high))
