"""Reads a chat completion: text, thinking, finish reason, probabilities of labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from judgekit.types import Call, Reply, token_count

from .http_endings import broken, finish, split_thinking, tool_call
from .http_engine import Usage
from .http_json import valid_unicode
from .http_labels import label_logprobs, no_logprobs
from .http_meaning import End, end_of
from .http_parts import Content

__all__ = ["error_in", "read", "usage"]

REPORTS = ("message", "msg", "detail", "errors", "error_msg", "error_message", "base_resp")


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
    tokens_in, tokens_out = usage(body)
    text, thinking, ended = _read_message(message, call, reason)
    if end_of(reason) is End.MISSING and ended == "stop" and call.generate:
        ended = _inferred_end(text, tokens_out, call)
    logprobs = label_logprobs(choice.get("logprobs"), call.labels, at_first=not call.generate)
    if not call.generate and logprobs is None and ended in ("stop", "length"):
        raise no_logprobs()
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


def usage(body: Any) -> Usage:
    """The tokens of prompt and reply that a body counts, whatever else it holds."""
    counts = body.get("usage") if isinstance(body, dict) else None
    if not isinstance(counts, dict):
        return None, None
    return token_count(counts.get("prompt_tokens")), token_count(counts.get("completion_tokens"))
