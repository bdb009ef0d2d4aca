"""The engine seam: what answers a call. Written for the authors of engines."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from judgekit.errors import CallFailure
from judgekit.types import Call, Reply

__all__ = ["Endpoint", "Engine", "EngineFactory", "EngineSetup", "Price"]


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per million tokens."""

    input: float
    output: float

    def cost(self, tokens_in: int, tokens_out: int) -> float:
        return (tokens_in * self.input + tokens_out * self.output) / 1e6


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where an API is served, as named in the user's own configuration.

    `key_env` is the name of the environment variable that holds the key, never the key. `engine`
    answers its models where one is named as ``NAME/MODEL``.
    """

    name: str
    base_url: str
    key_env: str | None = None
    rpm: float | None = None
    tpm: float | None = None
    price: Price | None = None
    engine: str = "openai"


@dataclass(frozen=True)
class EngineSetup:
    """What the user asked of an engine: the part of `--model` after the slash, and where."""

    model: str
    base_url: str | None = None
    endpoint: Endpoint | None = None
    concurrency: int = 64
    options: Mapping[str, Any] = field(default_factory=dict)


class Engine(Protocol):
    """What answers calls.

    `fingerprint` names what answers (base URL and model, or a digest of weights and settings); it
    is part of every stored reply's key. `window` is how many calls it wants at once: 1 for an
    API, hundreds for a batched local model, which is then given windows of calls one after the
    other. `stored` is False for an engine whose replies cost nothing to read again.
    """

    fingerprint: str
    window: int
    stored: bool

    async def answer(self, calls: Sequence[Call]) -> Sequence[Reply | CallFailure]:
        """One attempt at each call, in order; at most `window` calls.

        A call without a usable reply gets a `CallFailure` in its place (retries are the
        harness's). Raises `EngineError` where no call can ever be answered (a wrong key).
        """
        ...

    async def aclose(self) -> None:
        """Lets go of connections or weights."""
        ...


EngineFactory = Callable[[EngineSetup], Engine]
