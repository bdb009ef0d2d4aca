"""What a chat completion says: its text, its thinking, why it ended, its labels' probabilities."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from judgekit.errors import CallFailure
from judgekit.types import Call, Reply

__all__ = ["finish", "loads", "read", "split_thinking", "whole"]

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
    """JSON as servers really write it. Raises ValueError where it is none.

    Python's own parser takes what the fast one refuses: NaN among log-probabilities, and half an
    emoji where a reply was cut at its token limit.
    """
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        try:
            return json.loads(data)
        except RecursionError as error:
            raise ValueError("nested too deeply") from error


def whole(text: str) -> str:
    """The text with surrogate pairs joined and lone surrogates as U+FFFD: valid Unicode."""
    if text.isascii() or not SURROGATE.search(text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def finish(reason: object) -> str:
    """Why a reply ended, in the words of `Reply.finish`; an unknown reason is an ordinary end."""
    return FINISHES.get(reason.lower(), "stop") if isinstance(reason, str) else "stop"


def split_thinking(text: str) -> tuple[str, str]:
    """(thinking, text) of a reply that begins with a ``<think>`` block.

    A block that never closes is all thinking: the reply was cut before it said anything.
    """
    if "<think>" not in text or not (block := THINKING.match(text)):
        return "", text
    return block[1].strip(), text[block.end() :]


def read(body: Any, call: Call) -> Reply | None:
    """The reply to `call` in a completion's JSON, None where it holds no choice.

    Raises `CallFailure` where the server says that generating broke off by an error.
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
        text = call.prefill + text.removeprefix(call.prefill)  # the server was told to go on there
    ended = finish(choice.get("finish_reason"))
    refusal = message.get("refusal")
    if isinstance(refusal, str) and refusal:
        ended, text = "refusal", text or refusal
    usage = body.get("usage")
    if not call.generate:  # the one token that was asked for is no text, and its end no cut
        ended = "stop" if ended == "length" else ended
        text = thinking = ""
    return Reply(
        whole(text),
        ended,
        whole(thinking),
        _count(usage, "prompt_tokens"),
        _count(usage, "completion_tokens"),
        label_logprobs(choice.get("logprobs"), call.labels, at_first=not call.generate),
    )


def _parts(content: object) -> tuple[str, str]:
    """(thinking, text) of content given in parts, or not given at all."""
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


def _count(usage: object, name: str) -> int | None:
    count = usage.get(name) if isinstance(usage, dict) else None
    return count if isinstance(count, int) else None


def label_logprobs(
    logprobs: object, labels: Sequence[str], *, at_first: bool = False
) -> Mapping[str, float] | None:
    """Natural logarithms of the labels' probabilities at the last token that is a label.

    The last one, because a verdict stands at the end. Tokens that differ in white space alone
    ("A" and " A") are one label, their probabilities added. None where no token is a label.
    `at_first`: at the first token, whatever it is; None only where there is none.
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
    spelt = {  # the token itself is missing from its alternatives where it was an unlikely one
        alternative.get("token"): alternative.get("logprob")
        for alternative in (token, *(token.get("top_logprobs") or ()))
        if isinstance(alternative, dict)
    }
    out: dict[str, float] = {}
    for spelling, logprob in spelt.items():
        label = str(spelling).strip()
        if label in labels and isinstance(logprob, int | float) and not math.isnan(logprob):
            out[label] = _add(out[label], logprob) if label in out else float(logprob)
    return out


def _add(a: float, b: float) -> float:
    """log(exp(a) + exp(b)), without leaving the range of floats."""
    high, low = max(a, b), min(a, b)
    return high if low == -math.inf else high + math.log1p(math.exp(low - high))
