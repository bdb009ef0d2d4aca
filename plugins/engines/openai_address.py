"""The address of an OpenAI-compatible API, Azure's included, and its headers.

The base URL is the first of `--base-url`, the named endpoint's, `OPENAI_BASE_URL`,
`AZURE_OPENAI_ENDPOINT` and OpenAI's own.
"""

from __future__ import annotations

import os
from urllib.parse import SplitResult, quote, urlencode, urlsplit, urlunsplit

from judgekit.errors import EngineError
from judgekit.extension.engine import EngineSetup

from .http_address import (
    Address,
    Place,
    base_url,
    common_headers,
    key_for,
    make_address,
    parse_place,
)

__all__ = ["address"]

DEFAULT = "https://api.openai.com/v1"
CALL = "/chat/completions"
OPENAI_HOSTS = (".openai.com",)
OPENAI_KEYS = ("OPENAI_API_KEY",)
AZURE_KEYS = ("AZURE_OPENAI_API_KEY", "AZURE_OPENAI_AD_TOKEN")
AZURE_HOSTS = (
    ".openai.azure.com",
    ".openai.azure.us",
    ".openai.azure.cn",
    ".cognitiveservices.azure.com",
)


def address(setup: EngineSetup) -> Address:
    """Determines URL, headers and key from the user's settings and the environment.

    Args:
        setup: The user's settings.

    Raises:
        InputError: The base URL is invalid.
        EngineError: A key is missing, or must not be sent to that address.
    """
    place, azure = _place(setup)
    of_azure = azure or place.host.endswith(AZURE_HOSTS)
    variables = AZURE_KEYS if of_azure else OPENAI_KEYS
    trusted = of_azure or place.host.endswith(OPENAI_HOSTS)
    variable, key = key_for(place, setup.endpoint, variables, trusted=trusted)
    base, query, headers = place.parts, "", common_headers()
    if azure or _package_knows_more():
        base, query, headers = _configured(place, azure, key)
    path = base.path.rstrip("/")
    if azure and "/deployments/" not in path:
        path += f"/deployments/{quote(setup.model, safe='')}"
    query = "&".join(q for q in (base.query, query) if q)
    if key:
        azure_key = azure and variable != "AZURE_OPENAI_AD_TOKEN"
        headers |= {"api-key": key} if azure_key else {"Authorization": f"Bearer {key}"}
    url = base._replace(path=path + CALL, query=query, fragment="")
    return make_address(place, url, headers, variable, key)


def _place(setup: EngineSetup) -> tuple[Place, bool]:
    """The base URL, and whether it is that of Azure's older API, which has deployments."""
    url = base_url(setup, "OPENAI_BASE_URL", "")
    named_azure = "" if url else os.environ.get("AZURE_OPENAI_ENDPOINT", "")
    place = parse_place(url or named_azure or DEFAULT, CALL)
    path = place.parts.path
    azure = bool(named_azure) or place.host.endswith(AZURE_HOSTS)
    if azure and not path:
        place = Place(place.parts._replace(path="/openai"), place.loopback)
    # Azure's newer API is like OpenAI's, without deployments.
    return place, azure and not path.endswith("/v1")


def _package_knows_more() -> bool:
    """Whether one of the `openai` package's variables is set: organisation, project, headers.

    Its import takes half a second.
    """
    known = ("OPENAI_API_KEY", "OPENAI_BASE_URL")
    more = (name for name in os.environ if name.startswith("OPENAI_") and name not in known)
    return any(os.environ[name] for name in more)


def _configured(place: Place, azure: bool, key: str) -> tuple[SplitResult, str, dict[str, str]]:
    """Base URL, query and headers as the `openai` package sets them, without the key."""
    import openai

    base = urlunsplit(place.parts._replace(query=""))  # which older releases take for a path
    api_key = key or "none"
    if azure and not os.environ.get("OPENAI_API_VERSION"):
        raise EngineError(
            f"{place.name} is Azure's: set the environment variable OPENAI_API_VERSION to the API "
            "version of your resource (like 2024-10-21), or use its address that ends in /openai/v1"
        )
    kind = openai.AsyncAzureOpenAI if azure else openai.AsyncOpenAI
    # Its own connections are never used, so it need not load proxies or certificates, which would
    # take longer than everything else.
    unused = openai.DefaultAsyncHttpxClient(trust_env=False, verify=False)
    try:
        client = kind(base_url=base, api_key=api_key, http_client=unused)
    except (openai.OpenAIError, ValueError) as error:
        raise EngineError(
            f"the openai package cannot be set up for {place.name}: {error}"
        ) from error
    # The package's headers about itself (X-Stainless-…, User-Agent) would be false here. Its
    # placeholder key and its objects that mean "omit this header" must not be sent.
    unsent = ("x-stainless", "user-agent", "authorization", "api-key", "content-type", "accept")
    headers = {
        name: value
        for name, value in client.default_headers.items()
        if isinstance(value, str) and not name.lower().startswith(unsent)
    }
    headers |= common_headers()
    query = {name: str(value) for name, value in client.default_query.items()}
    configured = urlsplit(str(client.base_url))._replace(query=place.parts.query)
    return configured, urlencode(query), headers
