"""The address of an API, and the key that is sent there.

Keys come only from the environment, and are sent only where the user meant them to go. A key that
an endpoint names is sent to that endpoint's host and nowhere else. A provider's own key is sent to
the provider or to the base URL of the call, never to another company's endpoint. Neither loopback
addresses nor unencrypted HTTP get a key, unless an endpoint names one for them.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from urllib.parse import SplitResult, parse_qsl, unquote, urlunsplit
from urllib.request import getproxies, proxy_bypass

from judgekit.config.endpoints import Endpoint, parse_base_url
from judgekit.config.secrets import key_segments
from judgekit.errors import EngineError, InputError
from judgekit.extension.engine import EngineSetup
from judgekit.redaction import hide, hide_user

__all__ = [
    "Address",
    "Place",
    "base_url",
    "common_headers",
    "key_for",
    "make_address",
    "parse_place",
]

SECRET = 8  # characters from which a value in the base URL's query may be a secret
NO_SECRET = ("api-version", "api_version", "version", "model", "deployment", "region")
SHOWN = "[key]"


@dataclass(frozen=True, slots=True)
class Address:
    """Where calls are posted, and with which headers.

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
    """A parsed base URL, and whether it is this machine's."""

    parts: SplitResult
    loopback: bool

    @property
    def host(self) -> str:
        """The host in lower case."""
        return str(self.parts.hostname)

    @property
    def origin(self) -> tuple[str, str | None, int]:
        """Scheme, host and port."""
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


def base_url(setup: EngineSetup, variable: str, default: str) -> str:
    """The base URL: the first of `--base-url`, the named endpoint's, a variable and a default.

    Args:
        setup: The user's settings.
        variable: The environment variable that may name one.
        default: The provider's own.
    """
    given = setup.base_url or (setup.endpoint.base_url if setup.endpoint else None)
    return given or os.environ.get(variable) or default


def parse_place(url: str, call: str = "") -> Place:
    """Checks a base URL and normalises it.

    Args:
        url: The URL.
        call: The path of a call below it, which people paste as well; it is taken off.

    Raises:
        InputError: It is no http(s) URL, or holds a user name or password.
    """
    parts = parse_base_url(url)
    host = str(parts.hostname)
    if parts.username or parts.password:
        hide_user(url)
        raise InputError(
            f"the base URL of {host!r} holds a user name or password; name an endpoint with "
            "key_env instead, so that the secret stays in the environment"
        )
    path = parts.path.rstrip("/").removesuffix(call).rstrip("/")
    return Place(parts._replace(path=path, fragment=""), is_loopback(host))


def is_loopback(host: str) -> bool:
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


def key_for(
    place: Place, endpoint: Endpoint | None, variables: Sequence[str], *, trusted: bool
) -> tuple[str | None, str]:
    """The key to send and its environment variable; (None, "") if none is sent.

    Args:
        place: Where the call goes.
        endpoint: The endpoint that the user named; `--base-url` may lead elsewhere.
        variables: The provider's variables, in order of precedence.
        trusted: Whether the place is the provider's own.

    Raises:
        EngineError: The key is missing, or must not be sent there.
    """
    if endpoint is not None and parse_place(endpoint.base_url).origin != place.origin:
        endpoint = None
    named = endpoint.key_env if endpoint is not None else None
    candidates = _variables(place, endpoint, variables, trusted=trusted)
    if not candidates:
        return None, ""
    open_to_all = place.parts.scheme == "http" and not place.loopback and not named
    for variable in candidates:
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
        f"no key for {place.name}: the environment variable {candidates[0]} is not set; set it, "
        "or give --base-url of a server on this machine, which needs none"
    )


def _variables(
    place: Place, endpoint: Endpoint | None, variables: Sequence[str], *, trusted: bool
) -> Sequence[str]:
    """The environment variables that may hold this address's key, in order of precedence."""
    if endpoint is not None and endpoint.key_env:
        return (endpoint.key_env,)
    if place.loopback:
        return ()  # a local server is not whom the key was made for
    if endpoint is not None and not trusted:
        return ()  # another company's server: only the user's configuration names its key
    return variables


def _not_encrypted(place: Place, variable: str) -> EngineError:
    """The refusal to send a key without encryption, with what to write to be asked no more."""
    from judgekit.config.files import user_file

    line = f'endpoints.lan = {{ base_url = "{place.name}"'
    return EngineError(
        f"{place.name} is not encrypted, so the key in {variable} is not sent there; use https, or "
        f"write into {user_file()} the line {line} }} to send no key, or {line}, "
        f'key_env = "{variable}" }} to send it all the same, and give --endpoint lan'
    )


def make_address(
    place: Place, url: SplitResult, headers: Mapping[str, str], variable: str | None, key: str
) -> Address:
    """The address, with its proxy, and with everything secret in it hidden from all messages.

    Args:
        place: The base URL.
        url: The URL of calls.
        headers: The headers of calls, the key's included.
        variable: The environment variable of the key, None if none is sent.
        key: The key, empty likewise.

    Raises:
        EngineError: The environment's proxy is none that can be used.
    """
    query, path = place.parts.query, place.parts.path
    secrets = [v for name, v in parse_qsl(query) if len(v) >= SECRET and name not in NO_SECRET]
    secrets += [unquote(segment) for segment in key_segments(path)]
    secrets += [key] if key else []
    hide(*secrets)
    return Address(place.name, urlunsplit(url), headers, variable, tuple(secrets), _proxy(place))


def common_headers() -> dict[str, str]:
    """The headers of every call, whoever answers it."""
    return {
        "Accept": "application/json",
        "Content-Type": "application/json",
        "User-Agent": f"judgekit/{version('judgekit')}",
    }


def _proxy(place: Place) -> str | None:
    """The environment's proxy; looked up once, as it is too slow for every call."""
    host = place.host
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
