"""Where an API is served, as the user's own configuration names it."""

from __future__ import annotations

from dataclasses import dataclass

from judgekit.config.prices import Price

__all__ = ["Endpoint"]


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
