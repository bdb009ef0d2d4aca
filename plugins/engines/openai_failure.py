"""Interprets a server's refusal: who has to act, and whether a retry may help."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from judgekit.errors import CallFailure, EngineError
from judgekit.redaction import redact_message
from judgekit.types import Status

from .openai_address import Address
from .openai_reply import loads, valid_unicode
from .openai_waits import asked_wait, wait_in_body, wait_in_text

__all__ = ["ServerError", "failure"]

RETRYABLE = frozenset({408, 409, 425, 429})
FILTER_CODES = frozenset(
    {
        "content_filter",
        "content_policy_violation",
        "responsibleaipolicyviolation",
        "data_inspection_failed",
        "datainspectionfailed",
        "invalid_prompt",
    }
)
FILTER_TEXT = re.compile(
    r"content[ _-](?:management )?(?:filter|policy)|usage polic|safety (?:system|filter)|flagged",
    re.IGNORECASE,
)
LENGTH_CODES = frozenset(
    {"context_length_exceeded", "string_above_max_length", "exceed_context_size_error"}
)
LENGTH_TEXT = re.compile(
    r"(?:context|prompt|input|sequence)[ _](?:length|window|size)|too many (?:input )?tokens"
    r"|(?:prompt|input|request|string) (?:is )?too (?:long|large)|reduce the length"
    r"|maximum (?:context|input|prompt)",
    re.IGNORECASE,
)
QUOTA_CODES = frozenset({"insufficient_quota", "billing_hard_limit_reached"})
MODEL_CODES = frozenset({"model_not_found", "deploymentnotfound", "invalid_model"})
KEY = re.compile(r"\b(?:(?:sk|rk|pk|gsk|hf)[-_]|AIza)[\w*.-]{6,}")
SHOWN = 240  # characters of a server's message that fit a line


@dataclass(frozen=True, slots=True)
class ServerError:
    """An error body: a short line without secrets, its codes in lower case, and the parameter.

    `text` joins message, parameter and codes, for pattern matching. `wait` is the pause in seconds
    that the body asks for.
    """

    message: str
    codes: frozenset[str] = frozenset()
    param: str | None = None
    wait: float | None = None

    @property
    def text(self) -> str:
        return " ".join((self.message, self.param or "", *sorted(self.codes)))

    @classmethod
    def read(cls, body: bytes, secrets: Sequence[str] = ()) -> ServerError:
        """Reads the formats in use: OpenAI's, Azure's, Google's list, FastAPI's, plain text."""
        try:
            data = loads(body)
        except ValueError:
            text = _without_tags(body.decode("utf-8", "replace"))
            return cls(_line(text, secrets), wait=wait_in_text(text))
        named = wait_in_body(data)
        if isinstance(data, list) and data:
            data = data[0]
        error = data.get("error", data) if isinstance(data, dict) else data
        if not isinstance(error, dict):
            wait = wait_in_text(str(error)) if named is None else named
            return cls(_line(str(error), secrets), wait=wait)
        inner = error.get("innererror") or error.get("inner_error") or {}
        detail = error.get("detail")
        rows = [row for row in detail if isinstance(row, dict)] if isinstance(detail, list) else []
        codes = [error.get(name) for name in ("code", "type", "status")]
        codes += [inner.get("code")] if isinstance(inner, dict) else []
        codes += [row.get("type") for row in rows]
        params = [error.get("param"), *(".".join(map(str, row.get("loc") or ())) for row in rows)]
        message = error.get("message") or detail or error
        if rows:
            message = "; ".join(f"{row.get('loc')}: {row.get('msg')}" for row in rows)
        param = next((p for p in params if isinstance(p, str) and p), None)
        return cls(
            _line(str(message), secrets),
            frozenset(str(code).lower() for code in codes if code),
            param.removeprefix("body.") if param else None,
            wait_in_text(str(message)) if named is None else named,
        )


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


def failure(
    status: int,
    headers: Mapping[str, str],
    error: ServerError,
    *,
    model: str,
    at: Address,
    answered: bool,
) -> CallFailure:
    """Interprets an HTTP status other than success.

    Args:
        status: The HTTP status.
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
    said = f"{at.name} answered {status}: {error.message or 'nothing more'}"
    if status != 429 and status < 500:
        if error.codes & FILTER_CODES or FILTER_TEXT.search(error.message):
            return CallFailure("content filter", said, status=Status.REFUSED)
        if status == 413 or (
            status in (400, 422)
            and (error.codes & LENGTH_CODES or LENGTH_TEXT.search(error.message))
        ):
            return CallFailure("too long", said, status=Status.TOO_LONG)
    if cause := _fatal(status, headers, error, model=model, at=at, answered=answered):
        raise EngineError(f"{cause} ({status}: {error.message or 'no message'})")
    retryable = status in RETRYABLE or status >= 500
    after = asked_wait(headers, error.wait) if retryable else None
    return CallFailure(f"http {status}", said, retryable=retryable, after=after)


def _fatal(
    status: int,
    headers: Mapping[str, str],
    error: ServerError,
    *,
    model: str,
    at: Address,
    answered: bool,
) -> str | None:
    """Why no call can ever be answered, and what to do; None if another call may be."""
    if status == 401 and at.variable:
        return f"{at.name} rejects the key in {at.variable}; check the key and whose it is"
    if status == 401:
        return f"{at.name} wants a key; name it as an endpoint with key_env in your configuration"
    if status == 402 or (status in (403, 429) and error.codes & QUOTA_CODES):
        return f"the account at {at.name} has no credit left; add some, or use another key"
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
