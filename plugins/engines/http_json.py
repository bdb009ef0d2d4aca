"""JSON as it is sent to servers, and as servers write it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import orjson

from judgekit.errors import EngineError

__all__ = ["dumps", "loads", "valid_unicode"]

SURROGATE = re.compile("[\ud800-\udfff]")


def dumps(body: Mapping[str, Any]) -> bytes:
    """A body as JSON in UTF-8; lone surrogates, which no server accepts, become U+FFFD.

    Raises:
        EngineError: One of the user's arguments cannot be JSON.
    """
    try:
        return orjson.dumps(body)
    except TypeError:
        try:
            return valid_unicode(json.dumps(body, ensure_ascii=False)).encode()
        except (TypeError, ValueError) as error:
            raise EngineError(f"a model argument cannot be sent as JSON: {error}") from error


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
