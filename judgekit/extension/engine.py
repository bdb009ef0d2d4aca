"""The engine seam: what answers a call. Written for the authors of engines."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from judgekit.config.endpoints import Endpoint
from judgekit.errors import CallFailure
from judgekit.types import Call, Reply

__all__ = ["Engine", "EngineFactory", "EngineSetup"]


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
