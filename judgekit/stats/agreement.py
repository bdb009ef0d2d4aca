"""Agreement of raters: judge and people, two judges, or a judge with itself.

A share of equal labels says little where one label is common, so a chance-corrected coefficient
stands beside it. A label is a response's index or ``"tie"``; None where a rater gave none.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, permutations
from math import isnan
from typing import Literal, NamedTuple, TypeVar

from judgekit.stats.intervals import (
    Rate,
    chance_corrected_interval,
    clustered_rate,
    jackknife_interval,
)
from judgekit.stats.outcomes.values import MaybeLabel

__all__ = ["Agreement", "Level", "agreement", "cohen_kappa", "krippendorff_alpha"]

Level = Literal["nominal", "ordinal", "interval"]
Table = Counter[tuple[Hashable, Hashable]]
Coincidences = dict[tuple[float, float], float]

L = TypeVar("L", bound=Hashable)
GROUPS = 200  # the jackknife leaves out one group of clusters at a time, to bound the work
ROUNDING = 1e-9


class ChanceCorrected(NamedTuple):
    """A chance-corrected coefficient, and the disagreement to expect by chance.

    `by_chance` is a share of pairs of labels; at the ordinal and interval levels it is in squared
    units of the scale.
    """

    value: float
    by_chance: float


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement of two raters on the same cases.

    `cases` have a label of both raters, `undecided` lack one. `equal` is the percent agreement as a
    share, with ties as a label (the MT-Bench paper's setup S1, Zheng et al. 2023,
    arXiv:2306.05685); `without_ties` is the same over the `decisive` cases, in which neither rater
    says tie (S2). `kappa` is Cohen's over the labels of `equal`. It depends on which model is
    called which, because raters who both prefer one model agree more often by chance: sort the
    models' names first.
    """

    cases: int
    undecided: int
    equal: Rate
    decisive: int
    without_ties: Rate
    kappa: Rate


def agreement(rows: Iterable[tuple[str, MaybeLabel, MaybeLabel]]) -> Agreement:
    """Computes the agreement of two raters.

    Args:
        rows: Triples (cluster, one rater's label, the other's label); None is a missing label.
    """
    triples = list(rows)
    both = [(c, x, y) for c, x, y in triples if x is not None and y is not None]
    decisive = [(c, x, y) for c, x, y in both if "tie" not in (x, y)]
    return Agreement(
        cases=len(both),
        undecided=len(triples) - len(both),
        equal=clustered_rate((c, x == y, 1) for c, x, y in both),
        decisive=len(decisive),
        without_ties=clustered_rate((c, x == y, 1) for c, x, y in decisive),
        kappa=cohen_kappa(both),
    )


def cohen_kappa(rows: Iterable[tuple[str, L, L]]) -> Rate:
    """Cohen's kappa (1960, Educ. Psychol. Meas. 20, 37-46).

    (p_o - p_e) / (1 - p_e), where p_o is the share of equal labels and p_e the share to expect by
    chance from the two raters' own label frequencies.

    Args:
        rows: Triples (cluster, one rater's label, the other's label).

    Returns:
        Kappa with the interval of `chance_corrected_interval`, which needs ten clusters. Empty
        without rows, and if both raters give one and the same label to all cases.
    """
    of_cluster: defaultdict[str, Table] = defaultdict(Counter)
    for cluster, x, y in rows:
        of_cluster[cluster][x, y] += 1
    total: Table = Counter()
    for table in of_cluster.values():
        total.update(table)
    kappa = _kappa(total)
    without = [_kappa(total - table) for table in of_cluster.values()]
    return (
        Rate()
        if kappa is None
        else chance_corrected_interval(kappa.value, _values(without), kappa.by_chance)
    )


def _kappa(table: Table) -> ChanceCorrected | None:
    """Kappa from the counts of pairs of labels; None where it is undefined."""
    n = table.total()
    if not n:
        return None
    ours: Counter[Hashable] = Counter()
    theirs: Counter[Hashable] = Counter()
    for (x, y), count in table.items():
        ours[x] += count
        theirs[y] += count
    same = sum(count * theirs[label] for label, count in ours.items())
    if same == n**2:
        return None
    observed, by_chance = sum(c for (x, y), c in table.items() if x == y) / n, same / n**2
    return ChanceCorrected((observed - by_chance) / (1 - by_chance), 1 - by_chance)


def krippendorff_alpha(
    units: Iterable[tuple[str, Sequence[Hashable | None]]], level: Level = "nominal"
) -> Rate:
    """Krippendorff's alpha of any number of raters.

    1 - D_o / D_e over coincidences, with the squared difference of the `level`: unequal labels,
    ranks, or numbers (Krippendorff 2011, *Computing Krippendorff's Alpha-Reliability*).

    Args:
        units: Pairs (cluster, ratings of all raters); None is a missing rating. Units with fewer
            than two ratings are left out.
        level: ``"nominal"``, ``"ordinal"`` or ``"interval"``.

    Returns:
        Alpha with the interval of `chance_corrected_interval` at the nominal level, otherwise of
        `jackknife_interval`; both need ten clusters. Empty if all ratings are the same.

    Raises:
        ValueError: A rating is no number, above the nominal level.
    """
    of_cluster: defaultdict[str, list[list[Hashable]]] = defaultdict(list)
    for cluster, ratings in units:
        values = [r for r in ratings if r is not None]
        if len(values) > 1:
            of_cluster[cluster].append(values)
    numbers = _numbers(
        {r for members in of_cluster.values() for unit in members for r in unit}, level
    )
    groups: list[Coincidences] = [defaultdict(float) for _ in range(min(GROUPS, len(of_cluster)))]
    for number, members in enumerate(of_cluster.values()):
        for values in members:
            for x, y in permutations([numbers[r] for r in values], 2):
                groups[number % GROUPS][x, y] += 1 / (len(values) - 1)
    total: Coincidences = defaultdict(float)
    for group in groups:
        for pair, weight in group.items():
            total[pair] += weight
    remainders = [{pair: n - group.get(pair, 0.0) for pair, n in total.items()} for group in groups]
    alpha = _alpha(total, level)
    without = _values([_alpha(remainder, level) for remainder in remainders])
    if alpha is None:
        return Rate()
    if level == "nominal":
        return chance_corrected_interval(alpha.value, without, alpha.by_chance)
    return jackknife_interval(alpha.value, without)


def _values(figures: Sequence[ChanceCorrected | None]) -> list[float | None]:
    return [None if figure is None else figure.value for figure in figures]


def _numbers(ratings: Collection[Hashable], level: Level) -> Mapping[Hashable, float]:
    """A number for each rating: arbitrary for labels, the rank, or the rating itself."""
    if level == "nominal":
        return {rating: i for i, rating in enumerate(ratings)}
    numbers: dict[Hashable, float] = {}
    for rating in ratings:
        if not isinstance(rating, int | float) or isnan(rating):
            raise ValueError(f"{rating!r} is no number, which the {level} level needs")
        numbers[rating] = float(rating)
    ranked = sorted(set(numbers.values()))
    return numbers if level == "interval" else {r: ranked.index(v) for r, v in numbers.items()}


def _alpha(
    coincidences: Mapping[tuple[float, float], float], level: Level
) -> ChanceCorrected | None:
    """Alpha of a coincidence matrix; None where it is undefined."""
    of_value: defaultdict[float, float] = defaultdict(float)
    for (x, _), weight in coincidences.items():
        of_value[x] += weight
    n = sum(of_value.values())
    if n < 1 + ROUNDING:
        return None
    scale = {v: v for v in of_value}
    if level == "ordinal":  # a value lies in the middle of its own ratings, over all below it
        ranked = sorted(of_value)
        above = accumulate(of_value[v] for v in ranked)
        scale = {v: top - of_value[v] / 2 for v, top in zip(ranked, above, strict=True)}
    if level == "nominal":
        observed = sum(weight for (x, y), weight in coincidences.items() if x != y)
        expected = n**2 - sum(weight**2 for weight in of_value.values())
    else:
        observed = sum(w * (scale[x] - scale[y]) ** 2 for (x, y), w in coincidences.items())
        mean = sum(weight * scale[v] for v, weight in of_value.items()) / n
        expected = 2 * n * sum(w * (scale[v] - mean) ** 2 for v, w in of_value.items())
    if expected < ROUNDING:
        return None
    return ChanceCorrected(1 - (n - 1) * observed / expected, expected / (n * (n - 1)))
