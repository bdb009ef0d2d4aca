"""Prices of well-known API models, from a small table; the user's own prices come first."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

__all__ = ["Price", "as_of", "price"]

UNKNOWN_WRITE = 2.0  # no provider takes more for writing to its cache
SNAPSHOT = re.compile(r"(.+)-(?:\d{4}-\d{2}-\d{2}|\d{8})")


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per million tokens.

    Attributes:
        input: Of prompts.
        output: Of replies, thinking included.
        cached: Of the part of a prompt that is read from the provider's cache. None: not known,
            and charged in full.
        cache_write: Of the part of a prompt that is written to the cache. None: not known, and
            charged at `UNKNOWN_WRITE` times the price of prompts.
        batch: The share of these prices that the provider's batch service takes; None: not known.
    """

    input: float
    output: float
    cached: float | None = None
    cache_write: float | None = None
    batch: float | None = None

    def cost(
        self, tokens_in: int, tokens_out: int, tokens_cached: int = 0, tokens_written: int = 0
    ) -> float:
        """What so many tokens cost; the most that they can cost where a price is not known.

        Args:
            tokens_in: Tokens of prompts.
            tokens_out: Tokens of replies.
            tokens_cached: Of `tokens_in`, those that were read from a cache.
            tokens_written: Of `tokens_in`, those that were written to one.

        Returns:
            US dollars.
        """
        cached = self.input if self.cached is None else self.cached
        written = self.input * UNKNOWN_WRITE if self.cache_write is None else self.cache_write
        plain = tokens_in - tokens_cached - tokens_written
        prompts = plain * self.input + tokens_cached * cached + tokens_written * written
        return (prompts + tokens_out * self.output) / 1e6

    def most(self, tokens_in: int, tokens_out: int) -> float:
        """The most that so many tokens can cost, whatever a cache has to do with them.

        Args:
            tokens_in: Tokens of prompts.
            tokens_out: Tokens of replies.

        Returns:
            US dollars.
        """
        dearest = max(self.input, self.cached or 0.0, self.cache_write or 0.0)
        return (tokens_in * dearest + tokens_out * self.output) / 1e6

    def unpriced(self, tokens_cached: int, tokens_written: int) -> int:
        """How many of these tokens have no known price of their own.

        Args:
            tokens_cached: Tokens that were read from a cache.
            tokens_written: Tokens that were written to one.

        Returns:
            Their number.
        """
        cached = tokens_cached if self.cached is None else 0
        return cached + (tokens_written if self.cache_write is None else 0)

    def in_batch(self) -> Price | None:
        """The prices of the provider's batch service.

        Returns:
            The prices; None if they are not known.
        """
        if self.batch is None:
            return None
        prices = (self.input, self.output, self.cached, self.cache_write)
        return Price(*(None if p is None else p * self.batch for p in prices))  # type: ignore[arg-type]


def price(model: str, user_prices: Mapping[str, Price] | None = None) -> Price | None:
    """The price of a model.

    Args:
        model: The model's name in its API. A dated snapshot (``gpt-4o-mini-2024-07-18``) has the
            price of its family if the table says so; no other similarity of names counts.
        user_prices: The user's own prices, which come first.

    Returns:
        The price; None if it is not known for certain.
    """
    if user_prices and model in user_prices:
        return user_prices[model]
    models = _table()["models"]
    entry = models.get(model)
    if entry is None and (snapshot := SNAPSHOT.fullmatch(model)):
        family = models.get(snapshot[1])
        entry = family if family and family.get("dated") else None
    if not entry:
        return None
    return Price(**{name: value for name, value in entry.items() if name != "dated"})


def as_of() -> str:
    """The month (``YYYY-MM``) of the table's prices. Prices change."""
    month: str = _table()["as_of"]
    return month


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(
        files("judgekit.config").joinpath("prices.toml").read_text(encoding="utf-8")
    )
