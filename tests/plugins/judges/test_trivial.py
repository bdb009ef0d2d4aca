"""What costs nothing, and has to be beaten."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from judgekit.plugins.judges.chance import Chance
from judgekit.plugins.judges.first import First
from judgekit.plugins.judges.longer import Longer

from judgekit.judging import Judge, JudgeSetup
from judgekit.judging.templates import Prompts
from judgekit.types import Case, Choice, Message, Response, Trial


def trials(count: int, orders: Sequence[tuple[int, ...]]) -> list[Trial]:
    cases = [
        Case(
            f"c{n}",
            (Message("user", f"Question {n}?"),),
            (Response(f"{n} short", "a"), Response(f"{n} a longer one", "b")),
        )
        for n in range(count)
    ]
    return [Trial(case, order, ("A", "B")[: len(order)]) for case in cases for order in orders]


@pytest.mark.parametrize("judge", [Longer, First, Chance])
def test_they_ask_nobody(judge: type[Judge]) -> None:
    assert judge.model == "none"
    assert judge.heading
    made = judge(JudgeSetup(min(judge.arity), Prompts(())))
    assert made.identity[0] == judge.__name__.lower()


def made(judge: type[Longer] | type[First] | type[Chance]) -> Longer | First | Chance:
    return judge(JudgeSetup(min(judge.arity), Prompts(())))


def test_longer_scores_characters() -> None:
    [short, long] = made(Longer).judge_batch(trials(1, [(0,), (1,)]))
    assert (short.score, long.score) == (7, 14)


def test_first_sees_nothing_else() -> None:
    said = made(First).judge_batch(trials(5, [(0, 1), (1, 0)]))
    assert {verdict.choice for verdict in said} == {Choice.FIRST}


def test_one_coin_a_case_whichever_is_shown_first() -> None:
    said = made(Chance).judge_batch(trials(400, [(0, 1), (1, 0)]))
    won = [verdict.choice is Choice.FIRST for verdict in said]
    assert all(ab is not ba for ab, ba in zip(won[::2], won[1::2], strict=True))
    assert 160 < sum(won[::2]) < 240
    again = made(Chance).judge_batch(trials(400, [(0, 1), (1, 0)]))
    assert said == again
