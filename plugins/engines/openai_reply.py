"""Reads a chat completion: text, thinking, finish reason, probabilities of labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from judgekit.types import Call, Reply, Usage

from .http_failure import blocked_prompt, reported_error
from .http_meaning import End, end_of
from .http_parts import Content
from .http_reply import finish_text, make_reply, split_thinking

__all__ = ["error_in", "read", "usage"]


def error_in(body: Any) -> Any:
    """The error that a body reports, also beside a choice or inside it; None if there is none.

    A body without choices is one as a whole if it has a message.
    """
    if not isinstance(body, dict):
        return None
    if (blocked := blocked_prompt(body)) is not None:
        return blocked
    choices = body.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = choice.get("message") if isinstance(choice, dict) else None
    return reported_error((body, choice, message), replied=bool(choices))


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
    text, thinking, refusal, calls_tool = _read_message(message, call)
    used = usage(body)
    if refusal:
        text, end = text or refusal, End.REFUSAL.value
    else:
        end = finish_text(reason, text, call, used, calls_tool=calls_tool)
    return make_reply(call, text, thinking, end, used, logprobs=choice.get("logprobs"))


def _read_message(message: Mapping[str, Any], call: Call) -> tuple[str, str, str, bool]:
    """Text, thinking and refusal of a message, and whether it calls a tool."""
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
    calls_tool = content.calls_tool or message.get("tool_calls") or message.get("function_call")
    return text, thinking, refusal, bool(calls_tool)


def usage(body: Any) -> Usage:
    """The tokens of prompt and reply that a body counts, whatever else it holds."""
    counts = body.get("usage") if isinstance(body, dict) else None
    if not isinstance(counts, dict):
        return Usage()
    details = counts.get("prompt_tokens_details")
    details = details if isinstance(details, dict) else {}
    return Usage.of(
        counts.get("prompt_tokens"),
        counts.get("completion_tokens"),
        details.get("cached_tokens", counts.get("prompt_cache_hit_tokens")),
        details.get("cache_write_tokens"),
    )
