"""How often each of two models wins: counts, win rates, bounds, and the mean scores beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from judgekit.stats.intervals import Rate, clustered_mean, clustered_rate
from judgekit.stats.outcomes.values import Inconsistent, counted
from judgekit.types import Outcome

__all__ = [
    "Bounds",
    "Counts",
    "bounds",
    "counts",
    "mean_scores",
    "win_rate",
    "win_rate_mean",
]


@dataclass(frozen=True, slots=True)
class Counts:
    """Cases by what became of them: the five between `cases` and `identical` add up to `cases`.

    a is response 0, b response 1. `identical` cases are among the `ties`.
    """

    cases: int
    wins_a: int
    wins_b: int
    ties: int
    inconsistent: int
    undecided: int
    identical: int


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where a's win rate would lie if every undecided case went to b (`low`) or to a (`high`)."""

    low: float | None
    high: float | None


def counts(outcomes: Sequence[Outcome]) -> Counts:
    """Counts over comparisons of two responses."""
    won = [o.winner for o in outcomes]
    undecided = sum(not o.decided for o in outcomes)
    return Counts(
        cases=len(outcomes),
        wins_a=won.count(0),
        wins_b=won.count(1),
        ties=won.count("tie"),
        inconsistent=won.count(None) - undecided,
        undecided=undecided,
        identical=sum(o.identical for o in outcomes),
    )


def win_rate(outcomes: Sequence[Outcome], inconsistent: Inconsistent = "half") -> Rate:
    """a's win rate over the decided cases, ties counting half (MT-Bench, arXiv 2306.05685)."""
    return clustered_rate(
        (o.cluster, v, 1) for o in outcomes if (v := counted(o, inconsistent)) is not None
    )


def win_rate_mean(outcomes: Sequence[Outcome]) -> Rate:
    """The mean over cases of a's mean value over its valid trials; nothing is merged before."""
    return clustered_rate((o.cluster, o.mean, 1) for o in outcomes if o.mean is not None)


def bounds(outcomes: Sequence[Outcome], inconsistent: Inconsistent = "half") -> Bounds:
    """a's win rate if all undecided cases went one way, then the other."""
    n = counts(outcomes)
    split = n.ties + (n.inconsistent if inconsistent == "half" else 0)
    out_of = n.wins_a + n.wins_b + split + n.undecided
    if not out_of:
        return Bounds(None, None)
    least = n.wins_a + split / 2
    return Bounds(least / out_of, (least + n.undecided) / out_of)


def mean_scores(outcomes: Sequence[Outcome]) -> tuple[Rate, ...]:
    """Each response's mean score, on the judge's scale; empty for judges of pairs.

    A response without a score in a case is left out of its own mean only.
    """
    responses = max((len(o.scores) for o in outcomes), default=0)
    return tuple(
        clustered_mean(
            (o.cluster, score, 1)
            for o in outcomes
            if len(o.scores) > i and (score := o.scores[i]) is not None
        )
        for i in range(responses)
    )
