"""Recognises keys: they belong in environment variables, never in a file, a flag or a run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import parse_qsl, urlsplit

__all__ = ["KEYS", "LIKE_A_KEY", "find_key", "url_holds_key"]

KEYS = frozenset({"key", "api_key", "apikey", "secret", "password", "token", "authorization"})
"""Names of keys in a configuration file, in lower case and with underscores."""

LIKE_A_KEY = re.compile(
    r"[Bb]earer\s+\S+|AIza[\w-]{20,}|(?=.*\d)(sk|pk|rk|hf|gsk|xai|pplx|r8|ghp|nvapi)[-_][\w-]{12,}"
)
"""A key by its own form."""

NAME = re.compile(
    r"(^|[-_])(key|sig|pwd)$|(api|access|account|auth|private|subscription)[-_]?key"
    r"|secret|passw|authorization|credential|cookie|signature"
    r"|(^|access|api|auth|bearer|refresh|session)[-_]?token$",
    re.IGNORECASE,
)
NO_KEY = frozenset({"prompt_cache_key"})  # an argument of OpenAI's that holds none


def find_key(value: object, name: str = "") -> str | None:
    """The dotted place of the first key within a value; None if there is none.

    A text under a name such as ``api_key`` counts as a key, and so does a text of a key's form.
    """
    return next(_keys(value, name, name), None)


def url_holds_key(url: str) -> bool:
    """Whether a URL holds a user, a password, or a key in its query.

    Raises:
        ValueError: It is not a URL.
    """
    parts = urlsplit(url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    return "@" in parts.netloc or any(find_key(value, name) is not None for name, value in query)


def _keys(value: object, place: str, name: str) -> Iterator[str]:
    if isinstance(value, Mapping):
        for inner, held in value.items():
            where = f"{place}.{inner}" if place else str(inner)
            # The name itself may be the key, so it must not be repeated.
            if LIKE_A_KEY.search(str(inner)):
                yield place
            yield from _keys(held, where, str(inner))
    elif isinstance(value, list | tuple):
        for held in value:
            yield from _keys(held, place, name)
    elif isinstance(value, str):
        named = NAME.search(name) is not None and name not in NO_KEY
        if value and (named or any(map(LIKE_A_KEY.fullmatch, (value, *value.split())))):
            yield place
