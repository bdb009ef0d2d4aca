"""Chooses the longer answer: a baseline that a judge has to beat."""

from __future__ import annotations

from collections.abc import Sequence

from judgekit.judging import BatchJudge
from judgekit.types import Trial, Verdict

__all__ = ["Longer"]


class Longer(BatchJudge):
    """Scores one answer by its length in characters, so that the longer of two wins."""

    arity = frozenset({1})
    heading = "length, not a judge's opinion"
    identity = ("longer", "1")

    def judge_batch(self, trials: Sequence[Trial]) -> Sequence[Verdict]:
        return [Verdict.scored(len(trial.shown[0].text)) for trial in trials]
