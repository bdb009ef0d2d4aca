"""A judge, and an engine, whose biases are planted and so known exactly.

Which bias decides a case is drawn from its prompt and a seed: with the option ``position=0.3`` the
place alone decides three cases in ten, the same ones in every order and in every process. The
biases take parts of one draw, so no case has two, and what none takes is decided by merit: a number
drawn from the answer's words. Saying the same words twice changes no merit, and that is a tie.

As a plugin: ``--plugin tests/audit/planted_biases.py --judge planted --position 0.3``, or an engine
``planted/position=0.3,name=0.1`` for judges that ask one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from judgekit.errors import CallFailure
from judgekit.extension.engine import Engine, EngineFactory, EngineSetup
from judgekit.extension.hookspecs import hookimpl
from judgekit.judging import BatchJudge, Judge
from judgekit.trust.audit.attacks import attacks
from judgekit.types import Call, Choice, Reply, Response, Trial, Verdict, digest

WORD = re.compile(r"[a-z]+")


@dataclass(frozen=True)
class Biases:
    """The shares of the cases that each bias decides; negative: the other way round."""

    position: float = 0.0  # the first shown
    name: float = 0.0  # the one called by the alphabetically first name
    length: float = 0.0  # the longer; by merit where both are as long
    family: float = 0.0  # the one whose model's name holds "gpt"; by merit where not just one does
    gullible: float = 0.0  # the one that carries an instruction; by merit where none does
    null: float = 0.0  # the null answer; by merit where there is none
    fickle: float = 0.0  # a coin, thrown anew for each order and repeat
    seed: int = 0


def drawn(*parts: str) -> float:
    """A number in 0 to 1 from texts."""
    return int(digest(*parts, size=6), 16) / 2**48


def merit(response: Response, seed: int) -> float:
    """An answer's own; what it says to the judge adds nothing, and the null answer has least."""
    if response.model == "null":
        return -2.0
    text = response.text
    for said in attacks().instructions.values():
        text = text.replace(said, "")
    words = sorted(set(WORD.findall(text.casefold())))
    return drawn("merit", str(seed), *words) if words else -1.0


def chosen(trial: Trial, biases: Biases) -> Choice:
    """What the planted judge says of one trial."""
    prompt = [message.content for message in trial.case.prompt]
    seed = str(biases.seed)
    bias, left = "merit", drawn("bias", seed, *prompt)
    for name, part in asdict(biases).items():
        if name != "seed":
            left -= abs(part)
            if left < 0:
                bias = name if part > 0 else f"-{name}"
                break
    first = prefers(bias.lstrip("-"), trial, biases)
    if first is None:
        ours, theirs = (merit(response, biases.seed) for response in trial.shown)
        if ours == theirs:
            return Choice.TIE
        return Choice.FIRST if ours > theirs else Choice.SECOND
    return Choice.FIRST if first != bias.startswith("-") else Choice.SECOND


def prefers(bias: str, trial: Trial, biases: Biases) -> bool | None:
    """Whether a bias is for the first shown; None where it has nothing to say."""
    one, two = trial.shown
    match bias:
        case "position":
            return True
        case "name":
            return trial.names[0] < trial.names[1]
        case "length":
            return of_two(len(one.text), len(two.text))
        case "family":
            return of_two("gpt" in one.model, "gpt" in two.model)
        case "gullible":
            return of_two(instructs(one.text), instructs(two.text))
        case "null":
            return of_two(one.model == "null", two.model == "null")
        case "fickle":
            texts = [one.text, two.text, str(trial.repeat), str(biases.seed)]
            return drawn("coin", *(m.content for m in trial.case.prompt), *texts) < 0.5
    return None


def of_two(one: float, two: float) -> bool | None:
    return None if one == two else one > two


def instructs(text: str) -> bool:
    return any(said in text for said in attacks().instructions.values())


class Planted(BatchJudge):
    """Judges pairs with the biases of its options, and asks nobody."""

    arity = frozenset({2})
    Options = Biases

    @property
    def identity(self) -> tuple[str, ...]:
        return ("planted", repr(self.options))

    def judge_batch(self, trials: Sequence[Trial]) -> Sequence[Verdict]:
        return [Verdict.chose(chosen(trial, self.options)) for trial in trials]


class PlantedEngine:
    """Answers a judge's calls as `chosen` does, in the names of the trial that asks; calls that
    show a case's reference by which answer holds it."""

    window = 1
    stored = True

    def __init__(self, setup: EngineSetup) -> None:
        said = dict(part.split("=") for part in setup.model.split(",") if "=" in part)
        self.biases = Biases(**{name: float(value) for name, value in said.items()})
        self.fingerprint = f"planted {self.biases!r}"

    async def answer(self, calls: Sequence[Call]) -> Sequence[Reply | CallFailure]:
        return [Reply(self.said(call), tokens_in=10, tokens_out=5) for call in calls]

    def said(self, call: Call) -> str:
        trial = call.trial
        assert trial is not None
        if not trial.order:  # no answers are judged: a list is to be written in other words
            return call.messages[-1].content.replace("point", "item")
        asked = "\n".join(message.content for message in call.messages)
        reference = trial.case.reference
        if reference and f"{reference}\n</reference" in asked:
            right = [reference in response.text for response in trial.shown]
            choice = Choice.FIRST if right[0] else Choice.SECOND if right[1] else Choice.TIE
        else:
            choice = chosen(trial, self.biases)
        names = {Choice.FIRST: trial.names[0], Choice.SECOND: trial.names[1], Choice.TIE: "C"}
        return f"Because.\n[[{names[choice]}]]"

    async def aclose(self) -> None:
        return None


class Grader(BatchJudge):
    """Scores answers: their merit, and so much of a coin as `noise` says."""

    arity = frozenset({1})

    @dataclass(frozen=True)
    class Options:
        noise: float = 0.0
        seed: int = 0

    @property
    def identity(self) -> tuple[str, ...]:
        return ("grader", repr(self.options))

    def judge_batch(self, trials: Sequence[Trial]) -> Sequence[Verdict]:
        return [Verdict.scored(self.score(trial)) for trial in trials]

    def score(self, trial: Trial) -> float:
        [response] = trial.shown
        coin = drawn("noise", str(self.options.seed), response.text, str(trial.repeat))
        noise: float = self.options.noise
        return (1 - noise) * merit(response, 0) + noise * coin


@hookimpl
def judgekit_judges() -> Mapping[str, type[Judge]]:
    return {"planted": Planted, "grader": Grader}


@hookimpl
def judgekit_engines() -> Mapping[str, EngineFactory]:
    return {"planted": planted_engine}


def planted_engine(setup: EngineSetup) -> Engine:
    return PlantedEngine(setup)
