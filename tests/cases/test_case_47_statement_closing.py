"""Case 47: the plain closing sentence of a comparison."""

from __future__ import annotations

import pytest

from judgekit.judging import parsing
from judgekit.types import Choice, Status


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("Weighing all criteria, Output (a) is better. It covers both parts.", Choice.FIRST),
        ("Based on this, Output (b) is better as it keeps to the limit.", Choice.SECOND),
        ("Both are polite. I believe that Output (a) is better.", Choice.FIRST),
        ("However, Output (b) is better.\n\nOutput (b) says why.", Choice.SECOND),
        ("On balance, Output (b) is the better one.", Choice.SECOND),
    ],
)
def test_a_plain_closing_is_read(text: str, choice: Choice) -> None:
    assert parsing.statement(text).choice is choice


@pytest.mark.parametrize(
    "text",
    [
        "Therefore, neither Output (a) nor Output (b) is better.",
        "In terms of style, Output (a) is better.",
        "Considering style alone, Output (a) is better.",
        "If brevity counts, Output (a) is better.",
        "I don't think that Output (a) is better.",
    ],
)
def test_an_aspect_or_a_condition_is_no_closing(text: str) -> None:
    assert parsing.statement(text).status is Status.UNPARSED
