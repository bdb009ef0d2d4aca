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

SNAPSHOT = re.compile(r"(.+)-(?:\d{4}-\d{2}-\d{2}|\d{8})")


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per million tokens."""

    input: float
    output: float

    def cost(self, tokens_in: int, tokens_out: int) -> float:
        """What so many tokens cost.

        Args:
            tokens_in: Tokens of prompts.
            tokens_out: Tokens of replies.

        Returns:
            US dollars.
        """
        return (tokens_in * self.input + tokens_out * self.output) / 1e6


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
    return Price(entry["input"], entry["output"]) if entry else None


def as_of() -> str:
    """The month (``YYYY-MM``) of the table's prices. Prices change."""
    month: str = _table()["as_of"]
    return month


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(
        files("judgekit.config").joinpath("prices.toml").read_text(encoding="utf-8")
    )
