"""Two judges that know the right answer: an exact one, and one with planted faults.

A plugin file: `--plugin benchmarks/closed_loop_judges.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from judgekit import hookimpl
from judgekit.judging import BatchJudge, Judge
from judgekit.types import Choice, Trial, Verdict, digest


class Exact(BatchJudge):
    """The answer that is the case's reference is better; two right or two wrong ones tie."""

    arity = frozenset({2})

    @property
    def identity(self) -> tuple[str, ...]:
        return ("exact", "1")

    def judge_batch(self, trials: Sequence[Trial]) -> Sequence[Verdict]:
        return [Verdict.chose(self.choice(trial)) for trial in trials]

    def choice(self, trial: Trial) -> Choice:
        first, second = (answer.text == trial.case.reference for answer in trial.shown)
        if first == second:
            return Choice.TIE
        return Choice.FIRST if first else Choice.SECOND


@dataclass(frozen=True)
class Faults:
    """The options of `--judge planted`."""

    error: float = field(
        default=0.15, metadata={"help": "share of cases in which it prefers the worse answer"}
    )
    lean: float = field(default=0.5, metadata={"help": "share of trials in which it says first"})
    seed: int = field(
        default=0, metadata={"help": "seed that decides which cases and trials these are"}
    )


class Planted(Exact):
    """An exact judge with planted faults; a digest of the texts decides where they occur.

    A wrong case is wrong in both orders. Whether it says first is decided for each trial.
    """

    Options = Faults

    @property
    def identity(self) -> tuple[str, ...]:
        return ("planted", "1", *map(str, vars(self.options).values()))

    def choice(self, trial: Trial) -> Choice:
        texts = [answer.text for answer in trial.shown]
        if self.uniform("lean", trial, texts) < self.options.lean:
            return Choice.FIRST
        choice = super().choice(trial)
        if (
            choice is Choice.TIE
            or self.uniform("error", trial, sorted(texts)) >= self.options.error
        ):
            return choice
        return Choice.SECOND if choice is Choice.FIRST else Choice.FIRST

    def uniform(self, purpose: str, trial: Trial, texts: Sequence[str]) -> float:
        """A number in [0, 1) that depends only on the texts and the seed."""
        prompt = trial.case.prompt[-1].content
        return int(digest(purpose, str(self.options.seed), prompt, *texts, size=4), 16) / 2**32


@hookimpl
def judgekit_judges() -> Mapping[str, type[Judge]]:
    return {"exact": Exact, "planted": Planted}
