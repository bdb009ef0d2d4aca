"""Three ways to write a judge, from the simplest to the most general.

`PromptJudge`: a prompt file, and a parser where the file's head names none. `BatchJudge`: scores
many trials at once by itself. `Judge`: asks as often and whatever it likes. A judge sees one trial
and answers in positions; both orders, repeats, retries, storing and batching are the harness's.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal, Protocol

from judgekit.errors import InputError
from judgekit.judging import parsing
from judgekit.judging.parsing.labels import Labels
from judgekit.judging.templates import Prompts, Template
from judgekit.types import Call, Case, Message, Reply, Sampling, Status, Trial, Verdict

__all__ = ["Ask", "BatchJudge", "Judge", "JudgeSetup", "NoOptions", "PromptJudge"]


class Ask(Protocol):
    """Asks the engine on behalf of one trial; from the reply store where the call was answered.

    `shared`: the call depends on neither order nor repeat, so it is asked once per case.
    Raises `CallFailure`, which a judge lets pass: the trial is then counted under its status.
    """

    async def __call__(self, call: Call, *, shared: bool = False) -> Reply: ...


@dataclass(frozen=True)
class NoOptions:
    """The options of a judge that has none."""


@dataclass(frozen=True)
class JudgeSetup:
    """What the user asked of a judge.

    `sampling`: fields that are set override the judge's own. `reask`: how often an unparsed
    reply is asked again with a reminder of the format. `prompt`: used instead of the judge's own.
    `verdict`: read from a text, or (``logits``) from the labels' probabilities, without any.
    """

    arity: int
    prompts: Prompts
    options: Any = field(default_factory=NoOptions)
    model: str | None = None
    prompt: Template | None = None
    sampling: Sampling = Sampling()
    reask: int = 0
    verdict: Literal["text", "logits"] = "text"


class Judge(ABC):
    """A protocol: what is shown, and how the reply is read.

    Class attributes say how the harness is to use it. `arity`: how many responses a trial may
    show; with 1, each response is shown by itself, in no order. `model`: whether `--model` names
    an engine, weights of the judge's own, or nothing. `repeats`: how often each showing is
    repeated. `merge`: how two orders become one outcome: ``agree`` (a winner only where both say
    so) or ``mean`` (of probabilities). `heading` stands above its tables. `Options` is a frozen
    dataclass whose fields (with defaults, and ``metadata={"help": ...}``) become flags.
    """

    arity: ClassVar[Collection[int]]
    model: ClassVar[Literal["engine", "weights", "none"]] = "engine"
    names: ClassVar[tuple[str, ...]] = ("A", "B")
    sampling: ClassVar[Sampling] = Sampling(temperature=0.0, max_tokens=2048)
    repeats: ClassVar[int] = 1
    merge: ClassVar[Literal["agree", "mean"]] = "agree"
    heading: ClassVar[str] = ""
    Options: ClassVar[type] = NoOptions

    def __init__(self, setup: JudgeSetup) -> None:
        self.setup = setup
        self.options = setup.options
        given = {
            name: value
            for name in ("temperature", "max_tokens", "top_p", "seed")
            if (value := getattr(setup.sampling, name)) is not None
        }
        own = type(self).sampling
        self.asks_with = replace(
            own,
            **given,
            stop=setup.sampling.stop or own.stop,
            extra=own.extra + setup.sampling.extra,
        )

    @property
    def identity(self) -> tuple[str, ...]:
        """What beside the calls decides its verdicts: goes into the run's digest."""
        return ()

    def check(self, cases: Sequence[Case]) -> None:  # noqa: B027 (most judges take any case)
        """Refuses cases it cannot judge at all (`InputError`), before anything is paid."""

    def extra_calls(self, case: Case) -> int:  # noqa: ARG002 (for judges that ask more)
        """How many calls a case takes beside one per trial; for estimates only."""
        return 0

    def most_calls(self, trial: Trial) -> int:
        """The most calls that one trial may ask; a judge that asks several must say so.

        Where a run has a budget, a call beyond it fails its trial.
        """
        return 1 + self.extra_calls(trial.case)

    def likely_call(self, trial: Trial) -> Call:
        """A call as large as the largest this trial is likely to ask; for costs."""
        texts = [m.content for m in trial.case.prompt]
        texts += [text for r in trial.shown for text in (r.text, *r.earlier)]
        return Call((Message("user", "\n".join(texts)),), self.asks_with)

    @abstractmethod
    async def judge(self, trial: Trial, ask: Ask) -> Verdict:
        """The verdict of one trial. An exception becomes that trial's `failed`."""


class PromptJudge(Judge):
    """A prompt and a parser: no I/O, nothing asynchronous to write.

    `prompt` names a file (``"concise"`` is ``prompts/concise.md`` beside the plugin's module).
    """

    prompt: ClassVar[str]

    def __init__(self, setup: JudgeSetup) -> None:
        super().__init__(setup)
        self.template = setup.prompt or setup.prompts.load(self.prompt_name())
        self.template.check_arity(setup.arity)
        if setup.verdict == "logits":
            self._labels(self.names[: setup.arity])
            if setup.reask:
                raise InputError(
                    f"--reask {setup.reask} asks for a text again, and --verdict logits reads "
                    f"none; leave one of them out"
                )

    def prompt_name(self) -> str:
        """Which prompt file; a judge of both pairs and single answers has one for each."""
        return self.prompt

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.template.digest,)

    def check(self, cases: Sequence[Case]) -> None:
        """Refuses cases that the prompt cannot show (`InputError`)."""
        self.template.check_cases(cases)

    def call(self, trial: Trial, *, reference: str | None = None) -> Call:
        """What is asked about this trial."""
        messages, prefill = self.template.render(trial, reference=reference)
        if self.setup.verdict == "text":
            ends = parsing.concluding_lines(self.template.head, trial.names)
            return Call(messages, self.asks_with, prefill=prefill, ends=ends, trial=trial)
        labels = self._labels(trial.names)
        return Call(
            messages,
            Sampling(max_tokens=1, extra=self.asks_with.extra),  # nothing is sampled
            tuple(labels.meaning),
            labels.prefill(prefill),
            generate=False,
            trial=trial,
        )

    def _labels(self, names: tuple[str, ...]) -> Labels:
        """What a verdict without text may be. Raises `InputError` where the prompt's is more."""
        return Labels.of(self.template.head, names)

    def most_calls(self, trial: Trial) -> int:
        return 1 + self.setup.reask + self.extra_calls(trial.case)

    def likely_call(self, trial: Trial) -> Call:
        return self.call(trial)

    def parse(self, reply: Reply, trial: Trial) -> Verdict:
        """Reads the verdict; the prompt file's head says how unless a judge overrides this."""
        return parsing.read(reply, self.template.head, trial.names)

    async def judge(self, trial: Trial, ask: Ask) -> Verdict:
        return await self.converse(self.call(trial), trial, ask)

    async def converse(self, call: Call, trial: Trial, ask: Ask) -> Verdict:
        """Asks and reads; asks an unparsed reply again, with the format's reminder, if told to."""
        if not call.generate:
            return self._labels(trial.names).read(await ask(call))
        for left in range(self.setup.reask, -1, -1):
            reply = await ask(call)
            verdict = self.parse(reply, trial)
            if verdict.status is not Status.UNPARSED or not left:
                break
            again = (
                Message("assistant", reply.text),
                Message("user", self.template.reminder),
            )
            call = replace(call, messages=call.messages + again, prefill="")
        return verdict


class BatchJudge(Judge):
    """Scores many trials by itself: a reward model, PairRM, a metric.

    Its verdicts are kept in the reply store under `identity` and the texts shown, so `identity`
    must name everything else that decides them: weights, options, and a version of the code.
    `window`: how many trials it wants at once.
    """

    model: ClassVar[Literal["engine", "weights", "none"]] = "none"
    window: ClassVar[int] = 256

    @property
    @abstractmethod
    def identity(self) -> tuple[str, ...]: ...

    @abstractmethod
    def judge_batch(self, trials: Sequence[Trial]) -> Sequence[Verdict]:
        """One verdict per trial, in order. Runs on a worker thread, one batch at a time."""

    async def judge(self, trial: Trial, ask: Ask) -> Verdict:  # noqa: ARG002 (asks nobody)
        return self.judge_batch([trial])[0]
