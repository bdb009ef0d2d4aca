"""How often each of two models wins: counts, win rates, bounds, and the mean scores beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from judgekit.stats.intervals import Rate, clustered_mean, clustered_rate
from judgekit.stats.metric import metric
from judgekit.stats.outcomes.values import Inconsistent, counted
from judgekit.types import Outcome

__all__ = [
    "Bounds",
    "Counts",
    "bounds",
    "counts",
    "inconsistent_bounds",
    "mean_scores",
    "win_rate",
    "win_rate_mean",
]


@dataclass(frozen=True, slots=True)
class Counts:
    """Cases by their outcome: the five between `cases` and `identical` add up to `cases`.

    a is response 0, b response 1. `identical` cases are among the `ties`.
    """

    cases: int
    wins_a: int
    wins_b: int
    ties: int
    inconsistent: int
    no_verdict: int
    identical: int


@dataclass(frozen=True, slots=True)
class Bounds:
    """a's win rate if every case without a verdict went to b (`low`) or to a (`high`)."""

    low: float | None = field(
        metadata=metric("a's win rate if every case without a verdict went to b", unit="share")
    )
    high: float | None = field(
        metadata=metric("a's win rate if every case without a verdict went to a", unit="share")
    )


def counts(outcomes: Sequence[Outcome]) -> Counts:
    """Counts the outcomes of comparisons.

    Args:
        outcomes: One per case, each of two responses.

    Returns:
        Numbers of cases.
    """
    won = [o.winner for o in outcomes]
    no_verdict = sum(not o.decided for o in outcomes)
    return Counts(
        cases=len(outcomes),
        wins_a=won.count(0),
        wins_b=won.count(1),
        ties=won.count("tie"),
        inconsistent=won.count(None) - no_verdict,
        no_verdict=no_verdict,
        identical=sum(o.identical for o in outcomes),
    )


def win_rate(outcomes: Sequence[Outcome], inconsistent: Inconsistent = "half") -> Rate:
    """a's win rate over the cases with a verdict, ties counting half.

    As MT-Bench has it (Zheng et al. 2023, arXiv 2306.05685).

    Args:
        outcomes: One per case; response 0 is a's.
        inconsistent: What a case counts for in which the two orders disagree.

    Returns:
        A share in 0 to 1, its interval clustered by prompt; empty where no case counts.
    """
    return clustered_rate(
        (o.cluster, v, 1) for o in outcomes if (v := counted(o, inconsistent)) is not None
    )


def win_rate_mean(outcomes: Sequence[Outcome]) -> Rate:
    """The mean over cases of a's mean value over its valid trials; no orders are merged before.

    Args:
        outcomes: One per case; response 0 is a's.

    Returns:
        A share in 0 to 1, its interval clustered by prompt; empty without a valid trial.
    """
    return clustered_rate((o.cluster, o.mean, 1) for o in outcomes if o.mean is not None)


def bounds(outcomes: Sequence[Outcome], inconsistent: Inconsistent = "half") -> Bounds:
    """a's win rate if all cases without a verdict went to b, and if they went to a.

    Args:
        outcomes: One per case; response 0 is a's.
        inconsistent: What a case counts for in which the two orders disagree.

    Returns:
        Shares in 0 to 1; None where there are no cases.
    """
    n = counts(outcomes)
    split = n.ties + (n.inconsistent if inconsistent == "half" else 0)
    out_of = n.wins_a + n.wins_b + split + n.no_verdict
    if not out_of:
        return Bounds(None, None)
    least = n.wins_a + split / 2
    return Bounds(least / out_of, (least + n.no_verdict) / out_of)


def inconsistent_bounds(outcomes: Sequence[Outcome]) -> Bounds | None:
    """a's win rate if all inconsistent cases went to b, and if they went to a.

    Args:
        outcomes: One per case; response 0 is a's.

    Returns:
        Shares of the cases with a verdict, in 0 to 1; None where no case is inconsistent.
    """
    n = counts(outcomes)
    if not n.inconsistent:
        return None
    out_of = n.cases - n.no_verdict
    least = n.wins_a + n.ties / 2
    return Bounds(least / out_of, (least + n.inconsistent) / out_of)


def mean_scores(outcomes: Sequence[Outcome]) -> tuple[Rate, ...]:
    """Each response's mean score, on the judge's scale.

    Args:
        outcomes: One per case. A response without a score in a case is left out of its own mean
            only.

    Returns:
        One mean per response, intervals clustered by prompt; empty for judges of pairs.
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
