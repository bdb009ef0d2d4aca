"""What a run has done so far, in counts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields

from judgekit.config.prices import Price
from judgekit.types import Usage

__all__ = ["Tally"]


@dataclass
class Tally:
    """Counts what this start of a run has done so far, for progress bars and `run.json`.

    What the run used over all its starts stands in the store (`judgekit.harness.bookings`).
    """

    trials: int = 0
    judged: int = 0
    calls: int = 0  # to the engine, without retries
    attempts: int = 0  # requests sent, with retries
    calls_from_store: int = 0
    reused: int = 0  # of those from the store: replies that another run paid for
    tokens_in: int = 0
    tokens_out: int = 0
    tokens_cached: int = 0  # of tokens_in: read from a provider's cache
    tokens_written: int = 0  # of tokens_in: written to one
    without_usage: int = 0  # replies whose server gave no token counts, or impossible ones
    statuses: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)  # calls given up, by failure
    retries: Counter[str] = field(default_factory=Counter)  # attempts repeated, by failure

    def add_judged(self, status: str) -> None:
        """Counts a trial, or a candidate, with its status."""
        self.judged += 1
        self.statuses[status] += 1

    def count_stored(self, replies: int, reused: int) -> None:
        """Counts replies from the store, and how many of them another run has paid for."""
        self.calls_from_store += replies
        self.reused += reused

    def __add__(self, other: Tally) -> Tally:
        """The counts of both together."""
        return Tally(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(Tally)))

    def become(self, other: Tally) -> None:
        """Takes over the other's counts: whoever holds this object sees them."""
        vars(self).update(vars(other))

    def cost(self, price: Price | None) -> float | None:
        """The cost of the calls in US dollars, None where the price or all usage is unknown.

        A lower limit where some replies came without usage.
        """
        if price is None or (self.without_usage and not self.tokens_in + self.tokens_out):
            return None
        return price.cost(self.tokens_in, self.tokens_out, self.tokens_cached, self.tokens_written)

    def add_usage(self, usage: Usage) -> None:
        """Counts the tokens of a call."""
        self.tokens_in += usage.tokens_in or 0
        self.tokens_out += usage.tokens_out or 0
        self.tokens_cached += usage.tokens_cached or 0
        self.tokens_written += usage.tokens_written or 0

    def note(self, price: Price | None, wanted: str = "a verdict") -> str:
        """Cost so far, what came from the store, and what went wrong, in a few words.

        Args:
            price: The price of the calls, where it is known.
            wanted: What a trial that is not valid goes without.
        """
        cost = self.cost(price)
        wrong = sum(self.statuses.values()) - self.statuses.get("valid", 0)
        parts = {
            f"${cost or 0:.2f}": cost,
            f"{self.calls_from_store} from the store": self.calls_from_store,
            f"{wrong} without {wanted}": wrong,
            f"{sum(self.retries.values())} retries": self.retries,
        }
        return " · ".join(part for part, counts in parts.items() if counts)
