"""Compares two answers: the judge explains, then names the better one or a tie."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from judgekit.errors import InputError
from judgekit.judging import JudgeSetup, PromptJudge
from judgekit.types import Call, Trial

__all__ = ["Pairwise"]

LABEL_FORMATS = ("label", "token")  # formats whose verdict is one of the labels itself


@dataclass(frozen=True)
class Options:
    """The options of `--judge pairwise`."""

    logprobs: bool = field(
        default=False,
        metadata={"help": "give verdicts a probability, from the labels' log-probabilities"},
    )


class Pairwise(PromptJudge):
    """Compares two answers, with reasons first and ties allowed.

    After Zheng et al. 2023 (MT-Bench, arXiv:2306.05685), in our own words. Conversations are shown
    turn by turn. With `logprobs` a verdict also has the probability that the first answer is
    better, if the engine gives log-probabilities; the generated text stays the same.
    """

    arity = frozenset({2})
    prompt = "pairwise"
    Options = Options

    def __init__(self, setup: JudgeSetup) -> None:
        """Loads the prompt.

        Raises:
            InputError: Log-probabilities are wanted, but the prompt's verdict is no label.
        """
        super().__init__(setup)
        reads = self.template.head.reads
        if self.options.logprobs and reads not in LABEL_FORMATS:
            raise InputError(
                f"--logprobs needs a prompt whose verdict is a label, and "
                f"{self.template.name!r} reads {reads!r}; leave --logprobs out"
            )

    def call(self, trial: Trial, *, reference: str | None = None) -> Call:
        """The call about a trial, with labels if their probabilities are wanted."""
        call = super().call(trial, reference=reference)
        if not self.options.logprobs:
            return call
        tie = self.template.head.tie
        return replace(call, labels=trial.names if tie is None else (*trial.names, tie))
