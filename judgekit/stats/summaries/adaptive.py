"""What a summary says of a run that showed the second order only where the first was in doubt."""

from __future__ import annotations

from dataclasses import dataclass, field

from judgekit.stats.intervals import Rate
from judgekit.stats.metric import metric
from judgekit.stats.order_confidence import Kind

__all__ = ["AdaptiveMetrics"]


@dataclass(frozen=True, slots=True)
class AdaptiveMetrics:
    """How much ``--orders adaptive`` saved, and how far it may have moved the win rate."""

    shown_once: int = field(metadata=metric("cases shown in one order only", unit="cases"))
    calibration: int = field(
        metadata=metric("the first cases, all shown in both orders", unit="cases")
    )
    shift_a: Rate = field(
        metadata=metric(
            "how much higher a's win rate is than both orders would give in every case",
            unit="difference of shares",
            denominator="cases",
            formula="Σ share of a kind of first verdict · its shift in the calibration cases",
        )
    )
    kinds: tuple[Kind, ...] = field(
        metadata=metric("the kinds of first verdict, and what calibration showed of each")
    )
