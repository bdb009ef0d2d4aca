"""What calls used, and which run asked them: the table `bookings` of the reply store.

A run's cost is the sum of its bookings, over all the times that its command was started. A reply
stands in the store once; whoever else uses it pays nothing, and so books nothing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Literal

from judgekit.config.prices import Price

__all__ = ["MOST_ROWS", "Booking", "Ended", "Totals", "read_totals", "write_bookings"]

Ended = Literal["reply", "failed", "retried"]
"""How a call ended: with a reply, or given up; or that one attempt of it was billed, and failed."""

MOST_ROWS = 500  # of one statement
SUMS = """
SELECT
  SUM(ended != 'retried'), SUM(requests), SUM(tokens_in), SUM(tokens_out),
  SUM(ended = 'reply' AND (tokens_in IS NULL OR tokens_out IS NULL)), SUM(cost),
  SUM(CASE WHEN cost IS NULL THEN tokens_in END),
  SUM(CASE WHEN cost IS NULL THEN tokens_out END),
  SUM(cost IS NULL), SUM(charged), SUM(tokens_cached), SUM(tokens_written),
  SUM(CASE WHEN cost IS NULL THEN tokens_cached END),
  SUM(CASE WHEN cost IS NULL THEN tokens_written END)
FROM bookings WHERE run = ?
"""


@dataclass(frozen=True, slots=True)
class Booking:
    """What one call used.

    Attributes:
        run: The run that asked, by its identity.
        key: The reply's key in the store.
        ended: How the call ended.
        requests: How many requests were sent for it.
        tokens_in: Tokens of its prompt, None where the server did not count them.
        tokens_out: Tokens of its reply, None likewise.
        cost: In US dollars, at the price of that day; None where the price was not known.
        charged: The dollars that limits count it with: more than the cost where the server did not
            count its tokens.
        tokens_cached: Of `tokens_in`, those that were read from the provider's cache.
        tokens_written: Of `tokens_in`, those that were written to it.
    """

    run: str
    key: bytes
    ended: Ended
    requests: int
    tokens_in: int | None
    tokens_out: int | None
    cost: float | None
    charged: float
    tokens_cached: int | None = None
    tokens_written: int | None = None


COLUMNS = tuple(field.name for field in fields(Booking))
VALUES = attrgetter(*COLUMNS)
INTO = f"bookings ({', '.join((*COLUMNS, 'at'))})"
ROW = f"({','.join('?' * (len(COLUMNS) + 1))})"


@dataclass(frozen=True, slots=True)
class Totals:
    """All that a run has used so far.

    `calls` had a reply or were given up, in `requests`. `without_usage` are replies whose server
    counted no tokens. `paid` is in US dollars; the `unpriced` calls, with their tokens, were made
    when the price was not known. `charged` are the dollars that limits count.
    """

    calls: int = 0
    requests: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    without_usage: int = 0
    paid: float = 0.0
    unpriced_in: int = 0
    unpriced_out: int = 0
    unpriced: int = 0
    charged: float = 0.0
    tokens_cached: int = 0
    tokens_written: int = 0
    unpriced_cached: int = 0
    unpriced_written: int = 0

    def cost(self, price: Price | None) -> float | None:
        """The cost in US dollars; None where a price or all usage is unknown.

        A lower limit where some replies came without usage, an upper one where the price of tokens
        from a cache is not known.

        Args:
            price: The price of the calls that were made while none was known.
        """
        if self.without_usage and not self.tokens_in + self.tokens_out:
            return None
        unpriced = self._unpriced_cost(price)
        return None if unpriced is None else self.paid + unpriced

    def against_limits(self, price: Price | None) -> float:
        """The dollars that limits count; `price` as in `cost`."""
        return self.charged + (self._unpriced_cost(price) or 0.0)

    def _unpriced_cost(self, price: Price | None) -> float | None:
        if not self.unpriced:
            return 0.0
        if price is None:
            return None
        return price.cost(
            self.unpriced_in, self.unpriced_out, self.unpriced_cached, self.unpriced_written
        )


def write_bookings(connection: sqlite3.Connection, bookings: Iterable[Booking], now: float) -> None:
    """Adds bookings, within the caller's transaction; `now` in seconds since 1970."""
    rows = [(*VALUES(booking), now) for booking in bookings]
    for start in range(0, len(rows), MOST_ROWS):
        part = rows[start : start + MOST_ROWS]
        values = ",".join([ROW] * len(part))
        connection.execute(
            f"INSERT INTO {INTO} VALUES {values}",  # noqa: S608 (our own names)
            [value for row in part for value in row],
        )


def read_totals(connection: sqlite3.Connection, run: str) -> Totals:
    """The sum of a run's bookings."""
    return Totals(*(value or 0 for value in connection.execute(SUMS, (run,)).fetchone()))
