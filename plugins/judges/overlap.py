"""Scores an answer by its overlap with a reference: no model and no key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import version

from judgekit.errors import InputError
from judgekit.judging import BatchJudge, JudgeSetup
from judgekit.models.text_metrics import TextTooLong
from judgekit.types import Case, Status, Trial, Verdict

from . import metrics

__all__ = ["Overlap"]

VERSION = "1"  # of this code; scores stored by another version are not reused


@dataclass(frozen=True)
class Options:
    """The options of `--judge overlap`."""

    metric: metrics.Name = field(
        default="chrf",
        metadata={"help": "metric of the overlap: chrf, bleu, rouge-l or token-f1"},
    )


class Overlap(BatchJudge):
    """Scores one answer by its overlap with the reference, from 0 (none) to 100 (the same text).

    A comparison compares the two scores, so the answer with the closer wording wins, not the better
    one: on three labelled sets it agreed with people in 58 to 81 % of the pairs
    (docs/guides/judges.md). An empty answer scores 0.
    """

    arity = frozenset({1})
    heading = "overlap with the reference, not a judge's opinion"
    Options = Options

    def __init__(self, setup: JudgeSetup) -> None:
        super().__init__(setup)
        self.metric = metrics.make(self.options.metric)
        library = f"sacrebleu {version('sacrebleu')}"
        self._identity = ("overlap", VERSION, self.options.metric, library)

    @property
    def identity(self) -> tuple[str, ...]:
        return self._identity

    def check(self, cases: Sequence[Case]) -> None:
        """Refuses cases without a reference.

        Raises:
            InputError: Some case has none.
        """
        without = [case.id for case in cases if not case.reference]
        if without:
            raise InputError(
                f"overlap compares with a reference answer, and {len(without)} of {len(cases)} "
                f"cases have none (the first: {without[0]!r}); give a 'reference' column or "
                f"--references FILE, or ask a model: --judge pairwise --model openai/MODEL"
            )

    def judge_batch(self, trials: Sequence[Trial]) -> Sequence[Verdict]:
        """Scores each trial's answer; `too_long` if a text is too long for the metric."""
        return [self._verdict(trial) for trial in trials]

    def _verdict(self, trial: Trial) -> Verdict:
        [answer] = trial.shown
        if not trial.case.reference:
            return Verdict.without(Status.FAILED, "no reference")
        if not answer.text.strip():
            return Verdict.scored(0.0)
        try:
            return Verdict.scored(self.metric(answer.text, trial.case.reference))
        except TextTooLong as error:
            return Verdict.without(Status.TOO_LONG, str(error))
