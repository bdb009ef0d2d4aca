"""my-judge, found as judgekit finds it and asked as judgekit asks; the model is played."""

import asyncio

import pytest
from judgekit.extension import Registry
from judgekit.judging import (
    Call,
    Case,
    JudgeSetup,
    Message,
    Reply,
    Response,
    Status,
    Trial,
    Verdict,
)

CASE = Case(
    "1",
    (Message("user", "Name two planets."),),
    (Response("Mars, and that is all I know.", "a"),),
)
TRIAL = Trial(CASE, (0,), ("A",))


def judge(reply: str, calls: list[Call]) -> Verdict:
    """The verdict on the trial where the model says this; what it was asked goes to `calls`."""
    registry = Registry.load()
    kind = registry.judge("my-judge")
    instance = kind(JudgeSetup(arity=1, prompts=registry.prompts_for(kind)))

    async def ask(call: Call, *, shared: bool = False) -> Reply:
        calls.append(call)
        return Reply(reply)

    return asyncio.run(instance.judge(TRIAL, ask))


@pytest.mark.parametrize(
    ("reply", "score"),
    [
        ("Two planets were asked for and one is given.\nScore: 3", 3),
        ("All of it.\nScore: 5", 5),
    ],
)
def test_reads_the_score(reply: str, score: float) -> None:
    assert judge(reply, []).score == score


@pytest.mark.parametrize("reply", ["About half of it, I should think.", "Score: 7"])
def test_guesses_nothing(reply: str) -> None:
    assert judge(reply, []).status is Status.UNPARSED


def test_shows_the_request_and_the_answer() -> None:
    calls: list[Call] = []
    judge("Score: 3", calls)
    shown = "\n".join(message.content for message in calls[0].messages)
    for text in ("Name two planets.", "and that is all I know"):
        assert text in shown
