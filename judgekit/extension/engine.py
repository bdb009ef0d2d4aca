"""The engine seam: what answers a call. Written for the authors of engines."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from judgekit.config.endpoints import Endpoint
from judgekit.config.prices import Price
from judgekit.errors import CallFailure
from judgekit.types import Call, Reply

__all__ = ["Engine", "EngineFactory", "EngineSetup", "settled_parameters"]


@dataclass(frozen=True)
class EngineSetup:
    """What the user asked of an engine.

    Attributes:
        model: What stands after the slash in ``--model ENGINE/MODEL``.
        base_url: Where an API is served, None for its usual place.
        endpoint: The endpoint of the user's configuration, None without one.
        concurrency: How many calls will be under way at once.
        options: The engine's own settings, by name.
        max_reply_mb: The limit of one reply, in 10^6 bytes, received or unpacked.
        price: The price of the model's tokens, None if it is not known.
        seed: The sampling seed that the user asked for. An engine that takes none refuses it here,
            before another judge of the same command is paid for.
        logits: Whether verdicts are to be read from log-probabilities alone; likewise.
    """

    model: str
    base_url: str | None = None
    endpoint: Endpoint | None = None
    concurrency: int = 64
    options: Mapping[str, Any] = field(default_factory=dict)
    max_reply_mb: float = 32.0
    price: Price | None = None
    seed: int | None = None
    logits: bool = False


class Engine(Protocol):
    """What answers calls.

    Attributes:
        fingerprint: Names what answers: base URL and model, or a digest of weights and settings.
            It is part of every stored reply's key.
        window: How many calls the engine wants at once: 1 for an API, hundreds for a batched local
            model, which is then given windows of calls one after the other.
        stored: Whether replies are kept in the reply store; False where it costs nothing to get
            them again.
    """

    fingerprint: str
    window: int
    stored: bool

    @property
    def settled(self) -> Mapping[str, str]:
        """The parameters that the engine's server refused so far, and what became of each.

        `run.json` holds them. An engine without this attribute refuses none.
        """
        ...

    async def answer(self, calls: Sequence[Call]) -> Sequence[Reply | CallFailure]:
        """One attempt at each call, in order; at most `window` calls.

        Args:
            calls: What to ask.

        Returns:
            One item per call: its reply, or a `CallFailure` where there is no usable one. The
            harness retries.

        Raises:
            EngineError: No call can ever be answered, for example because of a wrong key.
        """
        ...

    async def aclose(self) -> None:
        """Lets go of connections or weights."""
        ...


EngineFactory = Callable[[EngineSetup], Engine]
"""Makes an engine; imports what it needs only when it is called."""


def settled_parameters(engine: Engine) -> dict[str, str]:
    """`Engine.settled`; empty for an engine that lacks it."""
    return dict(getattr(engine, "settled", {}))
