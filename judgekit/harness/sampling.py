"""Prompts → answers: every prompt put to an engine as often as candidates are wanted.

A candidate is a trial whose case has no responses yet: its repeat is part of the reply store's
key, so a killed run goes on, and more candidates ask only for the new ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from judgekit.errors import CallFailure
from judgekit.harness.dispatcher import Dispatcher, Tally
from judgekit.harness.limits import Admission, BudgetSpent
from judgekit.harness.workers import within_budget, work_through
from judgekit.judging.judge import Ask
from judgekit.types import (
    Call,
    Case,
    Message,
    Reply,
    Sampling,
    Status,
    StopReason,
    Trial,
    digest,
)

__all__ = ["Generated", "GenerationTask", "Sampler", "generate", "visible"]

WITHHELD = ("refusal", "content_filter")
THINK, THOUGHT = "<think>", "</think>"


@dataclass(frozen=True, slots=True)
class GenerationTask:
    """A prompt to be answered: a case without responses. `each_turn`: it is a list of user turns,
    each of which is answered with the model's own answers to those before it in their places."""

    case: Case
    each_turn: bool = False

    @property
    def turns(self) -> int:
        """How many calls one candidate takes."""
        return len(self.case.prompt) if self.each_turn else 1

    def conversation(self, said: Sequence[str]) -> tuple[Message, ...]:
        """What is asked after the answers `said`."""
        if not self.each_turn:
            return self.case.prompt
        turns = zip(self.case.prompt, said, strict=False)
        before = [m for turn, text in turns for m in (turn, Message("assistant", text))]
        return (*before, self.case.prompt[len(said)])


@dataclass(frozen=True, slots=True)
class Generated:
    """One candidate: its texts, one for each turn; without any, the status says why.

    `finish` is ``"length"`` where a text was cut at its limit, else how the last one ended.
    """

    case: str
    repeat: int
    texts: tuple[str, ...] = ()
    finish: str = "stop"
    status: Status = Status.VALID
    error: str = ""


@dataclass(frozen=True)
class Sampler:
    """How prompts are asked. `system` stands before every one, unless it is empty."""

    sampling: Sampling
    system: str = ""

    def call(self, task: GenerationTask, said: Sequence[str], repeat: int) -> Call:
        """The next call of a candidate that has said so much."""
        head = (Message("system", self.system),) if self.system else ()
        return Call((*head, *task.conversation(said)), self.of(repeat))

    def of(self, repeat: int) -> Sampling:
        """Each candidate has a seed of its own: with one and the same, a server that keeps to it
        would say the same each time. The first has the seed that was given."""
        if self.sampling.seed is None or not repeat:
            return self.sampling
        seed = int(digest(str(self.sampling.seed), str(repeat), size=4), 16) >> 1
        return replace(self.sampling, seed=seed)  # 31 bits, which every server takes

    def most(self, task: GenerationTask, admission: Admission) -> tuple[int, float]:
        """The most calls and dollars that a candidate can take."""
        if admission.budget.max_cost is None or admission.price is None:
            return task.turns, 0.0
        bare = [self.call(task, [""] * turn, 0) for turn in range(task.turns)]
        # What was answered to a turn is read again at every turn after it.
        again = (self.sampling.max_tokens or 0) * sum(range(task.turns))
        return task.turns, sum(map(admission.worst, bare)) + admission.price.cost(again, 0)


async def generate(
    tasks: Sequence[GenerationTask],
    sampler: Sampler,
    dispatcher: Dispatcher,
    *,
    n: int = 1,
    concurrency: int = 64,
    on_progress: Callable[[Tally], None] | None = None,
) -> tuple[list[Generated], StopReason | None]:
    """`n` candidates for each task, all of a task one after the other, in the tasks' order.

    The reply store keeps every reply that was paid for.

    Args:
        tasks: The prompts.
        sampler: How they are asked.
        dispatcher: Where calls are handed in; closed at the end.
        n: Candidates for each prompt.
        concurrency: Candidates under way at once.
        on_progress: Called after each candidate.

    Returns:
        The candidates, and why there are fewer than planned: None where all are there.

    Raises:
        EngineError: No call can be answered.
        StoreError: The reply store cannot be used.
    """
    tally, end = dispatcher.tally, n * len(tasks)
    made: dict[int, Generated] = {}

    def queue() -> Iterator[tuple[int, GenerationTask]]:
        for number in range(n * len(tasks)):
            yield number, tasks[number // n]

    async def work(item: tuple[int, GenerationTask]) -> None:
        nonlocal end
        number, task = item
        trial = Trial(task.case, (), (), number % n)
        try:
            found = await within_budget(
                dispatcher,
                trial,
                number,
                lambda: sampler.most(task, dispatcher.admission),
                lambda ask: candidate(task, trial.repeat, sampler, ask),
            )
        except BudgetSpent:
            end = min(end, number)
            raise
        made[number] = found
        tally.judged += 1
        tally.statuses[found.status] += 1
        if on_progress:
            on_progress(tally)

    stop = await work_through(queue(), work, dispatcher, concurrency=concurrency)
    return [made[number] for number in range(end)], stop


async def candidate(task: GenerationTask, repeat: int, sampler: Sampler, ask: Ask) -> Generated:
    """One candidate, turn by turn; without texts where one of them could not be had."""
    said: list[str] = []
    finish = "stop"
    try:
        while len(said) < task.turns:
            reply = await ask(sampler.call(task, said, repeat))
            said.append(text_of(reply))
            finish = "length" if "length" in (finish, reply.finish) else reply.finish
    except CallFailure as failure:
        name = failure.name
        error = f"{name}: {failure}" if str(failure) != name else name
        return Generated(task.case.id, repeat, status=failure.status, error=error)
    return Generated(task.case.id, repeat, tuple(said), finish)


def text_of(reply: Reply) -> str:
    """What a reply says. Raises `CallFailure` where it says nothing, which is no empty answer:
    withheld, or cut before its thinking was over."""
    text = visible(reply.text)
    if reply.finish in WITHHELD:
        raise CallFailure(reply.finish, status=Status.REFUSED)
    if reply.finish == "length" and not (text or "").strip():
        raise CallFailure("cut", "at the token limit, before any answer", status=Status.TRUNCATED)
    if text is None:
        raise CallFailure("no answer", "the thinking never ends")
    return text


def visible(text: str) -> str | None:
    """The text without a block of thinking that begins it; None where that never ends.

    A closing tag alone on its line ends a block too: templates that open it for the model leave
    its reply without the opening. Tags anywhere else are words of the answer.
    """
    opened = text.lstrip().startswith(THINK)
    thinking, closing, after = text.partition(THOUGHT)
    if not closing:
        return None if opened else text
    around = thinking.rpartition("\n")[2] + after.partition("\n")[0]
    if opened or (THINK not in thinking and not around.strip()):
        return after.lstrip()
    return text
