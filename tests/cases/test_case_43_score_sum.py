"""Case 43: a score that is written as a sum."""

from __future__ import annotations

import pytest

from judgekit.judging import parsing
from judgekit.types import Status


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("Score: 1 + 1 + 1 + 0 + 1 = 4", 4),
        ("Relevance yes, coverage yes, rest no.\nTotal score: 1 + 1 + 0 = 2", 2),
        ("**Score: 1 (relevance) + 1 (coverage) + 0.5 = 2.5/5**", 2.5),
        ("Score = 3 = 1 + 1 + 1", 3),
        ("Score: 3 (1 + 1 + 1 + 0 + 0)", 3),
        ("Score: 5 - 1 = 4", 4),
        ("Score: (4 + 5 + 4) / 3 = 4.33", 4.33),
        ('{"why": "The option is right.", "score": 0.4 + 0.25 + 0.0 + 0.1 = 0.75}', 0.75),
    ],
)
def test_a_sum_is_its_total(text: str, score: float) -> None:
    assert parsing.labelled_score(text).score == score


def test_a_sum_in_brackets() -> None:
    assert parsing.bracketed_rating("Rating: [[3 + 2 + 3 = 8]]").score == 8


@pytest.mark.parametrize(
    "text",
    [
        "Score: 2 + 1 = 4",
        "Score: 1 + 1 + 1",
        "Score: 4 (1 + 1 + 1)",
        "Score: 4 = 1 + 1 + 1",
        "Score: (4 + 5 + 4) / 3 = 4.5",
        "Score: 3 + 3 = 6",
        "Score: 1 + 1 = 2 or 3",
        "Score: 1 + 1 = 2%",
    ],
)
def test_a_sum_that_is_not_clear_is_no_score(text: str) -> None:
    assert parsing.labelled_score(text).status is Status.UNPARSED
