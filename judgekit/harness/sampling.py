"""Prompts → answers: an engine answers each prompt as often as candidates are wanted.

A candidate is a trial whose case has no responses yet. Its repeat is part of the reply's key in
the store, so a run that was killed continues, and asking for more candidates pays only for the new
ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from judgekit.errors import CallFailure
from judgekit.harness.dispatcher import Dispatcher
from judgekit.harness.limits import Admission, BudgetSpent
from judgekit.harness.tally import Tally
from judgekit.harness.workers import within_budget, work_through
from judgekit.judging.judge import Ask
from judgekit.judging.parsing.thinking import strip_thinking
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

__all__ = ["Generated", "GenerationTask", "Sampler", "generate"]

WITHHELD = ("refusal", "content_filter")


@dataclass(frozen=True, slots=True)
class GenerationTask:
    """A prompt to be answered: a case without responses.

    With `each_turn` the prompt is a list of user turns: each is answered in turn, after the
    model's answers to the earlier ones.
    """

    case: Case
    each_turn: bool = False

    @property
    def turns(self) -> int:
        """How many calls one candidate takes."""
        return len(self.case.prompt) if self.each_turn else 1

    def conversation(self, answers: Sequence[str]) -> tuple[Message, ...]:
        """The messages of the next call, after the answers to the earlier turns."""
        if not self.each_turn:
            return self.case.prompt
        turns = zip(self.case.prompt, answers, strict=False)
        before = [m for turn, text in turns for m in (turn, Message("assistant", text))]
        return (*before, self.case.prompt[len(answers)])


@dataclass(frozen=True, slots=True)
class Generated:
    """One candidate: one text for each turn, or none, and then `status` and `error` say why.

    `finish` is ``"length"`` if any text was cut at its limit, else how the last one ended.
    """

    case: str
    repeat: int
    texts: tuple[str, ...] = ()
    finish: str = "stop"
    status: Status = Status.VALID
    error: str = ""


@dataclass(frozen=True)
class Sampler:
    """How prompts are asked: the sampling, and a system prompt (empty for none)."""

    sampling: Sampling
    system: str = ""

    def call(self, task: GenerationTask, answers: Sequence[str], repeat: int) -> Call:
        """The next call of a candidate.

        Args:
            task: The prompt.
            answers: The candidate's answers to the earlier turns.
            repeat: The candidate's number, from 0.
        """
        head = (Message("system", self.system),) if self.system else ()
        return Call((*head, *task.conversation(answers)), self.sampling_of(repeat))

    def sampling_of(self, repeat: int) -> Sampling:
        """The sampling of one candidate: the first has the given seed, each other one its own.

        With the same seed, a server that honours it would give the same answer each time.
        """
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
        return task.turns, sum(map(admission.worst, bare)) + admission.price.most(again, 0)


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
    queue = ((number, tasks[number // n]) for number in range(n * len(tasks)))

    async def work(item: tuple[int, GenerationTask]) -> None:
        nonlocal end
        number, task = item
        try:
            generated = await candidate_within_budget(task, sampler, dispatcher, number, number % n)
        except BudgetSpent:
            end = min(end, number)
            raise
        made[number] = generated
        tally.add_judged(generated.status)
        if on_progress:
            on_progress(tally)

    stop = await work_through(queue, work, dispatcher, concurrency=concurrency)
    return [made[number] for number in range(end)], stop


async def candidate_within_budget(
    task: GenerationTask, sampler: Sampler, dispatcher: Dispatcher, number: int, repeat: int
) -> Generated:
    """One candidate, once the budget has room for the most that it can use.

    `number` counts the candidates of all prompts, `repeat` those of this one.
    """
    return await within_budget(
        dispatcher,
        Trial(task.case, (), (), repeat),
        number,
        lambda: sampler.most(task, dispatcher.admission),
        lambda ask: candidate(task, repeat, sampler, ask),
    )


async def candidate(task: GenerationTask, repeat: int, sampler: Sampler, ask: Ask) -> Generated:
    """One candidate, turn by turn; it has no texts if one of the turns has no answer."""
    answers: list[str] = []
    finish = "stop"
    try:
        while len(answers) < task.turns:
            reply = await ask(sampler.call(task, answers, repeat))
            answers.append(text_of(reply))
            finish = "length" if "length" in (finish, reply.finish) else reply.finish
    except CallFailure as failure:
        name = failure.name
        error = f"{name}: {failure}" if str(failure) != name else name
        return Generated(task.case.id, repeat, status=failure.status, error=error)
    return Generated(task.case.id, repeat, tuple(answers), finish)


def text_of(reply: Reply) -> str:
    """The answer in a reply. An empty answer is one, too.

    Raises:
        CallFailure: There is none: it was withheld, or cut before the thinking ended.
    """
    text = strip_thinking(reply.text)
    if reply.finish in WITHHELD:
        raise CallFailure(reply.finish, status=Status.REFUSED)
    if reply.finish == "length" and not (text or "").strip():
        raise CallFailure("cut", "at the token limit, before any answer", status=Status.TRUNCATED)
    if text is None:
        raise CallFailure("no answer", "the thinking never ends")
    return text
