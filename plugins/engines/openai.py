"""The engine `openai/MODEL`: anything that speaks OpenAI's chat completions.

The `openai` package says where and with which headers (`openai_address`); calls then go through
one aiohttp session with orjson both ways, because the package's own client costs ten times the
CPU of that at every call. One attempt per call: retries, timeouts and rates are the harness's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import aiohttp
import yarl

from judgekit.errors import CallFailure, EngineError, InputError
from judgekit.extension.engine import EngineSetup
from judgekit.types import Call, Reply

from .openai_address import Address, address
from .openai_dialect import Dialect, dumps
from .openai_failure import ServerError, failure
from .openai_reply import loads, read

__all__ = ["OpenAI", "engine"]

REFUSALS = frozenset({400, 403, 422})  # the statuses under which servers refuse a parameter
KEEPALIVE = 60.0  # seconds; longer than the pauses that servers ask for


def engine(setup: EngineSetup) -> OpenAI:
    """Makes the engine of `openai/MODEL`.

    Raises `InputError` for a missing model or a base URL that is none, `EngineError` for a key
    that is missing or must not be sent there.
    """
    if not setup.model:
        raise InputError("no model named; write --model openai/MODEL")
    return OpenAI(setup.model, address(setup))


class OpenAI:
    """One model behind one API. `settled` tells which parameters its server would not take."""

    window = 1
    stored = True

    def __init__(self, model: str, at: Address) -> None:
        self.fingerprint = f"openai {at.name} {model}"
        self._model = model
        self._at = at
        self._url = yarl.URL(at.url, encoded=True)
        self._dialect = Dialect(model)
        self._session: aiohttp.ClientSession | None = None
        self._answered = False

    @property
    def settled(self) -> Mapping[str, str]:
        """Refused parameters, and what became of each; empty where nothing was refused."""
        return self._dialect.settled

    async def answer(self, calls: Sequence[Call]) -> Sequence[Reply | CallFailure]:
        """One attempt at each call. Raises `EngineError` where no call can be answered."""
        return [await self._answer(call) for call in calls]

    async def aclose(self) -> None:
        """Closes the connections; a later call opens new ones."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _answer(self, call: Call) -> Reply | CallFailure:
        try:
            while True:  # ends: every refusal that is settled takes a parameter away for good
                body = self._dialect.body(call)
                status, headers, data = await self._post(dumps(body))
                if 200 <= status < 300:
                    return self._read(data, call)
                error = ServerError.read(data, self._at.secrets)
                if status not in REFUSALS or not self._dialect.settles(error, call, body):
                    return self._failure(status, headers, error)
        except CallFailure as failed:
            return failed

    async def _post(self, data: bytes) -> tuple[int, Mapping[str, str], bytes]:
        session = self._session or self._open()
        try:
            async with session.post(
                self._url, data=data, allow_redirects=False, proxy=self._at.proxy
            ) as response:
                return response.status, response.headers, await response.read()
        except aiohttp.ClientConnectorCertificateError as error:
            raise EngineError(
                f"the certificate of {self._at.name} is not trusted "
                f"({error.certificate_error}); set SSL_CERT_FILE to your authority's"
            ) from error
        except (aiohttp.ClientError, OSError) as error:
            # Its text may hold the URL with its query: only the kind of error is shown.
            raise CallFailure(
                "connection",
                f"no answer from {self._at.name} ({type(error).__name__}); is it running?",
                retryable=True,
            ) from error

    def _open(self) -> aiohttp.ClientSession:
        self._session = aiohttp.ClientSession(
            # No limit: the harness bounds what is in flight, and a queue here would hide it.
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEPALIVE),
            headers=dict(self._at.headers),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
        )
        return self._session

    def _read(self, data: bytes, call: Call) -> Reply:
        try:
            body = loads(data)
        except ValueError as error:
            said = ServerError.read(data, self._at.secrets).message
            raise CallFailure(
                "bad json", f"{self._at.name} answered no JSON: {said[:80]!r}", retryable=True
            ) from error
        reply = read(body, call)
        if reply is None:
            raise self._no_choices(body, data)
        self._answered = True
        return reply

    def _no_choices(self, body: object, data: bytes) -> CallFailure:
        """Gateways report a failure behind them as a success that holds an error."""
        error = ServerError.read(data, self._at.secrets)
        inside = body.get("error") if isinstance(body, dict) else None
        code = inside.get("code") if isinstance(inside, dict) else None
        if isinstance(code, int) and 400 <= code < 600:
            return self._failure(code, {}, error)
        message = f"{self._at.name} answered without a choice: {error.message}"
        return CallFailure("no choices", message, retryable=True)

    def _failure(self, status: int, headers: Mapping[str, str], error: ServerError) -> CallFailure:
        return failure(
            status, headers, error, model=self._model, at=self._at, answered=self._answered
        )
