"""A plugin file of judges with planted errors, so that their verdicts are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from answers import write_answers

from judgekit import hookimpl
from judgekit.judging import BatchJudge, Judge
from judgekit.types import Choice, Status, Trial, Verdict

__all__ = ["FILE", "write_sides"]

FILE = Path(__file__)


def write_sides(folder: Path, cases: int) -> list[Path]:
    """Two files of answers: a is right in the even cases, b in the odd ones."""
    sides = [["right" if n % 2 == side else "wrong" for n in range(cases)] for side in (0, 1)]
    return [
        write_answers(folder / f"{name}.jsonl", [f"{word} of {name}" for word in words])
        for name, words in zip("ab", sides, strict=True)
    ]


def chance(*words: str) -> float:
    """A number in [0, 1) that depends on the texts alone."""
    return int(sha256("|".join(words).encode()).hexdigest()[:8], 16) / 16**8


class Planted(BatchJudge):
    """Finds the right answer, but errs on a share of the cases, the same in both orders."""

    arity = frozenset({2})
    errs = 0.0

    @property
    def identity(self) -> tuple[str, ...]:
        return (type(self).__name__, str(self.errs))

    def judge_batch(self, trials: Sequence[Trial]) -> Sequence[Verdict]:
        return [self.verdict(trial) for trial in trials]

    def verdict(self, trial: Trial) -> Verdict:
        wrong = chance(type(self).__name__, trial.case.id) < self.errs
        first = trial.shown[0].text.startswith("right")
        return Verdict.chose(Choice.FIRST if first is not wrong else Choice.SECOND)


class Errs20(Planted):
    errs = 0.20


class Errs25(Planted):
    errs = 0.25


class Errs30(Planted):
    errs = 0.30


class Front(Planted):
    """Chooses the first answer."""

    def verdict(self, trial: Trial) -> Verdict:
        return Verdict.chose(Choice.FIRST)


class Mute(Planted):
    """Gives no verdict."""

    def verdict(self, trial: Trial) -> Verdict:
        return Verdict.without(Status.UNPARSED)


class Length(Planted):
    """Scores an answer by its length."""

    arity = frozenset({1})

    def verdict(self, trial: Trial) -> Verdict:
        return Verdict.scored(len(trial.shown[0].text))


class Weighs(Length):
    """The same on what it is told is another scale; asks for weights."""

    model = "weights"

    @property
    def identity(self) -> tuple[str, ...]:
        return ("weighs", str(self.setup.model))

    def verdict(self, trial: Trial) -> Verdict:
        return Verdict.scored(float(str(self.setup.model)))


@hookimpl
def judgekit_judges() -> Mapping[str, type[Judge]]:
    kinds = (Errs20, Errs25, Errs30, Front, Mute, Length, Weighs)
    return {kind.__name__.lower(): kind for kind in kinds}
