"""The connections to one address: one aiohttp session, opened at the first call."""

from __future__ import annotations

from collections.abc import Mapping

import aiohttp
import yarl

from judgekit.errors import CallFailure, EngineError

from .http_address import Address
from .http_body import ACCEPTED, read_body

__all__ = ["Transport"]

KEEPALIVE = 60.0  # seconds; longer than the pauses that servers ask for


class Transport:
    """Posts bodies to one address, each once.

    Args:
        at: The address.
        max_reply_mb: The limit of one reply, in 10^6 bytes.
    """

    def __init__(self, at: Address, max_reply_mb: float) -> None:
        self._at = at
        self._megabytes = max_reply_mb
        self._url = yarl.URL(at.url, encoded=True)
        self._session: aiohttp.ClientSession | None = None

    async def post(self, data: bytes) -> tuple[int, Mapping[str, str], bytes]:
        """Posts a body.

        Returns:
            Status, headers, and the unpacked body.

        Raises:
            CallFailure: There is no response, or none whose body can be read within the limit.
            EngineError: The server's certificate is not trusted.
        """
        session = self._session or self._open()
        try:
            async with session.post(
                self._url, data=data, allow_redirects=False, proxy=self._at.proxy
            ) as response:
                data = await read_body(response, self._at.name, self._megabytes)
                return response.status, response.headers, data
        except aiohttp.ClientConnectorCertificateError as error:
            raise EngineError(
                f"the certificate of {self._at.name} is not trusted "
                f"({error.certificate_error}); set SSL_CERT_FILE to your authority's"
            ) from error
        except (aiohttp.ClientError, OSError) as error:
            raise CallFailure(
                "connection", no_answer(error, self._at.name), retryable=True
            ) from error

    async def aclose(self) -> None:
        """Closes the connections; a later call opens new ones."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open(self) -> aiohttp.ClientSession:
        self._session = aiohttp.ClientSession(
            # No limit: the harness limits the calls in flight, and a queue here would hide it.
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEPALIVE),
            headers={**self._at.headers, "Accept-Encoding": ACCEPTED},
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
        )
        return self._session


def no_answer(error: Exception, name: str) -> str:
    """What kept a server from answering, in one line.

    The error's own text may contain the URL with its query, so it is not shown.
    """
    kind = type(error).__name__
    match error:
        case aiohttp.ClientProxyConnectionError():
            return f"the environment's proxy for {name} takes no connection; check HTTPS_PROXY"
        case aiohttp.ClientConnectorDNSError():
            return f"the host of {name} is not known; check the base URL"
        case aiohttp.ClientConnectorSSLError():
            return f"{name} does not speak TLS ({kind}); if it is served by http, say http://"
        case aiohttp.ClientConnectorError() if isinstance(error.os_error, ConnectionRefusedError):
            return f"{name} takes no connection; is it running?"
        case aiohttp.ClientConnectorError():
            return f"no connection to {name} ({error.os_error.strerror or kind}); check the host"
        case aiohttp.ServerDisconnectedError() | ConnectionResetError():
            return f"{name} closed the connection without an answer"
        case aiohttp.ClientPayloadError():
            return f"{name} broke off its answer"
        case aiohttp.ClientResponseError():
            return f"{name} answered something that is no HTTP; check the base URL and its port"
        case _:
            return f"no answer from {name} ({kind})"
