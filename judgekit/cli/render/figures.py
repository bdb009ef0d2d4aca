"""Numbers as people read them in a table: counts, shares, scores and their intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from judgekit.runs.metadata import cost_bound
from judgekit.stats.intervals import Rate

if TYPE_CHECKING:
    from judgekit.runs import RunCounts
    from judgekit.runs.bench_report import JudgeResult
    from judgekit.runs.index import RunInfo
    from judgekit.trust.audit import Audit

__all__ = [
    "NONE",
    "asked_text",
    "costs",
    "decimal",
    "number",
    "paid",
    "percent",
    "points",
    "price",
    "rate_text",
    "score_text",
]

NONE = "–"


def number(n: int, what: str) -> str:
    """``1 case``, ``2 cases``."""
    return f"{n} {what}{'s' * (n != 1)}"


def asked_text(counts: Sequence[RunCounts | JudgeResult | Audit], *, asks: bool = True) -> str:
    """``160 calls (80 this time), 0 reused``; of a judge without engine ``78 judged, …``.

    Args:
        counts: What each of several runs asked.
        asks: Whether an engine was asked.
    """
    calls = sum(count.calls for count in counts)
    asked = number(calls, "call") if asks else f"{calls} judged"
    now = [count.calls_now for count in counts if count.calls_now is not None]
    reused = [count.reused for count in counts if count.reused is not None]
    if len(now) < len(counts) or len(reused) < len(counts):
        return f"{asked}, {sum(count.calls_from_store for count in counts)} from the reply store"
    this_time = f" ({sum(now)} this time)" if sum(now) < calls else ""
    return f"{asked}{this_time}, {sum(reused)} reused from the reply store"


def percent(value: float | None) -> str:
    """A share in percent."""
    return NONE if value is None else f"{100 * value:.1f} %"


def decimal(value: float | None) -> str:
    """A number with two decimals."""
    return NONE if value is None else f"{value:.2f}"


def price(cost: float | None, *, about: str = "") -> str:
    """A price in dollars, after `about` where it is estimated."""
    return "price unknown" if cost is None else f"{about}${cost:.4f}"


def paid(counts: Sequence[RunCounts | JudgeResult | Audit | RunInfo], digits: int = 4) -> str:
    """What was paid: ``$0.0100``, after ``at least`` or ``at most`` where only that is known."""
    paid_each = [c.cost_usd for c in counts if c.cost_usd is not None]
    if len(paid_each) < len(counts):
        return price(None)
    bound = cost_bound(sum(c.without_usage for c in counts), sum(c.unpriced for c in counts))
    return f"{bound}${sum(paid_each):.{digits}f}"


def costs(counts: Sequence[RunCounts | JudgeResult | Audit]) -> list[str]:
    """What was paid, unless it was nothing, and how many replies did not name their tokens."""
    without = sum(c.without_usage for c in counts)
    free = not without and all(c.cost_usd == 0 for c in counts)
    parts = [] if free else [paid(counts)]
    return parts + [f"{without} without token counts"] * bool(without)


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
