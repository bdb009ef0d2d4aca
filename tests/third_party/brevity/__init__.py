"""A plugin as a third party writes one: a judge without a model, an engine, prompts, a command."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from judgekit import hookimpl
from judgekit.extension.engine import EngineFactory, EngineSetup
from judgekit.judging import BatchJudge, Judge
from judgekit.types import Call, Reply, Trial, Verdict

if TYPE_CHECKING:
    import typer


class Brevity(BatchJudge):
    """The shorter, the higher the score."""

    arity = frozenset({1})

    @dataclass(frozen=True)
    class Options:
        """How length is measured."""

        unit: Literal["characters", "words"] = field(
            default="characters", metadata={"help": "what is counted"}
        )
        scale: float = field(default=1.0, metadata={"help": "points a unit"})

    @property
    def identity(self) -> tuple[str, ...]:
        return ("1.2", self.options.unit, repr(self.options.scale))

    def judge_batch(self, trials: Sequence[Trial]) -> Sequence[Verdict]:
        texts = [trial.shown[0].text for trial in trials]
        sizes = [len(text.split() if self.options.unit == "words" else text) for text in texts]
        return [Verdict.scored(-size * self.options.scale) for size in sizes]


class Parrot:
    """An engine that says what it was asked."""

    window = 1
    stored = True

    def __init__(self, setup: EngineSetup) -> None:
        self.fingerprint = f"parrot {setup.model}"

    async def answer(self, calls: Sequence[Call]) -> Sequence[Reply]:
        return [Reply(call.messages[-1].content) for call in calls]

    async def aclose(self) -> None:
        """Holds nothing."""


@hookimpl
def judgekit_judges() -> Mapping[str, type[Judge]]:
    return {"brevity": Brevity}


@hookimpl
def judgekit_engines() -> Mapping[str, EngineFactory]:
    return {"parrot": Parrot}


@hookimpl
def judgekit_prompt_dirs() -> Sequence[Path]:
    return (Path(__file__).with_name("own_prompts"),)


@hookimpl
def judgekit_commands(app: typer.Typer) -> None:
    @app.command("squawk")
    def squawk() -> None:
        """Says so."""
        print("squawk")
