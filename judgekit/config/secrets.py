"""Recognises keys: they belong in environment variables, never in a file, a flag or a run."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from urllib.parse import parse_qsl, unquote, urlsplit

from judgekit.redaction import holds_key

__all__ = ["KEYS", "find_key", "key_segments", "url_holds_key"]

KEYS = frozenset({"key", "api_key", "apikey", "secret", "password", "token", "authorization"})
"""Names of keys in a configuration file, in lower case and with underscores."""

NAME = re.compile(
    r"(^|[-_])(key|sig|pwd)$|(api|access|account|auth|private|subscription)[-_]?key"
    r"|secret|passw|authorization|credential|cookie|signature"
    r"|(^|access|api|auth|bearer|refresh|session)[-_]?token$",
    re.IGNORECASE,
)
NO_KEY = frozenset({"prompt_cache_key"})  # an argument of OpenAI's that holds none


def find_key(value: object, name: str = "") -> str | None:
    """The dotted place of the first key within a value; None if there is none.

    A text under a name such as ``api_key`` counts as a key, and so does one that holds something of
    a key's form.
    """
    return next(_keys(value, name, name), None)


def url_holds_key(url: str) -> bool:
    """Whether a URL holds a user, a password, or a key in its path, query or anywhere else.

    Raises:
        ValueError: It is not a URL.
    """
    parts = urlsplit(url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    return (
        "@" in parts.netloc
        or holds_key(unquote(url))
        or bool(key_segments(parts.path))
        or any(find_key(value, name) is not None for name, value in query)
    )


def key_segments(path: str) -> list[str]:
    """The segments of a URL's path that are keys, by their form or by what names them."""
    segments = path.split("/")
    named = (part for above, part in pairwise(segments) if _names(above) and _is_random(part))
    written = (part for part in segments if _names(part.partition("=")[0]) and "=" in part)
    formed = (part for part in segments if holds_key(unquote(part)))
    return [part for part in (*named, *written, *formed) if part]


def _is_random(text: str) -> bool:
    return len(text) >= 8 and any(map(str.isdigit, text))


def _names(name: str) -> bool:
    return NAME.search(name) is not None and name not in NO_KEY


def _keys(value: object, place: str, name: str) -> Iterator[str]:
    if isinstance(value, Mapping):
        for inner, held in value.items():
            where = f"{place}.{inner}" if place else str(inner)
            # The name itself may be the key, so it must not be repeated.
            if holds_key(str(inner)):
                yield place
            yield from _keys(held, where, str(inner))
    elif isinstance(value, list | tuple):
        for held in value:
            yield from _keys(held, place, name)
    elif isinstance(value, str | os.PathLike):
        text = os.fspath(value)
        if text and (_names(name) or holds_key(text)):
            yield place
