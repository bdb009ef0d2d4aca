"""Where a judge's first verdict is sure, so that the swapped order need not be asked.

A judge that prefers a position hardly ever takes back a verdict against it: who is chosen from the
worse place is chosen from the better one too. So the first cases are shown in both orders, and for
each kind of first verdict they tell how often the second order changes what the case counts for.
Kinds that it hardly ever changes are shown once from then on.

Which response is shown first has to be drawn for each case (as `harness.plan` draws it from the
content), so that what is not asked favours neither. What remains is that a winner whom the second
order would have doubted keeps the whole point. Most of that cancels between the two responses; the
rest is at most half the tolerance (all of it where orders merge by ``mean``), and
`OrderConfidence.shift` says how much it is.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from math import sqrt

from judgekit.stats.intervals import Rate, clustered_rate
from judgekit.stats.metric import metric
from judgekit.stats.outcomes.fold import is_choice, value_of_first
from judgekit.stats.outcomes.lean import Merge, lean, merge_orders
from judgekit.stats.outcomes.values import Inconsistent, value_of
from judgekit.types import Choice, Status, Verdict

__all__ = ["CALIBRATION", "TOLERANCE", "Kind", "OrderConfidence", "Row", "learn", "rounds"]

Row = tuple[str, int, Verdict, Verdict]
"""Cluster, the response shown first in the first order, its verdict, and the swapped order's."""

CALIBRATION = 50  # prompts shown in both orders before anything is sure
TOLERANCE = 0.2  # of a kind's cases, the share that the second order may change at most
BINS = (0.6, 0.75, 0.9)  # of the probability of the answer that it speaks for


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of first verdict, in positions: ``"first"``, ``"second"`` or ``"tie"``, with the
    probability's bin where the judge gives one (``"first, 0.9 to 1"``).

    `cases` were shown in both orders. `changed`: the share in which the second order changed what
    the case counts for. `shift`: how much more the first order alone gives response 0 than both,
    on average.
    """

    name: str = field(metadata=metric("the first verdict, with the bin of its probability"))
    cases: int = field(metadata=metric("the cases of this kind in both orders", unit="cases"))
    changed: Rate = field(
        metadata=metric(
            "how often the second order changed what the case counts for",
            unit="share",
            denominator="cases of this kind in both orders",
        )
    )
    shift: Rate = field(
        metadata=metric(
            "how much more the first order alone gives a than both orders, on average",
            unit="difference of shares",
            denominator="cases of this kind in both orders",
        )
    )
    sure: bool = field(
        metadata=metric("whether cases of this kind are shown in one order from then on")
    )


@dataclass(frozen=True, slots=True)
class OrderConfidence:
    """What calibration has shown; before it, no kind is."""

    kinds: tuple[Kind, ...]
    merge: Merge = "agree"
    inconsistent: Inconsistent = "half"

    def sure(self, first: Verdict) -> bool:
        """Whether a case with this first verdict can do without the second order.

        Without calibration it can where the second order has no say: the case is undecided
        already, as a verdict is not valid, or half a win each way, as a tie is under ``agree``.
        """
        if _settled(first, self.merge, self.inconsistent):
            return True
        name = _name(first, self.merge)
        return any(kind.sure for kind in self.kinds if kind.name == name)

    def shift(self, once: Iterable[Verdict], cases: int) -> Rate:
        """By how much response 0's win rate over `cases` is higher than both orders would give,
        because those with the verdicts `once` were shown once: an estimate, with its interval.

        Σ share of a kind · its shift; the kinds' intervals are independent, so their half-widths
        add in squares.
        """
        if not cases:
            return Rate()
        asked = (v for v in once if not _settled(v, self.merge, self.inconsistent))
        count = Counter(_name(v, self.merge) for v in asked)
        value = below = above = 0.0
        for kind in self.kinds:
            share, rate = count[kind.name] / cases, kind.shift
            if rate.value is not None and rate.low is not None and rate.high is not None:
                value += share * rate.value
                below += (share * (rate.value - rate.low)) ** 2
                above += (share * (rate.high - rate.value)) ** 2
        return Rate(value, value - sqrt(below), value + sqrt(above))


def learn(
    rows: Iterable[Row],
    *,
    tolerance: float = TOLERANCE,
    merge: Merge = "agree",
    inconsistent: Inconsistent = "half",
) -> OrderConfidence:
    """What is sure, from cases shown in both orders; those without two valid verdicts tell nothing.

    A kind is sure where the upper end of `Kind.changed` (`clustered_rate`: Wilson's interval) is
    below `tolerance`: 0.2 takes 18 prompts without a change, or 50 of which it changes three.
    `merge` and `inconsistent` are the run's: they say what a case counts for.
    """
    of_kind: defaultdict[str, list[Seen]] = defaultdict(list)
    for cluster, shown_first, first, second in rows:
        if _valid(first) and _valid(second) and not _settled(first, merge, inconsistent):
            soft = merge == "mean"
            values = (value_of_first(first, soft=soft), 1 - value_of_first(second, soft=soft))
            alone = _counted(values[:1], merge, inconsistent)
            both = _counted(values, merge, inconsistent)
            # A case that is dropped no longer counts: next to one half, that is half a win.
            lead = (0.5 if alone is None else alone) - (0.5 if both is None else both)
            seen = (cluster, alone != both, lead if shown_first == 0 else -lead)
            of_kind[_name(first, merge)].append(seen)
    kinds = tuple(_kind(name, seen, tolerance) for name, seen in sorted(of_kind.items()))
    return OrderConfidence(kinds, merge, inconsistent)


Seen = tuple[str, bool, float]
"""Cluster, whether the second order changed the case, and what the first adds to response 0."""


def _kind(name: str, seen: Sequence[Seen], tolerance: float) -> Kind:
    changed = clustered_rate((cluster, did, 1) for cluster, did, _ in seen)
    # A shift is in -1 to 1. As a share of that range its interval always has some width.
    share = clustered_rate((cluster, (1 + lead) / 2, 1) for cluster, _, lead in seen)
    shift = Rate(*(None if v is None else 2 * v - 1 for v in (share.value, share.low, share.high)))
    return Kind(
        name, len(seen), changed, shift, changed.high is not None and changed.high < tolerance
    )


def _valid(verdict: Verdict) -> bool:
    return verdict.status is Status.VALID and is_choice(verdict)


def _settled(first: Verdict, merge: Merge, inconsistent: Inconsistent) -> bool:
    """Whether no second verdict could change what the case counts for."""
    tie = merge == "agree" and inconsistent == "half" and first.choice is Choice.TIE
    return tie or not _valid(first)


def _name(first: Verdict, merge: Merge) -> str:
    """The kind of a valid verdict."""
    value = value_of_first(first, soft=merge == "mean")
    name = {0: "first", 1: "second", "tie": "tie"}[lean(value)]
    if first.probability is None:
        return name
    bound = bisect_right(BINS, max(first.probability, 1 - first.probability))
    low, high = (0.5, *BINS)[bound], (*BINS, 1.0)[bound]
    return f"{name}, {low:g} to {high:g}"


def _counted(values: Sequence[float], merge: Merge, inconsistent: Inconsistent) -> float | None:
    """What a case counts for, by the first shown's values in the orders: 1, 0.5, 0 or nothing."""
    winner = merge_orders(values, merge)
    if winner is None:
        return 0.5 if inconsistent == "half" else None
    return value_of(winner)


def rounds(prompts: int, first: int = CALIBRATION) -> Iterator[int]:
    """After how many prompts to learn anew: `first`, and at each doubling, below `prompts`.

    Between them nothing is learned, so that what is asked does not depend on which reply comes
    first. A kind is shown in both orders until it is sure, and its rows add up.
    """
    while 0 < first < prompts:
        yield first
        first *= 2
