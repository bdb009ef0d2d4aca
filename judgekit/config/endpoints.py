"""API endpoints, as the user's own configuration names them."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from judgekit.config.prices import Price
from judgekit.errors import InputError
from judgekit.redaction import hide_user, holds_key

__all__ = ["Endpoint", "parse_base_url"]

LIKE = "give one like https://api.openai.com/v1"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An API endpoint of the user's own configuration.

    Attributes:
        name: The name under ``[endpoints.NAME]``, used as ``--endpoint NAME`` or ``NAME/MODEL``.
        base_url: URL of the API.
        key_env: The name of the environment variable that holds the key; never the key itself.
        rpm: Limit of requests per minute.
        tpm: Limit of tokens per minute.
        price: Price of its models, if it is the same for all.
        engine: The engine that answers for its models.
    """

    name: str
    base_url: str
    key_env: str | None = None
    rpm: float | None = None
    tpm: float | None = None
    price: Price | None = None
    engine: str = "openai"


def parse_base_url(url: str, name: str = "the base URL") -> SplitResult:
    """Parses the URL of an API.

    Args:
        url: The URL.
        name: What it is called in messages.

    Raises:
        InputError: It is no http(s) URL. The message shows only a URL that can hold no secret.
    """
    url = url.strip()
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        hide_user(url)
        # Neither the URL nor Python's message, which repeats parts of a password with a slash.
        raise InputError(
            f"{name} has a host or a port that cannot be read (it is not repeated here, as it may "
            f"hold a password); {LIKE}"
        ) from None
    if parts.scheme in ("http", "https") and parts.hostname:
        return parts
    hide_user(url)
    secret = "@" in url or "?" in url or holds_key(url)
    shown = "(not repeated here, as it may hold a password)" if secret else repr(url)
    raise InputError(f"{name} {shown} is not an http(s) address; {LIKE}")
