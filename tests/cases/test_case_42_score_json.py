"""Case 42: a score in JSON, and an aspect's score beside a clear final line."""

from __future__ import annotations

import pytest

from judgekit.judging import parsing
from judgekit.types import Status


@pytest.mark.parametrize(
    ("text", "score"),
    [
        (
            '{\n "reasoning": "Steps are missing, a score of 1 there.",\n "score": 3\n}',
            3,
        ),
        ('{"score": 4, "reasoning": "A perfect answer would get a score of 5."}', 4),
        ('{"score": 4, "why": "It misses a date, so a score of 5 is not warranted."}', 4),
        ('```json\n{"Score": "4/5", "parts": {"clarity": {"score": 1}}}\n```', 4),
        ('{"final_score": 2, "why": "so a score of 1 for style"}', 2),
        ("The proof has a gap, so it earns a score of 1 for rigour.\nScore: 3", 3),
        ("No source is cited. Therefore a score of 0 for accuracy.\n\nScore: 3", 3),
        ("Score: 3\n\nThe proof has a gap, so it earns a score of 1 for rigour.", 3),
        ("1. Clarity: score 1\n2. Depth: score 5\n\nFinal score: 3", 3),
    ],
)
def test_the_score_of_the_whole_is_read(text: str, score: float) -> None:
    assert parsing.labelled_score(text).score == score


def test_a_score_below_one() -> None:
    text = '{"reasoning": "Sources are absent: a score of 0.00 there.", "score": 0.6}'
    assert parsing.labelled_score(text, None).score == 0.6


@pytest.mark.parametrize(
    "text",
    [
        '{"clarity": {"score": 5}}',
        '{"clarity": {"score": 5}, "score": null}',
        '{"score": true}',
        '{"score": [4, 5]}',
        '{"score": 9}',
        '{"score": 1e400}',
        '{"score": NaN}',
        '[{"aspect": "style", "score": 4}, {"aspect": "truth", "score": 4}]',
        "It earns a score of 1 for rigour.",
        "1. Clarity: score 1",
        "Score (clarity): 5",
    ],
)
def test_a_part_is_not_read_as_the_whole(text: str) -> None:
    assert parsing.labelled_score(text).status in (Status.UNPARSED, Status.AMBIGUOUS)
