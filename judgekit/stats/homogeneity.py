"""Whether a classifier errs alike on the answers of several models."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

__all__ = ["Homogeneity", "error_homogeneity"]

DRAWS = 2000
LEVEL = 0.05
ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Homogeneity:
    """The test of `error_homogeneity`; `differ`: p is below 5 %.

    `p_value` is None where no class has labelled answers of two models. `models` have labels.
    """

    p_value: float | None
    models: int
    labelled: int
    differ: bool


def error_homogeneity(rows: Iterable[tuple[str, str, str]]) -> Homogeneity:
    """Tests whether the share of each class that a judge says depends on the model.

    Within each class by people's labels the models' names are permuted among the answers; the
    statistic is Pearson's chi-squared of model and what the judge says, summed over the classes
    (Agresti 2013, *Categorical Data Analysis*, sections 3.2 and 16.5: the exact conditional test by
    Monte Carlo). Draws are seeded, so equal rows give equal p-values; p is at least 1 / 2001.

    Args:
        rows: Triples (model, people's class, judge's class), one per labelled answer.

    Returns:
        The test. That it finds no difference does not show that there is none.
    """
    by_class: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    triples = list(rows)
    for model, truth, verdict in triples:
        by_class[truth].append((model, verdict))
    tables = []
    for answers in by_class.values():
        models, model_of = np.unique([m for m, _ in answers], return_inverse=True)
        classes, said_of = np.unique([s for _, s in answers], return_inverse=True)
        if len(models) > 1:
            tables.append((model_of, said_of, len(models), len(classes)))
    count = len({model for model, _, _ in triples})
    if not tables:
        return Homogeneity(None, count, len(triples), differ=False)

    def statistic(orders: list[np.ndarray]) -> float:
        total = 0.0
        for (_, said_of, size, classes), model_of in zip(tables, orders, strict=True):
            table = np.bincount(model_of * classes + said_of, minlength=size * classes)
            table = table.reshape(size, classes)
            expected = np.outer(table.sum(1), table.sum(0)) / table.sum()
            total += float(((table - expected) ** 2 / expected).sum())
        return total

    draw = np.random.default_rng(0)
    observed = statistic([model_of for model_of, *_ in tables])
    far = sum(
        statistic([draw.permutation(model_of) for model_of, *_ in tables]) >= observed - ROUNDING
        for _ in range(DRAWS)
    )
    p = (far + 1) / (DRAWS + 1)
    return Homogeneity(p, count, len(triples), differ=p < LEVEL)
