"""What concludes a reply, so that a local model need say no more."""

from __future__ import annotations

import pytest

from judgekit.judging import parsing
from judgekit.judging.templates import Head
from judgekit.types import Reply, Status


@pytest.mark.parametrize(
    ("head", "lines"),
    [
        (Head("pair", "label"), ("[[A]]", "[[B]]", "[[C]]")),
        (Head("pair", "label", tie=None), ("[[A]]", "[[B]]")),
        (Head("single", "rating", (1, 3)), ("Rating: [[1]]", "Rating: [[2]]", "Rating: [[3]]")),
        (Head("single", "score", (0, 10)), ()),
        (Head("pair", "json"), ()),
    ],
)
def test_lines(head: Head, lines: tuple[str, ...]) -> None:
    assert parsing.concluding_lines(head, ("A", "B")) == lines
    for line in lines:
        assert parsing.read(Reply(f"Some reasons.\n{line}"), head).status is Status.VALID
