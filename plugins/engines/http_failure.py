"""Interprets a server's refusal: who has to act, and whether a retry may help."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from judgekit.errors import CallFailure, EngineError
from judgekit.redaction import redact_message
from judgekit.types import Status

from .http_address import Address
from .http_json import loads, valid_unicode
from .http_meaning import Trouble, status_of, trouble_of
from .http_waits import asked_wait, wait_in_body, wait_in_text

__all__ = ["ServerError", "blocked_prompt", "failure", "reported_error"]

RETRYABLE = frozenset({408, 409, 425, 429})
MODEL_CODES = frozenset({"model_not_found", "deploymentnotfound", "invalid_model"})
KEY = re.compile(r"\b(?:(?:sk|rk|pk|gsk|hf)[-_]|AIza)[\w*.-]{6,}")
SHOWN = 240  # characters of a server's message that fit a line
READ = 2000  # characters of a message that are looked at
MOST_NODES = 60  # objects of a body that are looked at
REPORTS = ("message", "msg", "detail", "errors", "error_msg", "error_message", "base_resp")
CASES = {Trouble.CONTENT: Status.REFUSED, Trouble.TOO_LONG: Status.TOO_LONG}
NESTED = ("error", "errors", "detail", "message", "innererror", "inner_error", "base_resp")
TEXTS = (
    "message", "msg", "detail", "error", "error_msg", "error_message", "errmsg", "status_msg",
    "error_description", "title",
)  # fmt: skip
CODES = ("code", "type", "status", "error_type", "error_code", "status_code", "errcode")


@dataclass(frozen=True, slots=True)
class ServerError:
    """An error body: a short line without secrets, its codes in lower case, and the parameter.

    `text` is more of the message with parameter and codes, for pattern matching. `status` is the
    HTTP status that the body itself names. `wait` is the pause in seconds that it asks for.
    """

    message: str
    codes: frozenset[str] = frozenset()
    param: str | None = None
    wait: float | None = None
    status: int | None = None
    full: str = ""

    @property
    def text(self) -> str:
        return " ".join((self.full or self.message, self.param or "", *sorted(self.codes)))

    @classmethod
    def read(cls, body: bytes, secrets: Sequence[str] = ()) -> ServerError:
        """Reads any body: JSON in the formats in use, or in none; plain text; a page of HTML."""
        try:
            data = loads(body)
        except ValueError:
            text = _without_tags(body.decode("utf-8", "replace"))
            return cls(_line(text, secrets), wait=wait_in_text(text), full=text[:READ])
        return cls.of(data, secrets)

    @classmethod
    def of(cls, data: Any, secrets: Sequence[str] = ()) -> ServerError:
        """Reads the parsed JSON of an error, whatever its shape."""
        nodes = list(_nodes(data))
        rows = [node for node in nodes if "loc" in node]  # FastAPI's, one for each bad field
        fields = [": ".join(filter(None, (_place(row["loc"]), _text(row)))) for row in rows]
        message = (
            "; ".join(filter(None, fields))
            or next(filter(None, map(_text, nodes)), "")
            or _json_text(data)
        )
        given = [node[name] for node in nodes for name in CODES if name in node]
        codes = frozenset(
            str(code).lower()[:100]
            for code in given
            if isinstance(code, str) or (isinstance(code, int) and 0 < code < 10**6)
        )
        params = [node.get("param") for node in nodes] + [_place(row["loc"]) for row in rows]
        named = wait_in_body(data)
        return cls(
            _line(message, secrets),
            codes - {"true"},
            next((param for param in params if isinstance(param, str) and param), None),
            wait_in_text(message) if named is None else named,
            status_of({int(code) for code in codes if re.fullmatch("[0-9]{3,6}", code)}, codes),
            message[:READ],
        )


def _nodes(data: Any) -> Iterator[Mapping[str, Any]]:
    """The objects of an error, the outer ones first; OpenRouter's own lies in `metadata`."""
    below, seen = [data], 0
    while below and seen < MOST_NODES:
        value, *below = below
        seen += 1
        if isinstance(value, dict):
            yield value
            below += [value[name] for name in NESTED if isinstance(value.get(name), dict | list)]
        elif isinstance(value, list):
            below += value[:MOST_NODES]


def _text(node: Mapping[str, Any]) -> str:
    """The message of one object; empty if it has none."""
    texts = (node.get(name) for name in TEXTS)
    text = next((text for text in texts if isinstance(text, str) and text.strip()), "")
    metadata = node.get("metadata")
    raw = metadata.get("raw") if isinstance(metadata, dict) else None
    return f"{text}: {raw}" if text and isinstance(raw, str) else text


def _place(loc: object) -> str:
    """A field as FastAPI names it: `body.messages.0`, without the body."""
    parts = loc if isinstance(loc, list) else [loc]
    plain = [str(part) for part in parts[:20] if isinstance(part, str | int)]
    return ".".join(plain[1:] if plain[:1] == ["body"] and len(plain) > 1 else plain)


def _json_text(data: Any) -> str:
    try:
        return json.dumps(data, ensure_ascii=False)
    except (RecursionError, ValueError):  # deeply nested; a number of thousands of digits
        return "an error without a message"


def _without_tags(text: str) -> str:
    """The text of a page of HTML, roughly; one pass, however long and whatever it holds."""
    kept, at, lower = [], 0, text.lower()
    while (start := text.find("<", at)) >= 0 and (end := text.find(">", start)) >= 0:
        kept.append(text[at:start])
        at = end + 1
        for name in ("script", "style"):
            if lower.startswith(name, start + 1):
                at = lower.find(f"</{name}", at)
        if at < 0:
            return " ".join(kept)
    return " ".join((*kept, text[at:]))


def _line(text: str, secrets: Sequence[str]) -> str:
    """One short line without any key."""
    for secret in secrets:
        text = text.replace(secret, "[key]")
    text = redact_message(" ".join(KEY.sub("[key]", valid_unicode(text)).split()))
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"


def reported_error(places: Sequence[Any], *, replied: bool) -> Any:
    """The error that the body of a success reports; None if there is none.

    Args:
        places: The body, and what in it may hold an error: a choice, a message.
        replied: Whether the body holds a reply. One without is an error as a whole if it has a
            message.
    """
    for place in places:
        error = place.get("error") if isinstance(place, dict) else None
        blank = isinstance(error, dict) and not any(error.values())
        if error and not blank:
            return {"error": error}
    body = places[0]
    return body if not replied and any(body.get(name) for name in REPORTS) else None


def blocked_prompt(body: Mapping[str, Any]) -> Any:
    """Gemini's refusal of a prompt, also through a gateway; None if it is not refused."""
    feedback = body.get("promptFeedback")
    reason = feedback.get("blockReason") if isinstance(feedback, dict) else None
    return {"error": f"blockReason: {reason}"} if reason else None


def failure(
    status: int,
    headers: Mapping[str, str],
    error: ServerError,
    *,
    model: str,
    at: Address,
    answered: bool,
) -> CallFailure:
    """Interprets an error.

    Args:
        status: The HTTP status; 200 of an error in the body of a success that names no other.
        headers: The response's headers.
        error: The response's error.
        model: The model's name.
        at: The address.
        answered: Whether this server has answered any call of the run. If so, a 403 or 404 is more
            likely about one call (a gateway's filter, a lost node) than about the run.

    Returns:
        The failure of this call.

    Raises:
        EngineError: No call can be answered: key, model, address or credit is wrong.
    """
    message = f"{at.name} answered {status}: {error.message or 'nothing more'}"
    trouble = trouble_of(status, error.full, error.codes)
    if trouble in CASES:
        return CallFailure(trouble.value, message, status=CASES[trouble])
    if cause := _fatal(status, headers, error, trouble, model=model, at=at, answered=answered):
        raise EngineError(f"{cause} ({status}: {error.message or 'no message'})")
    if status < 300:
        message = f"{at.name} answered with an error: {error.message}"
        return CallFailure("error in a reply", message, retryable=True, common=True)
    retryable = status in RETRYABLE or status >= 500
    after = asked_wait(headers, error.wait) if retryable else None
    return CallFailure(f"http {status}", message, retryable=retryable, after=after, common=True)


def _fatal(
    status: int,
    headers: Mapping[str, str],
    error: ServerError,
    trouble: Trouble,
    *,
    model: str,
    at: Address,
    answered: bool,
) -> str | None:
    """Why no call can ever be answered, and what to do; None if another call may be."""
    if trouble is Trouble.KEY and at.variable:
        return f"{at.name} rejects the key in {at.variable}; check the key and whose it is"
    if trouble is Trouble.KEY:
        return f"{at.name} wants a key; name it as an endpoint with key_env in your configuration"
    if trouble is Trouble.CREDIT:
        return f"the account at {at.name} has no credit left; add some, or use another key"
    if trouble is Trouble.ACCOUNT:
        return f"{at.name} does not serve this account; settle that there, or use another key"
    if 300 <= status < 400:
        to = headers.get("Location", "elsewhere").partition("?")[0]
        return f"{at.name} sends calls on to {to!r}; give the base URL that it means"
    if error.codes & MODEL_CODES and status in (400, 403, 404):
        return f"{at.name} has no model {model!r}; check the name after the slash of --model"
    if answered:
        return None
    if status == 403:
        with_key = f" with the key in {at.variable}" if at.variable else " without a key"
        return f"{at.name} does not allow {model!r}{with_key}; check what the account may use"
    if status == 404:
        return (
            f"{at.name} has no model {model!r}, or is no API's base URL (which mostly ends in "
            "/v1); check both"
        )
    if status == 405:
        return f"{at.name} takes no completions; check the base URL, which mostly ends in /v1"
    return None
