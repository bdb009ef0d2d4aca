"""Tables at any width: nothing is cut, and no number is broken."""

from __future__ import annotations

import io
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from judgekit.cli.render.columns import Heading, grid

HEADINGS = [
    Heading("model", numeric=False),
    Heading("win rate (95 %)"),
    Heading("without a verdict"),
    Heading("mean score (95 %)"),
]
ROWS = [
    ("a-model-of-a-longer-name", "76.2 %  (60.7 to 87.0)", "0", "3.20  (2.91 to 3.49)"),
    ("base", "23.8 %  (13.0 to 39.3)", "12", "2.87  (2.60 to 3.14)"),
]


def printed(headings: Sequence[Heading], rows: Sequence[Sequence[str]], width: int) -> list[str]:
    console = Console(file=io.StringIO(), force_terminal=True, width=width, color_system=None)
    console.print(grid(headings, rows, width))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def test_a_wide_line_has_a_row() -> None:
    head, *lines = printed(HEADINGS, ROWS, 100)
    assert head.split("  ")[0] == "model"
    assert len(lines) == 2


def test_headings_take_several_lines_first() -> None:
    lines = printed(HEADINGS, ROWS, 76)
    assert len(lines) == 3 + 2 + 1  # "without", "a", "verdict", and the longer name once more
    assert all(len(line) <= 76 for line in lines)


def test_then_a_row_is_a_record() -> None:
    lines = [line.strip() for line in printed(HEADINGS, ROWS, 44)]
    assert lines[0] == "model              a-model-of-a-longer-name"
    assert lines[4] == ""
    assert lines[-1].endswith("2.87  (2.60 to 3.14)")


@pytest.mark.parametrize("width", [44, 60, 76, 80, 100, 120])
def test_each_cell_is_whole(width: int) -> None:
    lines = printed(HEADINGS, ROWS, width)
    for row in ROWS:
        for number in row[1:]:
            assert any(number in line for line in lines)
    assert max(map(len, lines)) <= width


@given(st.integers(30, 200), st.lists(st.lists(st.integers(0, 10**9), min_size=5, max_size=5)))
def test_numbers_are_never_broken(width: int, rows: list[list[int]]) -> None:
    headings = [Heading(f"a number {i}") for i in range(5)]
    lines = printed(headings, [list(map(str, row)) for row in rows], width)
    words = [word for line in lines for word in line.split()]
    for row in rows:
        for number in row:
            assert str(number) in words
