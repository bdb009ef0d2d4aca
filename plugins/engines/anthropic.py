"""The engine `anthropic/MODEL`: Anthropic's Messages API, and servers that speak it."""

from __future__ import annotations

from judgekit.errors import InputError
from judgekit.extension.engine import EngineSetup

from .anthropic_dialect import AnthropicDialect, check_wishes
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

DEFAULT = "https://api.anthropic.com"
CALL = "/v1/messages"
HOSTS = (".anthropic.com",)
KEYS = ("ANTHROPIC_API_KEY",)
VERSION = "2023-06-01"  # of the API; newer models keep to it


def engine(setup: EngineSetup) -> HttpEngine:
    """Makes the engine of `anthropic/MODEL`.

    Args:
        setup: The user's settings.

    Raises:
        InputError: The model is missing, or the base URL is invalid.
        EngineError: The key is missing, or must not be sent to that address; or the user wants what
            the API does not have.
    """
    if not setup.model:
        raise InputError("no model named; write --model anthropic/MODEL")
    check_wishes(setup.seed, logits=setup.logits)
    # Where only the price of writing to the cache is not known, a budget could not hold it.
    caches = setup.price is None or setup.price.cache_write is not None
    dialect = AnthropicDialect(setup.model, caches=caches)
    return HttpEngine("anthropic", dialect, address(setup), setup.max_reply_mb)


def address(setup: EngineSetup) -> Address:
    """Determines URL, headers and key from the user's settings and the environment.

    The base URL is the first of `--base-url`, the named endpoint's, `ANTHROPIC_BASE_URL` and
    Anthropic's own, with or without the version at its end.

    Args:
        setup: The user's settings.

    Raises:
        InputError: The base URL is invalid.
        EngineError: A key is missing, or must not be sent to that address.
    """
    place = parse_place(base_url(setup, "ANTHROPIC_BASE_URL", DEFAULT), "/messages")
    place = Place(place.parts._replace(path=place.parts.path.removesuffix("/v1")), place.loopback)
    variable, key = key_for(place, setup.endpoint, KEYS, trusted=place.host.endswith(HOSTS))
    headers = common_headers() | {"anthropic-version": VERSION}
    headers |= {"x-api-key": key} if key else {}
    url = place.parts._replace(path=place.parts.path + CALL)
    return make_address(place, url, headers, variable, key)
