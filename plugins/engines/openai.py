"""The engine `openai/MODEL`: any server of OpenAI's chat completions.

The `openai` package provides address and headers (`openai_address`). Calls go through one aiohttp
session with orjson in both directions, because the package's own client takes ten times the CPU
time per call. Each call is attempted once; the harness does retries, timeouts and rate limits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import aiohttp
import yarl

from judgekit.errors import CallFailure, EngineError, InputError
from judgekit.extension.engine import EngineSetup
from judgekit.types import Call, Reply

from .openai_address import Address, address
from .openai_body import ACCEPTED, read_body
from .openai_dialect import Dialect, dumps
from .openai_failure import ServerError, failure
from .openai_reply import BROKEN_RETRIES, billed, broken, error_in, loads, read

__all__ = ["OpenAI", "engine"]

REFUSALS = frozenset({400, 403, 422})  # the statuses under which servers refuse a parameter
KEEPALIVE = 60.0  # seconds; longer than the pauses that servers ask for


def engine(setup: EngineSetup) -> OpenAI:
    """Makes the engine of `openai/MODEL`.

    Args:
        setup: The user's settings.

    Raises:
        InputError: The model is missing, or the base URL is invalid.
        EngineError: The key is missing, or must not be sent to that address.
    """
    if not setup.model:
        raise InputError("no model named; write --model openai/MODEL")
    return OpenAI(setup.model, address(setup), setup.max_reply_mb)


class OpenAI:
    """One model behind one API."""

    window = 1
    stored = True

    def __init__(self, model: str, at: Address, max_reply_mb: float = 32.0) -> None:
        self.fingerprint = f"openai {at.name} {model}"
        self._model = model
        self._at = at
        self._megabytes = max_reply_mb
        self._url = yarl.URL(at.url, encoded=True)
        self._dialect = Dialect(model)
        self._session: aiohttp.ClientSession | None = None
        self._answered = False

    @property
    def settled(self) -> Mapping[str, str]:
        """Refused parameters, and what became of each; empty if none was refused."""
        return self._dialect.settled

    async def answer(self, calls: Sequence[Call]) -> Sequence[Reply | CallFailure]:
        """Attempts each call once.

        Raises:
            EngineError: No call can be answered.
        """
        return [await self._answer(call) for call in calls]

    async def aclose(self) -> None:
        """Closes the connections; a later call opens new ones."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _answer(self, call: Call) -> Reply | CallFailure:
        data = b""
        try:
            while True:  # ends, because every handled refusal removes a parameter for good
                body = self._dialect.body(call)
                status, headers, data = await self._post(dumps(body))
                if 200 <= status < 300:
                    reply = self._read(data, call)
                    if isinstance(reply, Reply):
                        self._answered = True
                        return reply
                    # Its choice may be paid for, unless the server was too busy to make one.
                    error, status = reply, reply.status or status
                    retries = None if status == 429 else BROKEN_RETRIES
                else:
                    retries = None
                    error = ServerError.read(data, self._at.secrets)
                if status not in REFUSALS or not self._dialect.handle_refusal(error, call, body):
                    failed = self._failure(status, headers, error)
                    failed.retries = retries
                    raise failed
        except CallFailure as failed:
            failed.billed = billed(data)
            return failed

    async def _post(self, data: bytes) -> tuple[int, Mapping[str, str], bytes]:
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

    def _read(self, data: bytes, call: Call) -> Reply | ServerError:
        """The reply in the body of a success, or the error: gateways report errors so, too."""
        try:
            body = loads(data)
        except ValueError as error:
            server_text = ServerError.read(data, self._at.secrets).message
            message = f"{self._at.name} answered no JSON: {server_text[:80]!r}"
            raise broken(message, "bad json") from error
        if (inside := error_in(body)) is not None:
            return ServerError.of(inside, self._at.secrets)
        reply = read(body, call)
        if reply is not None:
            return reply
        outer = ServerError.of(body, self._at.secrets)
        if outer.status is not None:
            return outer
        raise broken(f"{self._at.name} answered without a choice: {outer.message}", "no choices")

    def _failure(self, status: int, headers: Mapping[str, str], error: ServerError) -> CallFailure:
        return failure(
            status, headers, error, model=self._model, at=self._at, answered=self._answered
        )


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
