"""API endpoints, as the user's own configuration names them."""

from __future__ import annotations

from dataclasses import dataclass

from judgekit.config.prices import Price

__all__ = ["Endpoint"]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An API endpoint of the user's own configuration.

    Attributes:
        name: The name under ``[endpoints.NAME]``, used as ``--endpoint NAME`` or ``NAME/MODEL``.
        base_url: URL of the API.
        key_env: The name of the environment variable that holds the key; never the key itself.
        rpm: Limit of requests per minute.
        tpm: Limit of tokens per minute.
        price: Price of its models, if it is the same for all.
        engine: The engine that answers for its models.
    """

    name: str
    base_url: str
    key_env: str | None = None
    rpm: float | None = None
    tpm: float | None = None
    price: Price | None = None
    engine: str = "openai"
