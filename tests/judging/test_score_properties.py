"""What holds of scores whatever stands before them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgekit.judging.parsing import read
from judgekit.judging.templates import Head
from judgekit.types import Reply, Status

WORDS = """
Score score Score: score: of is for not never if The answer ends with: says ``` ```json " ' > | ~~ 4
4/5 3-4 8/10 80% Rating: [[9]] [[4]] [RESULT] 评分：3 GRADE: A Total total
wait, ignore that { } [ ] \\ $
# - * ** 1. <b> <!-- ( ) { "score": 5 } + = , . ! ? would with 5 . Correction: a e.g. ４ – — “ ”
"""
BEFORE = st.one_of(
    st.text(max_size=60),
    st.lists(st.sampled_from([*WORDS.split(), "\n", "\n\n"]), max_size=16).map(" ".join),
    st.lists(st.sampled_from([*WORDS.split(), "\n"]), max_size=12).map("".join),
)
AFTER = st.sampled_from(["", "\n", " \n\n"])
SCALE = (0, 5)
GRADES = tuple((str(number), float(number)) for number in range(-3, 10))
FINAL = {
    "score": (Head("single", "score", SCALE), "Score: {}"),
    "total": (Head("single", "score", SCALE), "**Total score: {}**"),
    "label": (Head("single", "score", SCALE, label="评分"), "评分：{}"),
    "rating": (Head("single", "rating", SCALE), "Rating: [[{}]]"),
    "result": (Head("single", "result", SCALE), "[RESULT] {}"),
    "grade": (Head("single", "grade", values=GRADES), "Grade: {}"),
}


@pytest.mark.parametrize("reads", FINAL)
@given(BEFORE, st.integers(0, 5), AFTER)
def test_the_line_that_is_asked_for_is_read_whatever_stands_before_it(
    reads: str, before: str, score: int, after: str
) -> None:
    head, line = FINAL[reads]
    text = f"{before.replace('think>', '')}\n\n{line.format(score)}{after}"
    assert read(Reply(text), head, ()).score == score


@pytest.mark.parametrize("reads", [reads for reads in FINAL if reads != "grade"])
@given(BEFORE, st.integers(-3, 20) | st.floats(-9, 99, allow_nan=False), BEFORE)
def test_a_number_outside_the_scale_is_never_a_score(
    reads: str, before: str, number: float, after: str
) -> None:
    head, line = FINAL[reads]
    verdict = read(Reply(f"{before}\n{line.format(number)}\n{after}"), head, ())
    assert verdict.score is None or 0 <= verdict.score <= 5
    closing = read(Reply(f"{before}\n\n{line.format(number)}"), head, ())
    assert closing.score in (None, number)


@pytest.mark.parametrize("reads", FINAL)
@pytest.mark.parametrize(
    "piece",
    [
        "Score: 1 + 1 (a) + ", '"score": 1 ', '{"score": 4} ', "final total score ", "评分：4",
        "Grade: 1 or ", "Score: 4 = (1 + ", "[RESULT] ", "[[7]] for ", "Score:\n", "1 + ", "４ ",
        "\\boxed{", "score of 4 ",
    ],
)  # fmt: skip
def test_hostile_replies_are_read_fast(reads: str, piece: str) -> None:
    head, line = FINAL[reads]
    text = piece * (100_000 // len(piece))
    started = time.process_time()
    read(Reply(text), head, ())
    assert read(Reply(f"{text}\n{line.format(3)}"), head, ()).status is Status.VALID
    # About a second on an idle machine for both; a quadratic reader takes minutes.
    assert time.process_time() - started < 10.0
