"""Decides from a judge's first verdict whether the swapped order must be asked.

A judge with a position bias rarely revises a verdict against its bias: an answer that it chooses in
the worse position it also chooses in the better one. So the first cases are shown in both orders
(calibration), and for each kind of first verdict we measure how often the second order changes the
case's value. Cases of kinds that it rarely changes are then shown in one order.

Which response is shown first must be random for each case (`harness.plan` derives it from the
content), so that the missing orders favour neither response. A winner whom the second order would
have contested still keeps a full point. Most of this cancels between the two responses; the
remaining bias is at most half the tolerance (the whole tolerance if orders merge by ``mean``), and
`OrderConfidence.shift` estimates it.
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

__all__ = [
    "CALIBRATION",
    "TOLERANCE",
    "Kind",
    "OrderConfidence",
    "Row",
    "calibrate",
    "calibration_rounds",
]

Row = tuple[str, int, Verdict, Verdict]
"""Cluster, the response shown first in the first order, its verdict, and the swapped order's."""

CALIBRATION = 50  # prompts shown in both orders before anything is sure
TOLERANCE = 0.2  # largest share of a kind's cases that the second order may change
BINS = (0.6, 0.75, 0.9)  # of the probability of the chosen answer


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of first verdict: its choice in positions, and the bin of its probability, if any.

    `name` is for example ``"first"`` or ``"first, 0.9 to 1"``. `cases` were shown in both orders.
    `changed`: the share of them in which the second order changed the case's value. `shift`: the
    mean value of response 0 by the first order alone, minus that by both orders. `sure`: the second
    order is not needed.
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
    """The result of calibration; without it no kind is sure."""

    kinds: tuple[Kind, ...]
    merge: Merge = "agree"
    inconsistent: Inconsistent = "half"

    def sure(self, first: Verdict) -> bool:
        """Whether a case with this first verdict needs no second order.

        Even without calibration it needs none if the second order cannot change the case: it has no
        verdict if the first is not valid, and under ``agree`` it counts half a win for each if the
        first is a tie.
        """
        if _is_decided(first, self.merge, self.inconsistent):
            return True
        name = _kind_name(first, self.merge)
        return any(kind.sure for kind in self.kinds if kind.name == name)

    def shift(self, once: Iterable[Verdict], cases: int) -> Rate:
        """The estimated bias in response 0's win rate from cases shown in one order only.

        Σ share of a kind · its shift. The kinds' intervals are independent, so their half-widths
        add in squares. What the cases shown once would have come to varies as well, as those of
        the calibration did: with m of them beside n, a kind's squared half-width is 1 + n/m times
        as large.

        Args:
            once: The verdicts of the cases that were shown in one order.
            cases: The number of cases that the win rate is over.

        Returns:
            The win rate minus that by both orders, with its interval.
        """
        if not cases:
            return Rate()
        verdicts = (v for v in once if not _is_decided(v, self.merge, self.inconsistent))
        count = Counter(_kind_name(v, self.merge) for v in verdicts)
        value = below = above = 0.0
        for kind in self.kinds:
            share, rate = count[kind.name] / cases, kind.shift
            if not share or rate.value is None or rate.low is None or rate.high is None:
                continue
            realised = 1 + kind.cases / count[kind.name]
            value += share * rate.value
            below += realised * (share * (rate.value - rate.low)) ** 2
            above += realised * (share * (rate.high - rate.value)) ** 2
        return Rate(value, value - sqrt(below), value + sqrt(above))


def calibrate(
    rows: Iterable[Row],
    *,
    tolerance: float = TOLERANCE,
    merge: Merge = "agree",
    inconsistent: Inconsistent = "half",
) -> OrderConfidence:
    """Learns from cases shown in both orders which kinds of first verdict are sure.

    A kind is sure if the upper end of `Kind.changed` (`clustered_rate`: Wilson's interval) is below
    `tolerance`. A tolerance of 0.2 takes 18 prompts without a change, or 50 prompts with three.

    Args:
        rows: Cases shown in both orders; those without two valid verdicts are ignored.
        tolerance: The largest share of a kind's cases that the second order may change.
        merge: How the run merges two orders.
        inconsistent: How the run counts inconsistent cases.
    """
    of_kind: defaultdict[str, list[Observation]] = defaultdict(list)
    for cluster, shown_first, first, second in rows:
        if _valid(first) and _valid(second) and not _is_decided(first, merge, inconsistent):
            soft = merge == "mean"
            values = (value_of_first(first, soft=soft), 1 - value_of_first(second, soft=soft))
            alone = _case_value(values[:1], merge, inconsistent)
            both = _case_value(values, merge, inconsistent)
            # A case that is dropped counts like one half.
            lead = (0.5 if alone is None else alone) - (0.5 if both is None else both)
            observation = (cluster, alone != both, lead if shown_first == 0 else -lead)
            of_kind[_kind_name(first, merge)].append(observation)
    kinds = tuple(
        _kind(name, observations, tolerance) for name, observations in sorted(of_kind.items())
    )
    return OrderConfidence(kinds, merge, inconsistent)


Observation = tuple[str, bool, float]
"""Cluster, whether the second order changed the case's value, and the first order's shift."""


def _kind(name: str, observations: Sequence[Observation], tolerance: float) -> Kind:
    changed = clustered_rate((cluster, did, 1) for cluster, did, _ in observations)
    # As a share of its range -1 to 1, a shift has an interval that is never of zero width.
    share = clustered_rate((cluster, (1 + lead) / 2, 1) for cluster, _, lead in observations)
    shift = Rate(*(None if v is None else 2 * v - 1 for v in (share.value, share.low, share.high)))
    return Kind(
        name,
        len(observations),
        changed,
        shift,
        changed.high is not None and changed.high < tolerance,
    )


def _valid(verdict: Verdict) -> bool:
    return verdict.status is Status.VALID and is_choice(verdict)


def _is_decided(first: Verdict, merge: Merge, inconsistent: Inconsistent) -> bool:
    """Whether no second verdict could change the case's value."""
    tie = merge == "agree" and inconsistent == "half" and first.choice is Choice.TIE
    return tie or not _valid(first)


def _kind_name(first: Verdict, merge: Merge) -> str:
    """The kind of a valid verdict."""
    value = value_of_first(first, soft=merge == "mean")
    name = {0: "first", 1: "second", "tie": "tie"}[lean(value)]
    if first.probability is None:
        return name
    bound = bisect_right(BINS, max(first.probability, 1 - first.probability))
    low, high = (0.5, *BINS)[bound], (*BINS, 1.0)[bound]
    return f"{name}, {low:g} to {high:g}"


def _case_value(values: Sequence[float], merge: Merge, inconsistent: Inconsistent) -> float | None:
    """What a case counts for, by the first shown's values in the orders: 1, 0.5, 0 or nothing."""
    winner = merge_orders(values, merge)
    if winner is None:
        return 0.5 if inconsistent == "half" else None
    return value_of(winner)


def calibration_rounds(prompts: int, first: int = CALIBRATION) -> Iterator[int]:
    """The numbers of prompts after which to calibrate again: `first`, then each doubling.

    Nothing is learned in between, so that what is asked does not depend on the order of arrival of
    the replies. A kind is shown in both orders until it is sure, and its rows accumulate.

    Args:
        prompts: The number of prompts; all results are below it.
        first: The number of prompts of the first calibration.
    """
    while 0 < first < prompts:
        yield first
        first *= 2
