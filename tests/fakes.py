"""An engine and judges for tests of the harness: fakes at the seams, never inside."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence

from judgekit.errors import CallFailure
from judgekit.judging import BatchJudge, Judge, JudgeSetup
from judgekit.judging.judge import Ask
from judgekit.judging.templates import Prompts
from judgekit.types import Call, Case, Choice, Message, Reply, Response, Trial, Verdict

Answer = Callable[[Call, int], Reply | CallFailure]


def cases(n: int) -> list[Case]:
    """Cases whose longer response is response 0 in even cases."""
    return [
        Case(
            f"c{i}",
            (Message("user", f"question {i}"),),
            (
                Response("long answer" if i % 2 == 0 else "short", "m"),
                Response("short" if i % 2 == 0 else "long answer", "n"),
            ),
            cluster=f"c{i}",
        )
        for i in range(n)
    ]


class FakeEngine:
    """Answers by a function of the call and of how often it was asked before."""

    def __init__(self, answer: Answer, *, window: int = 1, delay: float = 0.0) -> None:
        self.fingerprint = "fake"
        self.window = window
        self.stored = True
        self.delay = delay
        self.answer_one = answer
        self.asked: Counter[str] = Counter()
        self.windows: list[list[str]] = []
        self.in_flight = self.most_in_flight = 0

    async def answer(self, calls: Sequence[Call]) -> Sequence[Reply | CallFailure]:
        self.windows.append([call.messages[-1].content for call in calls])
        self.in_flight += len(calls)
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        await asyncio.sleep(self.delay)
        self.in_flight -= len(calls)
        results = []
        for call in calls:
            text = call.messages[-1].content
            results.append(self.answer_one(call, self.asked[text]))
            self.asked[text] += 1
        return results

    async def aclose(self) -> None:
        return None


class Longer(Judge):
    """Asks once, and takes the reply as the verdict's name."""

    arity = (2,)

    def call(self, trial: Trial) -> Call:
        first, second = trial.shown
        text = f"{trial.case.id}: {first.text} | {second.text}"
        return Call((Message("user", text),), self.asks_with)

    async def judge(self, trial: Trial, ask: Ask) -> Verdict:
        return Verdict.chose(Choice((await ask(self.call(trial))).text))


class LongerBatch(BatchJudge):
    """The same without an engine; breaks on the case it is told to."""

    arity = (2,)
    window = 4
    breaks_on = ""
    batches: list[int]

    @property
    def identity(self) -> tuple[str, ...]:
        return ("longer", "1")

    def judge_batch(self, trials: Sequence[Trial]) -> Sequence[Verdict]:
        self.batches.append(len(trials))
        for trial in trials:
            if trial.case.id == self.breaks_on:
                raise RuntimeError("no such luck")
        return [
            Verdict.chose(
                Choice.FIRST if len(t.shown[0].text) > len(t.shown[1].text) else Choice.SECOND
            )
            for t in trials
        ]


def setup(arity: int = 2) -> JudgeSetup:
    return JudgeSetup(arity=arity, prompts=Prompts(()))


def by_length(call: Call, asked: int) -> Reply:
    """The longer of the two texts in `Longer`'s question."""
    first, second = call.messages[-1].content.split(": ", 1)[1].split(" | ")
    return Reply("first" if len(first) > len(second) else "second", tokens_in=10, tokens_out=1)
