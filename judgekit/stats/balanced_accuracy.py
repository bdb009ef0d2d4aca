"""Balanced accuracy of a judge, and the gain of one judge over another on the same prompts.

The balanced accuracy is the mean, over the labels that occur, of the share of cases with that label
that are right (Brodersen et al. 2010, ICPR, 3121-3124). A judge that always says what is common
gains nothing by it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import fsum, prod
from typing import TYPE_CHECKING

from judgekit.stats.intervals import Rate, standard_error, t95
from judgekit.stats.share_differences import share_difference

if TYPE_CHECKING:
    import numpy as np

__all__ = ["LEVEL", "GainTest", "PairedCase", "balanced_accuracy", "gain_test"]

LEVEL = 0.025  # of the one-sided test: a gain that is shown at 5 % two-sided
MOST_STATES = 2_000_000  # of the exact distribution; beyond it, flips are drawn at random
DRAWS = 100_000
BLOCK = 2_000_000  # signs that are drawn at a time, to bound memory
ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class PairedCase:
    """A labelled case before two judges; `before` and `after` say which of them were right."""

    cluster: str
    label: Hashable
    before: bool
    after: bool


@dataclass(frozen=True, slots=True)
class GainTest:
    """The result of `gain_test`.

    `gain` is the balanced accuracy after minus that before. `p_value` is one-sided; None without
    cases. `exact`: the whole distribution of the sign flips was computed. `fixed` counts the cases
    that only the second judge got right, `broken` those that only the first did. `significant`: p
    is at most 2.5 %, and the interval lies above 0.
    """

    gain: Rate
    p_value: float | None
    exact: bool
    cases: int
    clusters: int
    fixed: int
    broken: int
    significant: bool


def balanced_accuracy(rows: Iterable[tuple[str, Hashable, bool]]) -> Rate:
    """The balanced accuracy, with a 95 % interval clustered by prompt.

    The variance is the jackknife's over clusters of the mean of the labels' shares, each of which
    has 2/K right and 2/K wrong cases added for K labels: with one label these are the four of
    Agresti & Coull (1998, Am. Stat. 52, 119-126), with two those of Agresti & Caffo (2000, Am.
    Stat. 54, 280-288). The estimate itself is not adjusted.

    Args:
        rows: Triples (cluster, the true label, whether the judge is right).

    Returns:
        The rate. No interval from fewer than two clusters; empty without rows.
    """
    triples = list(rows)
    sizes = Counter(label for _, label, _ in triples)
    if not sizes:
        return Rate()
    right = Counter(label for _, label, hit in triples if hit)
    value = fsum(right[label] / n for label, n in sizes.items()) / len(sizes)
    clusters = {cluster for cluster, *_ in triples}
    if len(clusters) < 2:
        return Rate(value)
    more = 2 / len(sizes)
    total = {label: n + 2 * more for label, n in sizes.items()}
    middle = {label: (right[label] + more) / total[label] for label in sizes}
    rows_ = [
        (cluster, (hit - middle[label]) / total[label], 1.0 / total[label])
        for cluster, label, hit in triples
    ]
    for label in sizes:
        for place, hit in enumerate((True, False)):
            share = (hit - middle[label]) * more / total[label]
            rows_.append((f"\0{label}{place}", share, more / total[label]))
    error = standard_error(rows_)
    half = t95(len(clusters) - 1) * error
    centre = fsum(middle.values()) / len(middle)
    return Rate(value, max(0.0, min(value, centre - half)), min(1.0, max(value, centre + half)))


def gain_test(cases: Sequence[PairedCase]) -> GainTest:
    """A one-sided sign-flip test of two judges' balanced accuracies, clustered by prompt.

    Under the null hypothesis the two judges' results on a prompt could as well have been
    exchanged. The p-value is the share of exchanges, of whole prompts, that gain at least as much
    as was observed. With one label and one case a prompt this is McNemar's exact test (1947,
    Psychometrika 12, 153-157). The distribution is computed, not drawn, unless many labels make it
    too large; draws are seeded, so equal cases give equal p-values.

    The interval is that of `share_difference`, with each label's cases weighted alike. If the test
    is not significant it is extended to include 0, so that test and interval do not contradict
    each other.

    Args:
        cases: The cases, each with the results of both judges.
    """
    sizes = Counter(case.label for case in cases)
    flips = _flips(cases)
    exact = _states(flips) <= MOST_STATES
    p = None if not cases else _p_value(flips, sizes, exact=exact)
    gain = _gain(cases, sizes)
    significant = p is not None and p <= LEVEL and gain.low is not None and gain.low > 0
    if not significant and gain.low is not None and gain.high is not None:
        gain = Rate(gain.value, min(gain.low, 0.0), max(gain.high, 0.0))
    return GainTest(
        gain=gain,
        p_value=p,
        exact=exact,
        cases=len(cases),
        clusters=len({case.cluster for case in cases}),
        fixed=sum(case.after and not case.before for case in cases),
        broken=sum(case.before and not case.after for case in cases),
        significant=significant,
    )


def _gain(cases: Sequence[PairedCase], sizes: Mapping[Hashable, int]) -> Rate:
    """The difference with its interval; a label's own mean is what its cases vary about."""
    net = Counter[Hashable]()
    for case in cases:
        net[case.label] += case.after - case.before
    of_label = {label: net[label] / n for label, n in sizes.items()}
    value = fsum(of_label.values()) / len(sizes) if sizes else 0.0
    return share_difference(
        (
            case.cluster,
            (case.after - case.before - of_label[case.label] + value) / sizes[case.label],
            1 / sizes[case.label],
        )
        for case in cases
    )


Flips = Sequence[Mapping[Hashable, int]]
"""By cluster, how many cases of each label the second judge gets right more than the first."""


def _flips(cases: Iterable[PairedCase]) -> Flips:
    """The clusters that count: those whose exchange changes something."""
    of_cluster: defaultdict[str, Counter[Hashable]] = defaultdict(Counter)
    for case in cases:
        of_cluster[case.cluster][case.label] += case.after - case.before
    changes = [{k: n for k, n in net.items() if n} for net in of_cluster.values()]
    return [net for net in changes if net]


def _reach(flips: Flips) -> dict[Hashable, int]:
    """The largest sum that the flips can reach, by label."""
    reach = Counter[Hashable]()
    for net in flips:
        reach.update({label: abs(n) for label, n in net.items()})
    return dict(reach)


def _states(flips: Flips) -> int:
    """How many different sums the flips have, at most."""
    return prod(2 * most + 1 for most in _reach(flips).values())


def _p_value(flips: Flips, sizes: Mapping[Hashable, int], *, exact: bool) -> float:
    """The share of sign flips that gain at least what was observed."""
    weights = {label: 1 / n for label, n in sizes.items()}
    observed = fsum(n * weights[label] for net in flips for label, n in net.items())
    if exact:
        chances, gains = _distribution(flips, weights)
        return min(1.0, float(chances[gains >= observed - ROUNDING].sum()))
    import numpy as np

    each = np.array([fsum(n * weights[label] for label, n in net.items()) for net in flips])
    draw = np.random.default_rng(0)
    far = 0
    block = max(1, BLOCK // len(each))
    for start in range(0, DRAWS, block):
        shape = (min(block, DRAWS - start), len(each))
        signs = draw.integers(0, 2, size=shape, dtype=np.int8) * 2 - 1
        far += int(np.count_nonzero(signs @ each >= observed - ROUNDING))
    return (far + 1) / (DRAWS + 1)


def _distribution(flips: Flips, weights: Mapping[Hashable, float]) -> tuple[np.ndarray, np.ndarray]:
    """The probability of each sum of flips, and the gain that it stands for.

    The sums of the labels span a grid. Each cluster moves the whole distribution on it one way or
    the other, half of it each.
    """
    import numpy as np

    reach = _reach(flips)
    chances = np.zeros([2 * most + 1 for most in reach.values()] or [1])
    chances[tuple(reach.values()) or (0,)] = 1.0
    axes = tuple(range(len(reach)))
    for net in flips:
        step = tuple(net.get(label, 0) for label in reach)
        back = tuple(-n for n in step)
        chances = (np.roll(chances, step, axes) + np.roll(chances, back, axes)) / 2
    gains = np.zeros_like(chances)
    for axis, (label, most) in enumerate(reach.items()):
        shape = [1] * len(reach)
        shape[axis] = -1
        gains = gains + (np.arange(-most, most + 1) * weights[label]).reshape(shape)
    return chances, gains
