"""Three ways to write a judge, from the simplest to the most general.

`PromptJudge`: a prompt file, and a parser unless the file's head names one. `BatchJudge`: scores
many trials at once by itself. `Judge`: makes any number of calls, of any kind. A judge sees one
trial and answers in positions; the harness takes care of both orders, repeats, retries, storing and
batching.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Literal

from judgekit.errors import InputError, PluginError
from judgekit.judging import parsing
from judgekit.judging.ask import Ask
from judgekit.judging.judge_setup import JudgeSetup, NoOptions
from judgekit.types import Call, Case, Message, Reply, Sampling, Status, Trial, Verdict

if TYPE_CHECKING:
    from judgekit.judging.parsing.labels import Labels

__all__ = ["Ask", "BatchJudge", "Judge", "JudgeSetup", "NoOptions", "PromptJudge"]


class Judge(ABC):
    """A judging protocol: what is shown, and how the reply is read.

    Class attributes tell the harness how to use it.

    Attributes:
        arity: The numbers of responses that a trial may show; with 1, each response is shown alone.
        model: Whether `--model` names an engine, the judge's weights, or nothing.
        names: The names of the first and the second response in the prompt.
        sampling: The judge's sampling parameters; the user's settings override them.
        repeats: How often each order is repeated.
        merge: How two orders become one outcome: ``agree`` (a winner only if both orders name it)
            or ``mean`` (of scores or probabilities).
        heading: A line above its tables.
        classes: The classes that a classifier may say, from the best to the worst.
        needs: The further columns of a case that it looks at (`Case.column`); cases without one are
            refused before anything is asked.
        conversations: Whether it judges whole conversations (`Case.full_conversation`).
        Options: A frozen dataclass whose fields, with defaults and ``metadata={"help": ...}``,
            become flags.
    """

    arity: ClassVar[Collection[int]]
    model: ClassVar[Literal["engine", "weights", "none"]] = "engine"
    names: ClassVar[tuple[str, ...]] = ("A", "B")
    sampling: ClassVar[Sampling] = Sampling(temperature=0.0, max_tokens=2048)
    repeats: ClassVar[int] = 1
    merge: ClassVar[Literal["agree", "mean"]] = "agree"
    heading: ClassVar[str] = ""
    classes: tuple[str, ...] = ()
    needs: Sequence[str] = ()
    conversations: ClassVar[bool] = False
    Options: ClassVar[type] = NoOptions

    def __init__(self, setup: JudgeSetup) -> None:
        self.setup = setup
        self.options = setup.options
        overrides = {
            name: value
            for name in ("temperature", "max_tokens", "top_p", "seed")
            if (value := getattr(setup.sampling, name)) is not None
        }
        default = type(self).sampling
        self.asks_with = replace(
            default,
            **overrides,
            stop=setup.sampling.stop or default.stop,
            extra=default.extra + setup.sampling.extra,
        )

    @property
    def identity(self) -> tuple[str, ...]:
        """What decides its verdicts beside the calls; part of the run's identity."""
        return ()

    @property
    def columns_needed(self) -> tuple[str, ...]:
        """The names of the columns without which it cannot judge a case."""
        if isinstance(self.needs, str):
            who = type(self).__name__
            raise PluginError(f"{who}.needs is {self.needs!r}; write a tuple of names of columns")
        return tuple(dict.fromkeys(self.needs))

    @property
    def reads_conversations(self) -> bool:
        """Whether it judges conversations from beginning to end, not answers."""
        return self.conversations

    def check(self, cases: Sequence[Case]) -> None:  # noqa: B027 (most judges take any case)
        """Refuses cases that it cannot judge at all, before any call is made.

        Args:
            cases: All cases of the run.

        Raises:
            InputError: It cannot judge them.
        """

    def extra_calls(self, case: Case) -> int:  # noqa: ARG002 (for judges that ask more)
        """The number of calls per case beside one per trial; for estimates only.

        Args:
            case: The case.

        Returns:
            The number of calls.
        """
        return 0

    def most_calls(self, trial: Trial) -> int:
        """The most calls that one trial may make; a judge that makes several must override it.

        In a run with a budget, a further call fails its trial.

        Args:
            trial: The trial.

        Returns:
            The number of calls.
        """
        return 1 + self.extra_calls(trial.case)

    def likely_call(self, trial: Trial) -> Call:
        """A call about as large as the trial's largest call; for estimates of cost.

        Args:
            trial: The trial.

        Returns:
            A call that is never made.
        """
        texts = [m.content for m in trial.case.prompt]
        texts += [text for r in trial.shown for text in (r.text, *r.earlier)]
        for name in self.columns_needed:
            column = trial.case.column(name)
            texts += [column] if isinstance(column, str) else column
        return Call((Message("user", "\n".join(texts)),), self.asks_with)

    @abstractmethod
    async def judge(self, trial: Trial, ask: Ask) -> Verdict:
        """Judges one trial; an exception makes its status `failed`.

        Args:
            trial: The case with the responses in the order shown.
            ask: Asks the engine.

        Returns:
            The verdict, in positions.
        """


class PromptJudge(Judge):
    """A prompt and a parser: no I/O and nothing asynchronous to write.

    Attributes:
        prompt: The name of a prompt file: ``"concise"`` is ``prompts/concise.md`` beside the
            plugin's module.
    """

    prompt: ClassVar[str]

    def __init__(self, setup: JudgeSetup) -> None:
        super().__init__(setup)
        self.template = setup.prompt or setup.prompts.load(self.prompt_name())
        self.check_prompt()
        self.classes = self.template.head.classes
        if setup.verdict == "logits":
            self._labels(self.names[: setup.arity])
            if setup.reask:
                raise InputError(
                    f"--reask {setup.reask} asks for a text again, but --verdict logits reads no "
                    f"text; leave one of them out"
                )

    def check_prompt(self) -> None:
        """Refuses a prompt that does not show what this judge judges.

        Raises:
            InputError: It shows something else.
        """
        self.template.check_arity(self.setup.arity)

    def prompt_name(self) -> str:
        """The prompt's name; a judge of both pairs and single answers has two."""
        return self.prompt

    @property
    def identity(self) -> tuple[str, ...]:
        return (self.template.digest,)

    @property
    def columns_needed(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*super().columns_needed, *self.template.head.needs)))

    @property
    def reads_conversations(self) -> bool:
        return self.conversations or self.template.head.conversation

    def check(self, cases: Sequence[Case]) -> None:
        """Refuses cases that the prompt cannot show.

        Args:
            cases: All cases of the run.

        Raises:
            InputError: It cannot show them.
        """
        self.template.check_cases(cases)

    def call(self, trial: Trial, *, reference: str | None = None) -> Call:
        """The call about a trial.

        Args:
            trial: The case with the responses in the order shown.
            reference: A reference to show instead of the case's.

        Returns:
            The rendered messages with the judge's sampling parameters. With ``verdict="logits"`` it
            asks for the labels' log-probabilities and generates no text.
        """
        messages, prefill = self.template.render(trial, reference=reference)
        if self.setup.verdict == "text":
            ends = parsing.concluding_lines(self.template.head, trial.names)
            return Call(messages, self.asks_with, prefill=prefill, ends=ends, trial=trial)
        labels = self._labels(trial.names)
        return Call(
            messages,
            Sampling(max_tokens=1, extra=self.asks_with.extra),  # no text is sampled
            tuple(labels.meaning),
            labels.prefill(prefill),
            generate=False,
            trial=trial,
        )

    def _labels(self, names: tuple[str, ...]) -> Labels:
        """The labels that a verdict without text may be.

        Raises:
            InputError: The prompt's verdict is more than one label.
        """
        from judgekit.judging.parsing.labels import Labels  # with the parsers' many patterns

        return Labels.of(self.template.head, names)

    def most_calls(self, trial: Trial) -> int:
        return 1 + self.setup.reask + self.extra_calls(trial.case)

    def likely_call(self, trial: Trial) -> Call:
        return self.call(trial)

    def parse(self, reply: Reply, trial: Trial) -> Verdict:
        """Reads the verdict from a reply, by default as the prompt file's head says.

        Args:
            reply: The engine's reply, without the reasoning that the engine kept apart.
            trial: The trial, whose names the reply may use.

        Returns:
            The verdict, in positions; its status says where none could be read.
        """
        return parsing.read(reply, self.template.head, trial.names)

    async def judge(self, trial: Trial, ask: Ask) -> Verdict:
        return await self.converse(self.call(trial), trial, ask)

    async def converse(self, call: Call, trial: Trial, ask: Ask) -> Verdict:
        """Asks and reads; asks again, with a reminder of the format, while a reply is unparsed.

        It asks again at most `JudgeSetup.reask` times.

        Args:
            call: The first call.
            trial: The trial that the call is about.
            ask: Asks the engine.

        Returns:
            The verdict of the last reply.
        """
        if not call.generate:
            verdict = self._labels(trial.names).read(await ask(call))
            return parsing.with_class_value(verdict, self.template.head, trial)
        for attempts_left in range(self.setup.reask, -1, -1):
            reply = await ask(call)
            verdict = self.parse(reply, trial)
            if verdict.status is not Status.UNPARSED or not attempts_left:
                break
            call = self.reminded(call, reply)
        return parsing.with_class_value(verdict, self.template.head, trial)

    def reminded(self, call: Call, reply: Reply) -> Call:
        """A call after a reply that could not be read: the same, with a reminder of the format.

        Args:
            call: The call.
            reply: Its reply.

        Returns:
            The call with the reply and the reminder at its end.
        """
        again = (Message("assistant", reply.text), Message("user", self.template.reminder))
        return replace(call, messages=call.messages + again, prefill="")


class BatchJudge(Judge):
    """Scores many trials by itself: a reward model, PairRM, a metric.

    The reply store keeps its verdicts under `identity` and the texts shown. So `identity` must
    contain everything else that decides them: weights, options, and a version of the code.

    Attributes:
        window: The number of trials that it wants at once.
    """

    model: ClassVar[Literal["engine", "weights", "none"]] = "none"
    window: ClassVar[int] = 256

    @property
    @abstractmethod
    def identity(self) -> tuple[str, ...]: ...

    @abstractmethod
    def judge_batch(self, trials: Sequence[Trial]) -> Sequence[Verdict]:
        """Judges a batch of trials; runs on a worker thread, one batch at a time.

        Args:
            trials: At most `window` trials.

        Returns:
            One verdict per trial, in order.
        """

    async def judge(self, trial: Trial, ask: Ask) -> Verdict:  # noqa: ARG002 (asks nobody)
        return self.judge_batch([trial])[0]
