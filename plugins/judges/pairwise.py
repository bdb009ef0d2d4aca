"""Which of two answers is better: the judge explains, then names one or a tie."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from judgekit.errors import InputError
from judgekit.judging import JudgeSetup, PromptJudge
from judgekit.types import Call, Trial

__all__ = ["Pairwise"]

LABELLED = ("label", "token")  # formats whose verdict is one of the labels itself


@dataclass(frozen=True)
class Options:
    """What `--judge pairwise` can be told."""

    logprobs: bool = field(
        default=False,
        metadata={"help": "ask for the verdict labels' log-probabilities, for a probability"},
    )


class Pairwise(PromptJudge):
    """Which of two answers is better, with reasons first and ties allowed.

    After Zheng et al. 2023 (MT-Bench), in our own words. Several turns are shown as they went.
    With `logprobs` a verdict also has the probability that the first shown is better, where the
    engine gives log-probabilities; what is generated stays the same.
    """

    arity = frozenset({2})
    prompt = "pairwise"
    Options = Options

    def __init__(self, setup: JudgeSetup) -> None:
        """Raises `InputError` where log-probabilities are asked of a prompt without labels."""
        super().__init__(setup)
        reads = self.template.head.reads
        if self.options.logprobs and reads not in LABELLED:
            raise InputError(
                f"--logprobs needs a prompt whose verdict is a label, and "
                f"{self.template.name!r} reads {reads!r}; leave --logprobs out"
            )

    def call(self, trial: Trial, *, reference: str | None = None) -> Call:
        """What is asked about this trial, with the labels where their probabilities are wanted."""
        call = super().call(trial, reference=reference)
        if not self.options.logprobs:
            return call
        tie = self.template.head.tie
        return replace(call, labels=trial.names if tie is None else (*trial.names, tie))
