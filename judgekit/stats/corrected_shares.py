"""The share of each class, corrected by people's labels of some answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from judgekit.stats.class_accuracy import LabelledClass
from judgekit.stats.intervals import Observation, Rate, clustered_rate
from judgekit.stats.prediction_powered import prediction_powered_rate
from judgekit.stats.rogan_gladen import rogan_gladen_share, youden_index

__all__ = ["CorrectedShare", "Correction", "corrected_share"]

Correction = Literal["prediction-powered", "rogan-gladen"]

Errors = tuple[Sequence[Observation], Sequence[Observation]]
"""Of labelled answers of the class, and of others: whether the judge is right."""

EDGE = 0.5  # in `benchmarks/label_correction.py` 93 to 98 % coverage with 50 labels or more
NOT_IDENTIFIED = "the judge is not shown to say anything of this class: the labels alone count"


@dataclass(frozen=True, slots=True)
class CorrectedShare:
    """The share of one class among one model's answers, by judge and labels together.

    `share` is over answers with a verdict; `bounds` holds its interval if all answers without one
    were, or were not, of the class; None where every answer has one. `by_judge` and `by_labels` are
    the shares of either alone. `identified`: the interval of sensitivity + specificity - 1 lies
    above 0. `narrower`: by how much the interval is narrower than that of `by_labels`. `reason`:
    why there is no share, or what to beware of.
    """

    name: str
    method: Correction
    share: Rate
    by_judge: Rate
    by_labels: Rate
    identified: bool
    labelled: int
    others: int
    bounds: Rate | None = None
    narrower: float | None = None
    reason: str = ""


def corrected_share(
    rows: Sequence[LabelledClass],
    name: str,
    *,
    method: Correction,
    sample: Sequence[LabelledClass] | None = None,
) -> CorrectedShare:
    """The corrected share of a class.

    ``prediction-powered`` needs labels on a random part of `rows`, and assumes no more
    (`prediction_powered_rate`). ``rogan-gladen`` takes sensitivity and specificity from labelled
    answers that may be any sample, and assumes that they are the same among the other answers,
    whose share it estimates (`rogan_gladen_share`).

    Args:
        rows: Triples (cluster, judge's class or None, label or None) of one model's answers.
        name: The class.
        method: How labels correct the judge.
        sample: Labelled answers of another sample; by default those of `rows`.

    Returns:
        The share, or why there is none.
    """
    valid = [(c, says == name, truth) for c, says, truth in rows if says is not None]
    labelled = [row for row in (rows if sample is None else sample) if row[2] is not None]
    judged = [(c, says == name, truth == name) for c, says, truth in labelled if says is not None]
    errors = (
        [(c, float(says), 1.0) for c, says, truth in judged if truth],
        [(c, float(not says), 1.0) for c, says, truth in judged if not truth],
    )
    correct = _by_random_part if method == "prediction-powered" else _by_error_rates
    share, others, identified, narrower, reason = correct(
        name, valid, errors, keep_labelled=sample is not None
    )
    return CorrectedShare(
        name,
        method,
        share,
        by_judge=clustered_rate((c, says, 1) for c, says, _ in valid),
        by_labels=clustered_rate((c, truth, 1) for c, _, truth in judged),
        identified=identified,
        labelled=len(judged),
        others=others,
        bounds=_bounds(share, len(valid), len(rows)),
        narrower=narrower,
        reason=reason,
    )


class _Estimate(NamedTuple):
    share: Rate
    others: int
    identified: bool
    narrower: float | None
    reason: str


def _by_random_part(
    name: str,
    valid: Sequence[tuple[str, bool, str | None]],
    errors: Errors,
    *,
    keep_labelled: bool,  # noqa: ARG001 (all answers of the run count)
) -> _Estimate:
    powered = prediction_powered_rate(
        (
            (c, float(says), None if truth is None else float(truth == name))
            for c, says, truth in valid
        ),
        edge=EDGE,
    )
    youden = youden_index(*map(clustered_rate, errors))
    identified = youden.low is not None and youden.low > 0
    reason = powered.reason or ("" if identified else NOT_IDENTIFIED)
    return _Estimate(powered.rate, powered.unlabelled, identified, powered.narrower, reason)


def _by_error_rates(
    name: str,  # noqa: ARG001 (the labels are in `errors` alone)
    valid: Sequence[tuple[str, bool, str | None]],
    errors: Errors,
    *,
    keep_labelled: bool,
) -> _Estimate:
    target = [(c, float(says), 1.0) for c, says, truth in valid if keep_labelled or truth is None]
    estimate = rogan_gladen_share(*errors, target)
    return _Estimate(estimate.share, len(target), estimate.identified, None, estimate.reason)


def _bounds(share: Rate, valid: int, total: int) -> Rate | None:
    """The interval over all answers, if those without a verdict all went one way."""
    if valid == total or share.low is None or share.high is None:
        return None
    part = valid / total
    return Rate(None, share.low * part, share.high * part + 1 - part)
