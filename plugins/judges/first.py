"""Always chooses the first answer: a baseline that shows the effect of position alone."""

from __future__ import annotations

from collections.abc import Sequence

from judgekit.judging import BatchJudge
from judgekit.types import Choice, Trial, Verdict

__all__ = ["First"]


class First(BatchJudge):
    """Chooses the first of two answers, so it is inconsistent in every case."""

    arity = frozenset({2})
    heading = "position, not a judge's opinion"
    identity = ("first", "1")

    def judge_batch(self, trials: Sequence[Trial]) -> Sequence[Verdict]:
        return [Verdict.chose(Choice.FIRST) for _ in trials]
