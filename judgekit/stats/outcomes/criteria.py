"""The criteria of each response over its repeats."""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum

from judgekit.types import CriterionMean, Judgement

__all__ = ["criteria_means"]


def criteria_means(
    judgements: Sequence[Judgement], responses: int
) -> tuple[tuple[CriterionMean, ...], ...]:
    """The mean value of each criterion of each response.

    A criterion is read where a verdict as a whole is not valid, too: only the score needs all.

    Args:
        judgements: Those of one case, each of a single response.
        responses: How many responses the case has.

    Returns:
        The criteria of each response, in the rubric's order; empty where no verdict has any.
    """
    per_response = tuple(
        response_means([j for j in judgements if j.trial.order == (index,)])
        for index in range(responses)
    )
    return per_response if any(per_response) else ()


def response_means(judgements: Sequence[Judgement]) -> tuple[CriterionMean, ...]:
    """The criteria of one response; those without a value in half of its repeats have none."""
    weights: dict[str, float] = {}
    values: dict[str, list[float]] = {}
    for judgement in judgements:
        for criterion in judgement.verdict.criteria:
            weights.setdefault(criterion.name, criterion.weight)
            if criterion.value is not None:
                values.setdefault(criterion.name, []).append(criterion.value)
    means = []
    for name, weight in weights.items():
        read = values.get(name, [])
        enough = 2 * len(read) > len(judgements)
        means.append(CriterionMean(name, fsum(read) / len(read) if enough else None, weight))
    return tuple(means)
