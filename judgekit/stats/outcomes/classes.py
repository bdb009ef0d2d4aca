"""What a classifier's repeats come to: a vote of classes, and the mean of their probabilities."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import fsum

from judgekit.types import Verdict

__all__ = ["leading_class", "majority_class", "mean_probabilities"]


def leading_class(votes: Sequence[str], out_of: int) -> str | None:
    """The class with most votes; None where two share the lead, or at most half voted.

    Args:
        votes: The classes that were said.
        out_of: How many could have said one.
    """
    ranked = Counter(votes).most_common(2)
    if 2 * len(votes) <= out_of or not ranked:
        return None
    return None if len(ranked) > 1 and ranked[0][1] == ranked[1][1] else ranked[0][0]


def majority_class(verdicts: Sequence[Verdict], out_of: int) -> str | None:
    """The class of one response, from its valid verdicts in so many showings."""
    return leading_class([v.label for v in verdicts if v.label is not None], out_of)


def mean_probabilities(verdicts: Sequence[Verdict], label: str | None) -> dict[str, float] | None:
    """The mean probability of each class; None without a `label`, or where a verdict has none."""
    given = [dict(v.probabilities) for v in verdicts]
    if label is None or not given or not all(given):
        return None
    return {name: fsum(p.get(name, 0.0) for p in given) / len(given) for name in given[0]}
