"""A confidence sequence: an interval that is valid at every moment of a run.

An ordinary 95 % interval that is checked after each case misses the truth sooner or later: whoever
stops once it is narrow, or once it excludes one half, selects the moments at which it errs. A
confidence sequence covers the truth at all moments at once with probability 95 %, so one may stop
at any time. This is the hedged capital process of Waudby-Smith & Ramdas (2023, *Estimating means of
bounded random variables by betting*, J. R. Stat. Soc. B 86(1), theorem 3): a bet against each
candidate mean m, whose capital would rarely grow twentyfold if m were the mean.
"""

from __future__ import annotations

from math import log, sqrt

import numpy as np

from judgekit.stats.intervals import Rate

__all__ = ["ConfidenceSequence"]

POINTS = 2000  # candidate means; the interval's ends are rounded outwards to the next
MAX_BET = 0.75  # the largest share of the capital that one bet may lose


class ConfidenceSequence:
    """A confidence sequence for the mean of values in 0 to 1, added one at a time.

    Each value belongs to one prompt (the mean over its cases), and the prompts come in random
    order: of a file sorted by category, the first values would estimate the mean of the first
    categories.

    Args:
        level: Probability that the interval contains the mean at all moments.
    """

    def __init__(self, level: float = 0.95) -> None:
        self._threshold = log(2 / (1 - level))  # half of the capital bets on each side
        self._means = np.linspace(0.0, 1.0, POINTS + 1)
        with np.errstate(divide="ignore"):
            self._most_above = MAX_BET / self._means  # bets that the mean is above m
            self._most_below = MAX_BET / (1 - self._means)
        self._above = np.zeros(POINTS + 1)  # logarithms of the capital
        self._below = np.zeros(POINTS + 1)
        self._inside = np.ones(POINTS + 1, dtype=bool)  # in the interval at every moment so far
        self._count = 0
        self._sum = 0.0
        self._squares = 0.25  # of deviations, plus one prior value of variance 1/4

    @property
    def count(self) -> int:
        """The number of values so far."""
        return self._count

    def add(self, value: float) -> None:
        """Adds one value.

        Raises:
            ValueError: The value is not in 0 to 1.
        """
        if not 0 <= value <= 1:
            raise ValueError(f"{value!r} is not in 0 to 1")
        n = self._count + 1
        # The bet depends on earlier values only: that makes the game fair.
        variance = self._squares / n
        bet = sqrt(2 * self._threshold / (variance * n * log(n + 1)))
        away = value - self._means
        self._above += np.log1p(np.minimum(bet, self._most_above) * away)
        self._below += np.log1p(-np.minimum(bet, self._most_below) * away)
        self._inside &= np.maximum(self._above, self._below) < self._threshold
        self._count = n
        self._sum += value
        self._squares += (value - (0.5 + self._sum) / (n + 1)) ** 2

    @property
    def interval(self) -> Rate:
        """The mean so far, and the intersection of all intervals so far.

        Empty before the first value.
        """
        if not self._count:
            return Rate()
        mean = self._sum / self._count
        candidates = np.flatnonzero(self._inside)
        if not len(candidates):  # the values drifted: no mean fits all of them
            return Rate(mean, mean, mean)
        low, high = max(0, candidates[0] - 1), min(POINTS, candidates[-1] + 1)
        return Rate(mean, float(min(mean, low / POINTS)), float(max(mean, high / POINTS)))
