"""Chooses by a coin: a baseline that shows what chance alone would give."""

from __future__ import annotations

from collections.abc import Sequence

from judgekit.judging import BatchJudge
from judgekit.types import Choice, Trial, Verdict, digest

__all__ = ["Chance"]


class Chance(BatchJudge):
    """Chooses one of two answers by a coin.

    The coin is a digest of the case's texts. So both orders agree, about half of all cases are
    right, and every run gives the same verdicts.
    """

    arity = frozenset({2})
    heading = "chance, not a judge's opinion"
    identity = ("chance", "1")

    def judge_batch(self, trials: Sequence[Trial]) -> Sequence[Verdict]:
        return [Verdict.chose(self._coin(trial)) for trial in trials]

    def _coin(self, trial: Trial) -> Choice:
        prompt = [message.content for message in trial.case.prompt]
        first, second = (digest(*r.earlier, r.text) for r in trial.shown)
        lower, higher = sorted((first, second))
        wins = lower if int(digest(*prompt, lower, higher, size=1), 16) % 2 else higher
        return Choice.FIRST if wins == first else Choice.SECOND
