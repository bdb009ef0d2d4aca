"""The engine `gemini/MODEL`: the method `generateContent` of Google's Gemini API."""

from __future__ import annotations

import re
from urllib.parse import quote

from judgekit.errors import InputError
from judgekit.extension.engine import EngineSetup

from .gemini_dialect import GeminiDialect
from .http_address import (
    Address,
    Place,
    base_url,
    common_headers,
    key_for,
    make_address,
    parse_place,
)
from .http_engine import HttpEngine

__all__ = ["address", "engine"]

DEFAULT = "https://generativelanguage.googleapis.com/v1beta"
HOSTS = ("generativelanguage.googleapis.com", "aiplatform.googleapis.com")
KEYS = ("GEMINI_API_KEY", "GOOGLE_API_KEY")
CALL = re.compile(r"/(?:models|tunedModels)/[^/]*$")


def engine(setup: EngineSetup) -> HttpEngine:
    """Makes the engine of `gemini/MODEL`.

    Args:
        setup: The user's settings.

    Raises:
        InputError: The model is missing, or the base URL is invalid.
        EngineError: The key is missing, or must not be sent to that address.
    """
    model = setup.model.removeprefix("models/")
    if not model:
        raise InputError("no model named; write --model gemini/MODEL")
    return HttpEngine("gemini", GeminiDialect(model), address(setup), setup.max_reply_mb)


def address(setup: EngineSetup) -> Address:
    """Determines URL, headers and key from the user's settings and the environment.

    The base URL is the first of `--base-url`, the named endpoint's, `GOOGLE_GEMINI_BASE_URL` and
    Google's own; without a path it gets the API's version. The key goes into a header, never into
    the URL.

    Args:
        setup: The user's settings.

    Raises:
        InputError: The base URL is invalid.
        EngineError: A key is missing, or must not be sent to that address.
    """
    place = parse_place(base_url(setup, "GOOGLE_GEMINI_BASE_URL", DEFAULT))
    path = CALL.sub("", place.parts.path) or "/v1beta"
    place = Place(place.parts._replace(path=path), place.loopback)
    variable, key = key_for(place, setup.endpoint, KEYS, trusted=place.host.endswith(HOSTS))
    headers = common_headers() | ({"x-goog-api-key": key} if key else {})
    model = setup.model if "/" in setup.model else f"models/{setup.model}"
    url = place.parts._replace(path=f"{path}/{quote(model)}:generateContent")
    return make_address(place, url, headers, variable, key)
