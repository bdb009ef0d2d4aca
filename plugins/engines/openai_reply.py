"""Reads a chat completion: text, thinking, finish reason, probabilities of labels."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

import orjson

from judgekit.errors import CallFailure
from judgekit.types import Call, Reply, token_count

from .openai_meaning import End, end_of
from .openai_parts import Content

__all__ = [
    "BROKEN_RETRIES",
    "billed",
    "broken",
    "error_in",
    "finish",
    "loads",
    "read",
    "split_thinking",
    "valid_unicode",
]

BROKEN_RETRIES = 4  # each attempt at a reply that was broken off may be paid for
REPORTS = ("message", "msg", "detail", "errors", "error_msg", "error_message", "base_resp")
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
    """The finish reason in the words of `Reply.finish`; none given is an ordinary stop.

    Raises:
        CallFailure: So ended, it is no reply: it was broken off, calls a tool, or ended in a way
            that nobody knows.
    """
    end = end_of(reason)
    if end is End.MISSING:
        return "stop"
    shown = reason if isinstance(reason, str) else repr(reason)
    given = f"finish_reason {shown[:40]!r}"
    if end is End.BROKEN_OFF:
        raise broken(f"the server broke off the reply ({given})")
    if end is End.TOOL_CALL:
        raise tool_call(given)
    if end is End.UNKNOWN:
        why = f"the reply ended with {given}, which nobody here knows to be the end of an answer"
        raise CallFailure(f"unknown {given}", why, common=True)
    return end.value


def broken(message: str, name: str = "generation error") -> CallFailure:
    """The failure of an answer of status 200 that was broken off, or holds no reply."""
    return CallFailure(name, message, retryable=True, retries=BROKEN_RETRIES, common=True)


def tool_call(given: str = "tool_calls") -> CallFailure:
    """The failure of a reply that wants a tool to be run before it goes on."""
    message = f"the reply calls a tool ({given}), and judgekit runs none; leave out the tools"
    return CallFailure("tool call", message, common=True)


def error_in(body: Any) -> Any:
    """The error that a body reports, also beside a choice or inside it; None if there is none.

    A body without choices is one as a whole if it has a message.
    """
    if not isinstance(body, dict):
        return None
    choices = body.get("choices")
    feedback = body.get("promptFeedback")
    if isinstance(feedback, dict) and feedback.get("blockReason"):  # Gemini refuses the prompt
        return {"error": f"blockReason: {feedback['blockReason']}"}
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = choice.get("message") if isinstance(choice, dict) else None
    for place in (body, choice, message):
        error = place.get("error") if isinstance(place, dict) else None
        blank = isinstance(error, dict) and not any(error.values())
        if error and not blank:
            return {"error": error}
    return body if not choices and any(body.get(name) for name in REPORTS) else None


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
        body: The parsed JSON, of which `error_in` found no error.
        call: The call.

    Returns:
        The reply; None if there is no choice in it.

    Raises:
        CallFailure: What is there is no whole reply, or nobody knows whether it is.
    """
    choices = body.get("choices") if isinstance(body, dict) else None
    choice = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(choice, dict):
        return None
    reason = choice.get("finish_reason") or choice.get("native_finish_reason")
    message = choice.get("message")
    if message is None and end_of(reason) not in (End.MISSING, End.STOP):
        message = {}  # a filter, or the limit, left nothing
    if not isinstance(message, dict):
        return None
    tokens_in, tokens_out = _usage(body)
    text, thinking, ended = _read_message(message, call, reason)
    if end_of(reason) is End.MISSING and ended == "stop" and call.generate:
        ended = _inferred_end(text, tokens_out, call)
    logprobs = label_logprobs(choice.get("logprobs"), call.labels, at_first=not call.generate)
    if not call.generate and logprobs is None and ended in ("stop", "length"):
        explanation = "the server gives no log-probabilities for this model; use --verdict text"
        raise CallFailure("no log-probabilities", explanation, common=True)
    if not call.generate:  # the single token is no text, and its end is no truncation
        ended = "stop" if ended == "length" else ended
        text = thinking = ""
    return Reply(
        valid_unicode(text), ended, valid_unicode(thinking), tokens_in, tokens_out, logprobs
    )


def _read_message(message: Mapping[str, Any], call: Call, reason: object) -> tuple[str, str, str]:
    """Text, thinking and end of a message."""
    content = Content.of(message.get("content"))
    refusal = "".join(content.refusal)
    if isinstance(message.get("refusal"), str):
        refusal = message["refusal"] or refusal
    text, thinking = "".join(content.text), "".join(content.thinking)
    if not thinking:
        thinking, text = split_thinking(text)
    apart = message.get("reasoning_content") or message.get("reasoning")
    if isinstance(apart, str):
        thinking = apart
    if call.prefill and dict(call.sampling.extra).get("continue_final_message"):
        text = call.prefill + text.removeprefix(call.prefill)  # the server was asked to continue it
    if refusal:
        return text or refusal, thinking, End.REFUSAL.value
    ended = finish(reason)
    calls_tool = content.calls_tool or message.get("tool_calls") or message.get("function_call")
    if calls_tool and not text.strip():
        raise tool_call()
    return text, thinking, ended


def _inferred_end(text: str, tokens_out: int | None, call: Call) -> str:
    """The end of a reply whose server says nothing of it, as servers that assemble streams.

    A text counts as whole unless it used up its limit. Without a text nothing says that there was
    an answer at all.
    """
    limit = call.sampling.max_tokens
    if limit is not None and tokens_out is not None and tokens_out >= limit:
        return "length"
    if text.strip():
        return "stop"
    raise broken("the server gave neither a text nor a finish_reason")


def billed(data: bytes) -> tuple[int | None, int | None]:
    """The tokens of prompt and reply that a body counts, whatever else it holds."""
    try:
        return _usage(loads(data))
    except ValueError:
        return None, None


def _usage(body: Any) -> tuple[int | None, int | None]:
    usage = body.get("usage") if isinstance(body, dict) else None
    if not isinstance(usage, dict):
        return None, None
    return token_count(usage.get("prompt_tokens")), token_count(usage.get("completion_tokens"))


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
    top = token.get("top_logprobs")
    spellings = {  # an unlikely token is missing from its own alternatives
        str(alternative.get("token")): alternative.get("logprob")
        for alternative in (token, *(top if isinstance(top, list) else ()))
        if isinstance(alternative, dict)
    }
    out: dict[str, float] = {}
    for spelling, logprob in spellings.items():
        label = spelling.strip()
        if label in labels and _is_logprob(logprob):
            out[label] = _log_add_exp(out[label], logprob) if label in out else float(logprob)
    return out


def _is_logprob(value: object) -> TypeGuard[int | float]:
    """Whether it can be a logarithm of a probability; a little above 0 is rounding."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return value == -math.inf or -1e300 < value <= 1e-3


def _log_add_exp(a: float, b: float) -> float:
    """log(exp(a) + exp(b)), without overflow."""
    high, low = max(a, b), min(a, b)
    return high if low == -math.inf else high + math.log1p(math.exp(low - high))
