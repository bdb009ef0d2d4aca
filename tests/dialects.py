"""Providers' dialects, from the servers' side: one judge answers whoever asks, in any of them.

A question reaches the judge as a chat completion's body; its answer goes back as the provider that
the path belongs to would write it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["as_chat", "as_provider", "key_of", "provider_of"]

Body = dict[str, Any]
ANTHROPIC_REASONS = {"stop": "end_turn", "length": "max_tokens", "content_filter": "refusal"}
GEMINI_REASONS = {"stop": "STOP", "length": "MAX_TOKENS", "content_filter": "SAFETY"}
ANTHROPIC_ERRORS = {
    400: "invalid_request_error", 401: "authentication_error", 404: "not_found_error",
    413: "request_too_large", 429: "rate_limit_error", 500: "api_error", 529: "overloaded_error",
}  # fmt: skip
GEMINI_ERRORS = {
    400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL", 503: "UNAVAILABLE",
}  # fmt: skip


def provider_of(path: str) -> str:
    """Whose dialect is spoken at a path."""
    path = path.partition("?")[0]
    if path.endswith("/messages"):
        return "anthropic"
    return "gemini" if path.endswith(":generateContent") else "openai"


def key_of(headers: Mapping[str, str]) -> str:
    """The key that a request bears, as OpenAI's header has it; empty without one."""
    for name in ("x-api-key", "x-goog-api-key"):
        if name in headers:
            return f"Bearer {headers[name]}"
    return headers.get("Authorization", "")


def as_chat(path: str, body: Body) -> Body:
    """The body that would ask the same in a chat completion."""
    provider = provider_of(path)
    if provider == "openai":
        return body
    if provider == "anthropic":
        system, turns = body.get("system"), body["messages"]
        system = system[0]["text"] if isinstance(system, list) else system
        model, messages = body["model"], [dict(turn) for turn in turns]
    else:
        system = body.get("systemInstruction", {"parts": [{"text": None}]})["parts"][0]["text"]
        model = path.rpartition("/")[2].partition(":")[0]
        messages = [
            {
                "role": "assistant" if turn["role"] == "model" else turn["role"],
                "content": "".join(part["text"] for part in turn["parts"]),
            }
            for turn in body["contents"]
        ]
    instructions = [{"role": "system", "content": system}] if system else []
    sampling = body.get("generationConfig", body)
    warmth = {"temperature": sampling["temperature"]} if "temperature" in sampling else {}
    return {"model": model, "messages": instructions + messages} | warmth


def as_provider(path: str, status: int, answer: Any) -> Any:
    """A chat completion, or an error, as the provider of that path writes it."""
    provider = provider_of(path)
    if provider == "openai" or not isinstance(answer, dict):
        return answer
    if "error" in answer:
        message = answer["error"]["message"]
        if provider == "anthropic":
            kind = ANTHROPIC_ERRORS.get(status, "api_error")
            return {"type": "error", "error": {"type": kind, "message": message}}
        state = GEMINI_ERRORS.get(status, "UNKNOWN")
        return {"error": {"code": status, "message": message, "status": state}}
    [choice], usage = answer["choices"], answer["usage"]
    text, reason = choice["message"]["content"], choice["finish_reason"]
    prompt, reply = usage["prompt_tokens"], usage["completion_tokens"]
    details = usage.get("prompt_tokens_details", {})
    cached, written = (details.get(name, 0) for name in ("cached_tokens", "cache_write_tokens"))
    if provider == "anthropic":
        return {
            "type": "message",
            "role": "assistant",
            "content": [{"type": "text", "text": text}],
            "stop_reason": ANTHROPIC_REASONS.get(reason, reason),
            "usage": {
                "input_tokens": prompt - cached - written,
                "cache_read_input_tokens": cached,
                "cache_creation_input_tokens": written,
                "output_tokens": reply,
            },
        }
    candidate = {
        "content": {"role": "model", "parts": [{"text": text}]},
        "finishReason": GEMINI_REASONS.get(reason, reason),
    }
    counts = {"promptTokenCount": prompt, "candidatesTokenCount": reply}
    counts |= {"cachedContentTokenCount": cached} if cached else {}
    return {"candidates": [candidate], "usageMetadata": counts}
