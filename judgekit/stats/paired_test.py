"""Tests whether two judges, or two models, differ on the same cases."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from math import fsum

from judgekit.stats.intervals import Rate, clustered_mean
from judgekit.stats.share_differences import share_difference

__all__ = ["PairedTest", "paired_test"]

EXACT = 12  # differing clusters; with more of them, flips are drawn at random
DRAWS = 10_000
ROUNDING = 1e-9
LEVEL = 0.05


@dataclass(frozen=True, slots=True)
class PairedTest:
    """The result of `paired_test`: the mean difference and its p-value.

    `difference` has no interval where the data give none (see `paired_test`). `p_value` is
    two-sided; if sign flips were drawn it is at least 1 / (draws + 1). `exact`: all sign flips were
    enumerated. `clusters` counts the prompts, `differing` those with a non-zero sum of differences.
    `told_apart`: the difference is significant, that is, p is below 5 % and the interval, where
    there is one, excludes 0.
    """

    difference: Rate
    p_value: float | None
    exact: bool
    cases: int
    clusters: int
    differing: int
    told_apart: bool


def paired_test(rows: Iterable[tuple[str, float, float]], *, shares: bool = True) -> PairedTest:
    """A sign-flip permutation test of paired values, clustered by prompt.

    Under the null hypothesis each prompt's difference could as well have had the other sign. The
    p-value is the share of sign flips, of whole prompts, whose sum is at least as far from zero as
    the observed one (Fisher 1935; Ernst 2004, Statist. Sci. 19, 676-685). The test makes no
    assumption about the distribution of the values. Draws are seeded, so equal rows give equal
    p-values.

    The interval of a difference of shares is that of `share_difference`; of scores it is a t
    interval (`clustered_mean`), or none if all prompts differ by the same amount. If the test is
    not significant the interval is extended to include 0, so that test and interval never
    contradict each other.

    Args:
        rows: Triples (cluster, one value, the other value).
        shares: Whether the values are shares in 0 to 1; otherwise they are scores on any scale.

    Returns:
        The test; without rows, `p_value` is None.
    """
    differences = [(cluster, x - y) for cluster, x, y in rows]
    sums: dict[str, float] = {}
    for cluster, d in differences:
        sums[cluster] = sums.get(cluster, 0.0) + d
    differing = [abs(d) for d in sums.values() if abs(d) > ROUNDING]
    exact = len(differing) <= EXACT
    p = _p_value(differing, abs(fsum(sums.values())), exact=exact) if differences else None
    apart = p is not None and p < LEVEL
    difference = _difference(differences, shares=shares, apart=apart)
    return PairedTest(
        difference=difference,
        p_value=p,
        exact=exact,
        cases=len(differences),
        clusters=len(sums),
        differing=len(differing),
        told_apart=apart and not _holds_zero(difference),
    )


def _difference(differences: Sequence[tuple[str, float]], *, shares: bool, apart: bool) -> Rate:
    """The mean difference, with an interval that agrees with the test."""
    rows = [(cluster, d, 1.0) for cluster, d in differences]
    rate = share_difference(rows) if shares else clustered_mean(rows)
    if rate.value is None or rate.low is None or rate.high is None:
        return rate
    if rate.high - rate.low <= ROUNDING:
        return Rate(rate.value)
    return rate if apart else Rate(rate.value, min(rate.low, 0.0), max(rate.high, 0.0))


def _holds_zero(rate: Rate) -> bool:
    return rate.low is not None and rate.high is not None and rate.low <= 0 <= rate.high


def _p_value(sizes: list[float], observed: float, *, exact: bool) -> float:
    """The share of sign flips of `sizes` whose sum is at least as far from zero as `observed`."""
    if exact:
        flips = product((1, -1), repeat=len(sizes))
        sums = [abs(fsum(s * d for s, d in zip(signs, sizes, strict=True))) for signs in flips]
        return sum(total >= observed - ROUNDING for total in sums) / len(sums)
    import numpy as np

    draw = np.random.default_rng(0)
    size = np.asarray(sizes)
    far = 0
    rows = max(1, 2_000_000 // len(sizes))  # flips per block, to bound memory
    for start in range(0, DRAWS, rows):
        shape = (min(rows, DRAWS - start), len(sizes))
        signs = draw.integers(0, 2, size=shape, dtype=np.int8) * 2 - 1
        far += int(np.count_nonzero(np.abs(signs @ size) >= observed - ROUNDING))
    return (far + 1) / (DRAWS + 1)
