"""One model behind one HTTP API: what `openai/`, `anthropic/` and `gemini/` have in common.

Calls go through one aiohttp session with orjson in both directions: the providers' own packages
take ten times the CPU time per call. Each call is attempted once; the harness does retries,
timeouts and rate limits. What a provider says, and how it is asked, is its `Dialect`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from judgekit.errors import CallFailure
from judgekit.types import Call, Reply, Usage

from .http_address import Address
from .http_failure import ServerError, failure
from .http_json import dumps, loads
from .http_reply import BROKEN_RETRIES, broken
from .http_transport import Transport

__all__ = ["Dialect", "HttpEngine"]

REFUSALS = frozenset({400, 403, 422})  # the statuses under which servers refuse a parameter


class Dialect(Protocol):
    """How one provider is asked, and what its answers mean.

    `model` is the model's name. `settled` maps what the server refused so far to what became of it.
    """

    model: str
    settled: dict[str, str]

    def body(self, call: Call) -> dict[str, Any]:
        """The JSON body of one call.

        Raises:
            CallFailure: This call cannot be put to the provider.
            EngineError: No call of this kind can.
        """
        ...

    def handle_refusal(self, error: ServerError, call: Call, sent: Mapping[str, Any]) -> bool:
        """Settles, for all later calls, what the server refused of the body that was sent.

        Returns:
            Whether the call can be sent again.

        Raises:
            EngineError: It refused what the user asked for.
        """
        ...

    def error_in(self, body: Any) -> Any:
        """The error that the body of a success reports, also beside a reply; None without one."""
        ...

    def read(self, body: Any, call: Call) -> Reply | None:
        """The reply in a body without an error; None if there is none.

        Raises:
            CallFailure: What is there is no whole reply, or nobody knows whether it is.
        """
        ...

    def usage(self, body: Any) -> Usage:
        """The tokens that a body counts, whatever else it holds."""
        ...


class HttpEngine:
    """The engine of one model.

    Args:
        provider: The engine's name.
        dialect: How it is asked.
        at: Where.
        max_reply_mb: The limit of one reply, in 10^6 bytes.
    """

    window = 1
    stored = True

    def __init__(
        self, provider: str, dialect: Dialect, at: Address, max_reply_mb: float = 32.0
    ) -> None:
        self.fingerprint = f"{provider} {at.name} {dialect.model}"
        self._dialect = dialect
        self._at = at
        self._transport = Transport(at, max_reply_mb)
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
        await self._transport.aclose()

    async def _answer(self, call: Call) -> Reply | CallFailure:
        data = b""
        try:
            while True:  # ends, because every handled refusal removes a parameter for good
                body = self._dialect.body(call)
                status, headers, data = await self._transport.post(dumps(body))
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
            failed.billed = self._billed(data)
            return failed

    def _read(self, data: bytes, call: Call) -> Reply | ServerError:
        """The reply in the body of a success, or the error: gateways report errors so, too."""
        try:
            body = loads(data)
        except ValueError as error:
            server_text = ServerError.read(data, self._at.secrets).message
            message = f"{self._at.name} answered no JSON: {server_text[:80]!r}"
            raise broken(message, "bad json") from error
        if (inside := self._dialect.error_in(body)) is not None:
            return ServerError.of(inside, self._at.secrets)
        reply = self._dialect.read(body, call)
        if reply is not None:
            return reply
        outer = ServerError.of(body, self._at.secrets)
        if outer.status is not None:
            return outer
        raise broken(f"{self._at.name} answered without a reply: {outer.message}", "no choices")

    def _billed(self, data: bytes) -> Usage:
        try:
            return self._dialect.usage(loads(data))
        except ValueError:
            return Usage()

    def _failure(self, status: int, headers: Mapping[str, str], error: ServerError) -> CallFailure:
        return failure(
            status,
            headers,
            error,
            model=self._dialect.model,
            at=self._at,
            answered=self._answered,
        )
