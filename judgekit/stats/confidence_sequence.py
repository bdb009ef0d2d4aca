"""An interval that holds at every moment of a run, so that one may stop when it says enough.

An ordinary 95 % interval that is looked at after each case will, sooner or later, miss the truth:
whoever stops when it is narrow, or off one half, picks the moments at which it errs. A confidence
sequence holds at all moments at once with 95 %. This is the hedged capital process of Waudby-Smith
& Ramdas (2023, *Estimating means of bounded random variables by betting*, J. R. Stat. Soc. B 86(1),
theorem 3): a bet against each candidate mean m, whose capital would rarely grow twentyfold if m
were the mean.
"""

from __future__ import annotations

from math import log, sqrt

import numpy as np

from judgekit.stats.intervals import Rate

__all__ = ["ConfidenceSequence"]

POINTS = 2000  # candidate means; the interval's ends are rounded outwards to the next
BOLDEST = 0.75  # share of the capital that one bet may lose at most


class ConfidenceSequence:
    """A confidence sequence for a mean of values in 0 to 1, fed one independent value at a time.

    The values are one prompt's each (the mean over its cases), in an order drawn at random: a file
    sorted by category would have its first categories' mean.
    """

    def __init__(self, level: float = 0.95) -> None:
        self._threshold = log(2 / (1 - level))  # capital is split between the two sides
        self._means = np.linspace(0.0, 1.0, POINTS + 1)
        with np.errstate(divide="ignore"):
            self._most_above = BOLDEST / self._means  # bets that the mean is above m
            self._most_below = BOLDEST / (1 - self._means)
        self._above = np.zeros(POINTS + 1)  # logarithms of the capital
        self._below = np.zeros(POINTS + 1)
        self._inside = np.ones(POINTS + 1, dtype=bool)  # never left out at any moment
        self._count = 0
        self._sum = 0.0
        self._squares = 0.25  # of deviations, with one made-up value of variance 1/4

    @property
    def count(self) -> int:
        """How many values there have been."""
        return self._count

    def add(self, value: float) -> None:
        """Takes one value in 0 to 1; ValueError otherwise."""
        if not 0 <= value <= 1:
            raise ValueError(f"{value!r} is not in 0 to 1")
        n = self._count + 1
        # The bet rests on what came before only: that is what makes it fair.
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
        """The mean so far, and the interval that all moments so far have left."""
        if not self._count:
            return Rate()
        mean = self._sum / self._count
        left = np.flatnonzero(self._inside)
        if not len(left):  # the values drifted; nothing fits them all
            return Rate(mean, mean, mean)
        low, high = max(0, left[0] - 1), min(POINTS, left[-1] + 1)
        return Rate(mean, float(min(mean, low / POINTS)), float(max(mean, high / POINTS)))
