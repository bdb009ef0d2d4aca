"""How well scores, or probabilities, tell a class from others: AUROC, calibration, thresholds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from judgekit.stats.auroc import auroc
from judgekit.stats.calibration import Calibration, calibration
from judgekit.stats.intervals import Rate
from judgekit.stats.thresholds import Goal, Threshold, choose_threshold

__all__ = ["ScoreAccuracy", "score_accuracy"]


@dataclass(frozen=True, slots=True)
class ScoreAccuracy:
    """Scores beside labels, for one class; `calibration` is None unless they are probabilities."""

    name: str
    labelled: int
    auroc: Rate
    calibration: Calibration | None
    thresholds: tuple[Threshold, ...]


def score_accuracy(
    rows: Sequence[tuple[str, float, bool]],
    name: str,
    goals: Sequence[tuple[Goal, float]] = (),
    *,
    probabilities: bool,
) -> ScoreAccuracy:
    """Measures scores against labels.

    Args:
        rows: Triples (cluster, score, whether people label the answer as of the class).
        name: The class.
        goals: The thresholds that are wanted.
        probabilities: Whether the scores are probabilities of the class.

    Returns:
        The accuracy.
    """
    return ScoreAccuracy(
        name,
        labelled=len(rows),
        auroc=auroc(rows),
        calibration=calibration(rows) if probabilities else None,
        thresholds=tuple(choose_threshold(rows, goal, wanted) for goal, wanted in goals),
    )
