"""Rows as other tools write them, in judgekit's columns: lm-eval's samples, providers' batches.

A row that holds no answer (a failed or refused request) is an error with its reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from judgekit.io.names import NAMES, at
from judgekit.io.row import RowError, shown

__all__ = ["in_known_columns", "request_id"]


def request_id(data: Mapping[str, Any]) -> str | None:
    """The id of a batch's request; None for other rows."""
    name = data.get("custom_id")
    return name if isinstance(name, str) and name else None


def in_known_columns(data: dict[str, Any]) -> dict[str, Any]:
    """A row of another tool with its parts in the usual columns; any other row as it is.

    Raises `RowError` for a batch's line without an answer.
    """
    if isinstance(data.get("doc"), dict) and "resps" in data:
        return _lm_eval(data)
    if "custom_id" in data:
        if "response" in data or "error" in data:
            return _openai_result(data)
        if isinstance(data.get("result"), dict):
            return _anthropic_result(data)
        for name in ("body", "params"):
            if isinstance(data.get(name), dict):
                return _request(data, data[name])
    return data


def _lm_eval(data: dict[str, Any]) -> dict[str, Any]:
    """A sample that `lm_eval --log_samples` wrote: the question of its document, else what was
    asked; the first response if it is the only one; the target as the reference."""
    doc = data["doc"]
    asked = next((doc[name] for name in NAMES["prompt"] if isinstance(doc.get(name), str)), None)
    if asked is None:
        paths = ("arguments.gen_args_0.arg_0", "arguments.0.0", "arguments.0.arg_0")
        asked = next((text for p in paths if isinstance(text := at(data, p), str)), None)
    response = data["resps"]
    while isinstance(response, list) and len(response) == 1:
        response = response[0]
    added = {"prompt": asked, "response": response}
    if "doc_id" in data:
        added["id"] = data["doc_id"]
    if isinstance(data.get("target"), str):
        added["reference"] = data["target"]
    return {name: value for name, value in added.items() if name not in data} | data


def _openai_result(data: dict[str, Any]) -> dict[str, Any]:
    """A line of an OpenAI batch's output or error file."""
    if data.get("error"):
        raise _failed(data, data["error"])
    response = data.get("response")
    status = at(data, "response.status_code")
    body = at(data, "response.body")
    if not isinstance(response, dict) or not isinstance(body, dict):
        raise _failed(data, response)
    if body.get("error") or (isinstance(status, int) and status >= 400):
        raise _failed(data, body.get("error") or f"status {status}")
    kept = {name: value for name, value in data.items() if name not in ("response", "error")}
    return kept | _named(data, body.get("model")) | {"response": _openai_text(data, body)}


def _openai_text(data: Mapping[str, Any], body: Mapping[str, Any]) -> Any:
    """The answer of a chat, a plain completion, or a response of the Responses API."""
    choices = body.get("choices")
    if isinstance(choices, list):
        if len(choices) != 1 or not isinstance(choices[0], dict):
            raise _failed(data, f"{len(choices)} choices; keep one answer per row")
        choice = choices[0]
        message = choice["message"] if isinstance(choice.get("message"), dict) else {}
        refusal = message.get("refusal")
        if choice.get("finish_reason") == "content_filter" or refusal:
            raise _failed(data, refusal or "withheld by the content filter")
        return _answer(data, message.get("content", choice.get("text")), message)
    parts = [
        part
        for item in _dicts(body.get("output"))
        if item.get("type") == "message"
        for part in _dicts(item.get("content"))
    ]
    return _answer(data, _joined(parts, "output_text"), {})


def _anthropic_result(data: dict[str, Any]) -> dict[str, Any]:
    """A line of the results of Anthropic's message batches."""
    result = data["result"]
    message = result.get("message")
    if result.get("type") != "succeeded" or not isinstance(message, dict):
        raise _failed(data, result.get("error") or result.get("type"))
    if message.get("stop_reason") == "refusal":
        raise _failed(data, "the model refused")
    kept = {name: value for name, value in data.items() if name != "result"}
    text = _joined(_dicts(message.get("content")), "text")
    return kept | _named(data, message.get("model")) | {"response": _answer(data, text, {})}


def _request(data: dict[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    """A line of a batch's input: a prompt."""
    prompt = next((body[n] for n in ("messages", "input", "prompt") if body.get(n)), None)
    system = body.get("system") or body.get("instructions")
    if isinstance(system, str):
        turns = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else prompt
        prompt = [{"role": "system", "content": system}, *(turns or ())]
    return data | _named(data, body.get("model")) | {"prompt": prompt}


def _named(data: Mapping[str, Any], model: object) -> dict[str, Any]:
    named = {"id": data["custom_id"]}
    return named | {"model": model} if isinstance(model, str) else named


def _answer(data: Mapping[str, Any], text: object, message: Mapping[str, Any]) -> str:
    if not isinstance(text, str):
        if message.get("tool_calls") or message.get("function_call"):
            raise _failed(data, "the answer calls tools; judgekit judges text")
        raise _failed(data, f"the answer is {shown(text)}, not text")
    return text


def _joined(parts: Sequence[Mapping[str, Any]], kind: str) -> str | None:
    texts = [part.get("text") for part in parts if part.get("type") == kind]
    held = [text for text in texts if isinstance(text, str)]
    return "".join(held) if held else None


def _dicts(value: object) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _failed(data: Mapping[str, Any], why: object) -> RowError:
    """The error of a request without an answer, with what its provider said."""
    if isinstance(why, dict):
        inner = why["error"] if isinstance(why.get("error"), dict) else why
        parts = [inner.get(name) for name in ("code", "type", "message")]
        why = ": ".join(str(text) for text in parts if text) or why
    message = " ".join(str(why).split()) if isinstance(why, str) else shown(why)
    return RowError(f"no answer to the request {shown(data['custom_id'])}: {message:.120}")
