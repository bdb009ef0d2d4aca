"""The criteria of a finished run: which of them work, and what the result is without each.

No judge is asked again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from judgekit.errors import InputError
from judgekit.io.criterion_labels import CriterionLabels, read_criterion_labels
from judgekit.runs.match import cases_with_outcomes
from judgekit.runs.reader import StoredRun
from judgekit.stats.intervals import Rate, clustered_mean
from judgekit.stats.item_analysis import ItemMetrics, JudgedAnswer, analyse_items, score_without
from judgekit.stats.paired_test import paired_test
from judgekit.stats.plain import encode
from judgekit.types import Outcome

__all__ = ["CriteriaAnalysis", "ModelCriteria", "analyse_criteria"]


@dataclass(frozen=True, slots=True)
class ModelCriteria:
    """The criteria over the answers of one model; `mean_score` is that by all of them."""

    model: str
    answers: int
    mean_score: Rate
    criteria: tuple[ItemMetrics, ...]


@dataclass(frozen=True, slots=True)
class CriteriaAnalysis:
    """The criteria of a run, by model.

    `differences_without` is of a comparison: the first model's mean score less the second's, over
    the cases that both have one in, without the criterion of that name. `unknown` counts labels of
    answers or criteria that the run does not have.
    """

    models: tuple[ModelCriteria, ...]
    difference: Rate | None
    differences_without: Mapping[str, Rate]
    unknown: int

    def to_dict(self) -> dict[str, Any]:
        """The analysis as JSON has it."""
        plain: dict[str, Any] = encode(self)
        return plain


def analyse_criteria(folder: str | Path, labels: Path | None = None) -> CriteriaAnalysis:
    """The item analysis of a run's criteria.

    Args:
        folder: The run's folder.
        labels: People's labels of some criteria: rows of id, criterion, label, and model where
            there are several.

    Returns:
        Each criterion of each model, and of a comparison the difference without it.

    Raises:
        InputError: No rubric judged the run, or the labels do not fit it.
    """
    run = StoredRun.open(folder)
    pairs = [] if run.kind == "rank" else list(cases_with_outcomes(run))
    if not any(outcome.criteria for _, outcome in pairs):
        raise InputError(
            f"{str(run.folder)!r} has no criteria; --criteria is of a score or compare run by the "
            f"judge rubric"
        )
    outcomes = [outcome for _, outcome in pairs]
    models = run.metadata.models
    given = {} if labels is None else read_criterion_labels(labels, models)
    answers = [answers_of(outcomes, place, model, given) for place, model in enumerate(models)]
    unknown = unknown_labels(given, models, outcomes)
    if labels is not None and unknown == sum(map(len, given.values())):
        raise InputError(
            f"{labels} labels no criterion of {str(run.folder)!r}; ids are those of its cases.jsonl"
        )
    criteria = [
        ModelCriteria(model, len(mine), mean_score(mine), analyse_items(mine))
        for model, mine in zip(models, answers, strict=True)
    ]
    names = dict.fromkeys(item.name for model in criteria for item in model.criteria)
    both = len(models) == 2
    return CriteriaAnalysis(
        models=tuple(criteria),
        difference=difference_without(answers, "") if both else None,
        differences_without={name: difference_without(answers, name) for name in names}
        if both
        else {},
        unknown=unknown,
    )


def answers_of(
    outcomes: Sequence[Outcome], place: int, model: str, labels: CriterionLabels
) -> list[JudgedAnswer]:
    """The answers of one model, one per case; without criteria where a case has none."""
    return [
        JudgedAnswer(
            o.cluster, o.criteria[place] if o.criteria else (), labels.get((o.case, model), {})
        )
        for o in outcomes
    ]


def mean_score(answers: Sequence[JudgedAnswer]) -> Rate:
    """The mean of the scores by all criteria."""
    scores = ((answer.cluster, score_without(answer, "")) for answer in answers)
    return clustered_mean((cluster, score, 1) for cluster, score in scores if score is not None)


def difference_without(answers: Sequence[Sequence[JudgedAnswer]], name: str) -> Rate:
    """The first model's mean score less the second's, by all criteria but that of a name."""
    scores = (
        (a.cluster, score_without(a, name), score_without(b, name))
        for a, b in zip(*answers, strict=True)
    )
    return paired_test(
        ((cluster, x, y) for cluster, x, y in scores if x is not None and y is not None),
        shares=False,
    ).difference


def unknown_labels(
    labels: CriterionLabels, models: Sequence[str], outcomes: Sequence[Outcome]
) -> int:
    """How many labels are of answers or criteria that the run does not have."""
    judged = {
        (o.case, model, criterion.name)
        for o in outcomes
        for model, criteria in zip(models, o.criteria, strict=False)
        for criterion in criteria
    }
    return sum(
        (*answer, name) not in judged for answer, of_answer in labels.items() for name in of_answer
    )
