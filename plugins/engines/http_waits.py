"""The pause that a server asks for: in its headers, in fields of its error, or in words.

OpenAI says "Please try again in 1m2.5s", Azure "retry after 30 seconds", Google `retryDelay: "40s"`
in a RetryInfo, gateways `retry_after: 40`. Every pattern is bounded, since the texts are anyone's.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

__all__ = ["asked_wait", "duration", "wait_in_body", "wait_in_text"]

READ = 20_000  # characters of a text, and values of a body, that are looked at
DEPTH = 16  # levels of a body that are looked at

SECONDS = {"ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
UNIT = (
    r"(?:(?P<ms>ms|msecs?|millis(?:econds?)?|milliseconds?)|(?P<s>s|secs?|seconds?)"
    r"|(?P<m>m|mins?|minutes?)|(?P<h>h|hrs?|hours?)|(?P<d>d|days?))"
)
PART = re.compile(
    rf"\s{{0,3}}(?:(?:,|and)\s{{0,3}})?(?P<n>\d{{1,15}}(?:\.\d{{1,15}})?)\s?{UNIT}(?![^\W\d])",
    re.IGNORECASE,
)
BARE = re.compile(r"\s{0,3}(\d{1,15}(?:\.\d{1,15})?)(?=\s{0,3}(?:[.,;:!)\]\"'}](?!\d)|$))")
ASKS = re.compile(
    r"\b(?:re-?try(?:ing)?(?:[-_ ]?after)?|try(?:ing)?(?: it| this| your request)? again"
    r"|wait(?:ing)?|resets?|available(?: again)?|back ?off)\b"
    r"[-_ ]?(?:delay|for|in|after|at least|about|approximately)?"
    r"(?: (?:about|at least|approximately|another))?[\"']?\s{0,3}[:=~]?\s{0,3}[\"']?",
    re.IGNORECASE,
)
WITHIN = re.compile(r"\b(?:in|after)\b", re.IGNORECASE)
CHINESE = re.compile(
    r"(?P<n>\d{1,15}(?:\.\d{1,15})?)\s?(?:(?P<ms>毫秒)|(?P<s>秒)|(?P<m>分)|(?P<h>小时))钟?(?:之|以)?后"
)
FIELDS = {  # names of fields in lower case without separators, and their unit in seconds
    "retryafter": 1.0,
    "retryafterseconds": 1.0,
    "retryaftersecs": 1.0,
    "retryafterms": 1e-3,
    "retryaftermilliseconds": 1e-3,
    "retrydelay": 1.0,
    "retrydelayseconds": 1.0,
    "retrydelayms": 1e-3,
    "retryin": 1.0,
    "retryinseconds": 1.0,
    "retryinms": 1e-3,
}


def asked_wait(headers: Mapping[str, str], in_body: float | None = None) -> float | None:
    """The pause in seconds that a server asks for; None if it names none that can be read.

    The first of: `retry-after-ms`; Retry-After as seconds or date (RFC 9110, 10.2.3) or with a
    unit; what the body says; `x-ratelimit-reset-…` of a limit of which nothing remains.

    Args:
        headers: The response's headers.
        in_body: The pause that its body names.
    """
    for name, unit in (("retry-after-ms", 1e-3), ("Retry-After", 1.0)):
        wait = duration(headers.get(name, ""), unit)
        if wait is not None:
            return wait
    try:
        until = parsedate_to_datetime(headers.get("Retry-After", "")).timestamp()
    except (ValueError, OverflowError):
        pass
    else:
        return max(0.0, until - time.time())
    return _until_reset(headers) if in_body is None else in_body


def _until_reset(headers: Mapping[str, str]) -> float | None:
    """The longest pause until a used-up limit is whole again."""
    waits = (
        duration(headers.get(f"x-ratelimit-reset-{what}", ""))
        for what in ("requests", "tokens")
        if headers.get(f"x-ratelimit-remaining-{what}", "").strip() in ("0", "-1")
    )
    return max((wait for wait in waits if wait is not None), default=None)


def duration(text: str, unit: float = 1.0) -> float | None:
    """A duration such as ``40``, ``40s``, ``1m2.5s`` or ``1 minute and 3 s``, in seconds.

    Args:
        text: The whole text is the duration.
        unit: The unit of a number without one, in seconds.

    Returns:
        At least 0; None if it is no duration, or none that is finite.
    """
    try:
        seconds = float(text) * unit
    except ValueError:
        total, end = _parts(text, 0)
        return None if text[end:].strip() else total
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _parts(text: str, start: int) -> tuple[float | None, int]:
    """The sum of the numbers with units that begin here, and where they end."""
    total, end = None, start
    while match := PART.match(text, end):
        total = (total or 0.0) + _seconds(match)
        end = match.end()
    return total, end


def _seconds(match: re.Match[str]) -> float:
    units = match.groupdict()
    return float(match["n"]) * next(SECONDS[name] for name in SECONDS if units.get(name))


def wait_in_text(text: str) -> float | None:
    """The first pause that a message asks for in words, in seconds; None if it asks for none."""
    text = text[:READ]
    for asks in ASKS.finditer(text):
        seconds, _ = _parts(text, asks.end())
        if seconds is not None:
            return seconds
        if bare := BARE.match(text, asks.end()):
            return float(bare[1])
    for within in WITHIN.finditer(text):
        seconds, _ = _parts(text, within.end())
        if seconds is not None:
            return seconds
    chinese = CHINESE.search(text)
    return _seconds(chinese) if chinese else None


def wait_in_body(body: Any) -> float | None:
    """The first pause that a field of an error's JSON names, in seconds; None if none does.

    Args:
        body: The parsed JSON.
    """
    waits = (_as_wait(value, FIELDS[name]) for name, value in _named(body) if name in FIELDS)
    return next((wait for wait in waits if wait is not None), None)


def _named(body: Any) -> Iterator[tuple[str, Any]]:
    """The first fields of a body, with their names in lower case and without separators."""
    below: list[Any] = [body]
    seen = 0
    for _ in range(DEPTH):
        level = [value for value in below if isinstance(value, Mapping | list)]
        below = []
        for value in level:
            if isinstance(value, Mapping):
                for name, inner in value.items():
                    yield str(name)[:40].lower().replace("_", "").replace("-", ""), inner
            below += value.values() if isinstance(value, Mapping) else value
            seen += len(value)
            if seen > READ:
                return


def _as_wait(value: object, unit: float) -> float | None:
    if isinstance(value, Mapping):  # a protobuf Duration that was not made a text
        seconds, nanos = value.get("seconds", 0), value.get("nanos", 0)
        plain = all(isinstance(n, int | float | str) for n in (seconds, nanos))
        first, rest = (duration(str(n)) for n in (seconds, nanos)) if plain else (None, None)
        return None if first is None or rest is None else first + rest * 1e-9
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return duration(str(value), unit)
    except ValueError:  # a whole number of thousands of digits
        return None
