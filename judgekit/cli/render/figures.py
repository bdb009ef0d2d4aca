"""Numbers as people read them in a table: counts, shares, scores and their intervals."""

from __future__ import annotations

from judgekit.stats.intervals import Rate

__all__ = ["NONE", "decimal", "number", "percent", "points", "price", "rate_text", "score_text"]

NONE = "–"


def number(n: int, what: str) -> str:
    """``1 case``, ``2 cases``."""
    return f"{n} {what}{'s' * (n != 1)}"


def percent(value: float | None) -> str:
    """A share in percent."""
    return NONE if value is None else f"{100 * value:.1f} %"


def decimal(value: float | None) -> str:
    """A number with two decimals."""
    return NONE if value is None else f"{value:.2f}"


def price(cost: float | None, *, about: str = "") -> str:
    """A price in dollars, after `about` where it is estimated."""
    return "price unknown" if cost is None else f"{about}${cost:.4f}"


def rate_text(rate: Rate) -> str:
    """A share with its 95 % interval, in percent."""
    if rate.value is None or rate.low is None or rate.high is None:
        return percent(rate.value)
    return f"{percent(rate.value)}  ({100 * rate.low:.1f} to {100 * rate.high:.1f})"


def score_text(rate: Rate) -> str:
    """A mean score with its 95 % interval, on the judge's scale."""
    if rate.value is None or rate.low is None or rate.high is None:
        return decimal(rate.value)
    return f"{rate.value:.2f}  ({rate.low:.2f} to {rate.high:.2f})"


def points(difference: Rate) -> str:
    """A difference of shares with its interval, in percentage points."""
    if difference.value is None or difference.low is None or difference.high is None:
        return NONE
    value, low, high = (100 * end for end in (difference.value, difference.low, difference.high))
    return f"{value:+.1f} points ({low:+.1f} to {high:+.1f})"
