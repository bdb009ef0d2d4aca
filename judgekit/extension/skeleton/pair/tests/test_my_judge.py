"""my-judge, found as judgekit finds it and asked as judgekit asks; the model is played."""

import asyncio

import pytest
from judgekit.extension import Registry
from judgekit.judging import (
    Call,
    Case,
    Choice,
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
    (Message("user", "How many legs has a spider?"),),
    (Response("Eight.", "a"), Response("A spider, as is well known, has eight legs.", "b")),
)
TRIAL = Trial(CASE, (0, 1), ("A", "B"))


def judge(reply: str, calls: list[Call]) -> Verdict:
    """The verdict on the trial where the model says this; what it was asked goes to `calls`."""
    registry = Registry.load()
    kind = registry.judge("my-judge")
    instance = kind(JudgeSetup(arity=2, prompts=registry.prompts_for(kind)))

    async def ask(call: Call, *, shared: bool = False) -> Reply:
        calls.append(call)
        return Reply(reply)

    return asyncio.run(instance.judge(TRIAL, ask))


@pytest.mark.parametrize(
    ("reply", "choice"),
    [
        ("The first says it all in one word.\n[[A]]", Choice.FIRST),
        ("The second is a whole sentence.\n[[B]]", Choice.SECOND),
        ("Nothing between them.\n[[C]]", Choice.TIE),
    ],
)
def test_reads_the_verdict(reply: str, choice: Choice) -> None:
    assert judge(reply, []).choice is choice


def test_guesses_nothing() -> None:
    assert judge("The first, I should think.", []).status is Status.UNPARSED


def test_shows_the_request_and_both_answers() -> None:
    calls: list[Call] = []
    judge("[[A]]", calls)
    shown = "\n".join(message.content for message in calls[0].messages)
    for text in ("How many legs has a spider?", "Eight.", "as is well known"):
        assert text in shown
