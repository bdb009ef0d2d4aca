"""The address of an OpenAI-compatible API, and the key that is sent there.

The base URL is the first of `--base-url`, the named endpoint's, `OPENAI_BASE_URL`,
`AZURE_OPENAI_ENDPOINT` and OpenAI's own. Keys come only from the environment, and are sent only
where the user meant them to go. A key that an endpoint names is sent to that endpoint's host and
nowhere else. OpenAI's key is sent to OpenAI or to the base URL of the call, never to another
company's endpoint. Neither loopback addresses nor unencrypted HTTP get a key, unless an endpoint
names one for them.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit
from urllib.request import getproxies, proxy_bypass

from judgekit.config.endpoints import Endpoint, parse_base_url
from judgekit.config.secrets import key_segments
from judgekit.errors import EngineError, InputError
from judgekit.extension.engine import EngineSetup
from judgekit.redaction import hide, hide_user

__all__ = ["Address", "address"]

DEFAULT = "https://api.openai.com/v1"
SECRET = 8  # characters from which a value in the base URL's query may be a secret
NO_SECRET = ("api-version", "api_version", "version", "model", "deployment", "region")
SHOWN = "[key]"
OPENAI_HOSTS = (".openai.com",)
AZURE_HOSTS = (
    ".openai.azure.com",
    ".openai.azure.us",
    ".openai.azure.cn",
    ".cognitiveservices.azure.com",
)


@dataclass(frozen=True, slots=True)
class Address:
    """Where completions are posted, and with which headers.

    `url` and `headers` may contain secrets; `name` (the base URL without its query) never does, so
    messages and fingerprints use it. `variable` is the environment variable of the key; None if no
    key is sent. `proxy` is the environment's proxy for this URL.
    """

    name: str
    url: str
    headers: Mapping[str, str]
    variable: str | None = None
    secrets: tuple[str, ...] = ()
    proxy: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A parsed base URL, and what kind of server it belongs to."""

    parts: SplitResult
    azure: bool
    loopback: bool

    @property
    def origin(self) -> tuple[str, str | None, int]:
        port = self.parts.port or (443 if self.parts.scheme == "https" else 80)
        return self.parts.scheme, self.parts.hostname, port

    @property
    def name(self) -> str:
        """The base URL without keys, query and default port, the host in lower case."""
        scheme, host, port = self.origin
        shown = f"[{host}]" if host and ":" in host else str(host)
        if port != (443 if scheme == "https" else 80):
            shown += f":{port}"
        keys = key_segments(self.parts.path)
        path = (SHOWN if part in keys else part for part in self.parts.path.split("/"))
        return urlunsplit((scheme, shown, "/".join(path), "", ""))


def address(setup: EngineSetup) -> Address:
    """Determines URL, headers and key from the user's settings and the environment.

    Args:
        setup: The user's settings.

    Raises:
        InputError: The base URL is invalid.
        EngineError: A key is missing, or must not be sent to that address.
    """
    place = _place(*_base_url(setup))
    variable, key = _key(place, _owner(place, setup.endpoint))
    base, query, headers = _configured(place, key) if _package_decides(place) else _plain(place)
    path = base.path.rstrip("/")
    if place.azure and "/deployments/" not in path:
        path += f"/deployments/{quote(setup.model, safe='')}"
    query = "&".join(q for q in (base.query, query) if q)
    url = urlunsplit((base.scheme, base.netloc, f"{path}/chat/completions", query, ""))
    if key:
        azure_key = place.azure and variable != "AZURE_OPENAI_AD_TOKEN"
        headers |= {"api-key": key} if azure_key else {"Authorization": f"Bearer {key}"}
    secrets = [v for name, v in parse_qsl(base.query) if len(v) >= SECRET and name not in NO_SECRET]
    secrets += [unquote(segment) for segment in key_segments(base.path)]
    secrets += [key] if key else []
    hide(*secrets)
    return Address(place.name, url, headers, variable, tuple(secrets), _proxy(place))


def _base_url(setup: EngineSetup) -> tuple[str, bool]:
    """The base URL, and whether it is known to be Azure's."""
    given = setup.base_url or (setup.endpoint.base_url if setup.endpoint else None)
    if given or (given := os.environ.get("OPENAI_BASE_URL")):
        return given, False
    azure = os.environ.get("AZURE_OPENAI_ENDPOINT")
    return (azure, True) if azure else (DEFAULT, False)


def _place(url: str, azure: bool) -> Place:
    """Checks a base URL and normalises it."""
    parts = parse_base_url(url)
    host = str(parts.hostname)
    if parts.username or parts.password:
        hide_user(url)
        raise InputError(
            f"the base URL of {host!r} holds a user name or password; name an endpoint with "
            "key_env instead, so that the secret stays in the environment"
        )
    azure = azure or host.endswith(AZURE_HOSTS)
    # People paste the full address of the call.
    path = parts.path.rstrip("/").removesuffix("/chat/completions").rstrip("/")
    if azure and path.endswith("/v1"):
        azure = False  # Azure's newer API is like OpenAI's, without deployments
    elif azure and not path:
        path = "/openai"
    return Place(parts._replace(path=path, fragment=""), azure, _is_loopback(host))


def _is_loopback(host: str) -> bool:
    """Whether the host is this machine.

    True for localhost, 127.0.0.0/8, ::1, and 0.0.0.0, which local servers print.
    """
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        return False
    return ip.is_loopback or ip.is_unspecified


def _owner(place: Place, endpoint: Endpoint | None) -> Endpoint | None:
    """The endpoint, if the call goes to its host; `--base-url` may lead elsewhere."""
    if endpoint is None or _place(endpoint.base_url, False).origin != place.origin:
        return None
    return endpoint


def _key(place: Place, endpoint: Endpoint | None) -> tuple[str | None, str]:
    """The key and its environment variable; (None, "") if none is sent."""
    named = endpoint is not None and bool(endpoint.key_env)
    variables = _variables(place, endpoint)
    if not variables:
        return None, ""
    open_to_all = place.parts.scheme == "http" and not place.loopback and not named
    for variable in variables:
        if key := os.environ.get(variable, "").strip():
            if open_to_all:
                raise _not_encrypted(place, variable)
            if not (key.isascii() and key.isprintable()):
                raise EngineError(f"{variable} holds characters that no key has; set it again")
            hide(key)
            return variable, key
    if open_to_all:
        return None, ""  # a server of the local network, and no key that it could be sent
    raise EngineError(
        f"no key for {place.name}: the environment variable {variables[0]} is not set; set it, "
        "or give --base-url of a server on this machine, which needs none"
    )


def _not_encrypted(place: Place, variable: str) -> EngineError:
    """The refusal to send a key without encryption, with what to write to be asked no more."""
    from judgekit.config.files import user_file

    line = f'endpoints.lan = {{ base_url = "{place.name}"'
    return EngineError(
        f"{place.name} is not encrypted, so the key in {variable} is not sent there; use https, or "
        f"write into {user_file()} the line {line} }} to send no key, or {line}, "
        f'key_env = "{variable}" }} to send it all the same, and give --endpoint lan'
    )


def _variables(place: Place, endpoint: Endpoint | None) -> tuple[str, ...]:
    """The environment variables that may hold this address's key, in order of precedence."""
    host = str(place.parts.hostname)
    if endpoint is not None and endpoint.key_env:
        return (endpoint.key_env,)
    if place.loopback:
        return ()  # a local server is not whom the key was made for
    if place.azure or host.endswith(AZURE_HOSTS):
        return ("AZURE_OPENAI_API_KEY", "AZURE_OPENAI_AD_TOKEN")
    if endpoint is not None and not host.endswith(OPENAI_HOSTS):
        return ()  # another company's server: only the user's configuration names its key
    return ("OPENAI_API_KEY",)


def _package_decides(place: Place) -> bool:
    """Whether the `openai` package could say more than the base URL: for Azure, or because one of
    its variables is set (organisation, project, headers). Its import takes half a second."""
    known = ("OPENAI_API_KEY", "OPENAI_BASE_URL")
    more = (name for name in os.environ if name.startswith("OPENAI_") and name not in known)
    return place.azure or any(os.environ[name] for name in more)


def _plain(place: Place) -> tuple[SplitResult, str, dict[str, str]]:
    """Base URL, query and headers as the `openai` package has them for a plain place."""
    return place.parts, "", _own_headers()


def _own_headers() -> dict[str, str]:
    """The headers of every call."""
    return {
        "Accept": "application/json",
        "Content-Type": "application/json",
        "User-Agent": f"judgekit/{version('judgekit')}",
    }


def _configured(place: Place, key: str) -> tuple[SplitResult, str, dict[str, str]]:
    """Base URL, query and headers as the `openai` package sets them, without the key."""
    import openai

    base = urlunsplit(place.parts._replace(query=""))  # which older releases take for a path
    api_key = key or "none"
    if place.azure and not os.environ.get("OPENAI_API_VERSION"):
        raise EngineError(
            f"{place.name} is Azure's: set the environment variable OPENAI_API_VERSION to the API "
            "version of your resource (like 2024-10-21), or use its address that ends in /openai/v1"
        )
    kind = openai.AsyncAzureOpenAI if place.azure else openai.AsyncOpenAI
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
    headers |= _own_headers()
    query = {name: str(value) for name, value in client.default_query.items()}
    configured = urlsplit(str(client.base_url))._replace(query=place.parts.query)
    return configured, urlencode(query), headers


def _proxy(place: Place) -> str | None:
    """The environment's proxy; looked up once, as it is too slow for every call."""
    host = str(place.parts.hostname)
    if place.loopback or proxy_bypass(host):
        return None
    proxies = getproxies()
    proxy = proxies.get(place.parts.scheme) or proxies.get("all")
    hide_user(proxy or "")
    if proxy and not proxy.startswith(("http://", "https://")):
        raise EngineError(
            f"the environment's proxy for {host!r} is not an HTTP one; set HTTPS_PROXY to one, or "
            "NO_PROXY to the host"
        )
    if proxy:
        parse_base_url(proxy, "the environment's proxy")
    return proxy
