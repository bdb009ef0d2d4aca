from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgekit.trust.audit.lists import find_list, with_repeated

TABLE = [
    (
        "numbers",
        "So:\n1. one\n2. two\nEnd.",
        ("one", "two"),
        "So:\n1. one\n2. two\n3. one\n4. two\nEnd.",
    ),
    ("brackets", "3) c\n4) d", ("c", "d"), "3) c\n4) d\n5) c\n6) d"),
    ("bullets", "- a\n- b\n- c", ("a", "b", "c"), "- a\n- b\n- c\n- a\n- b\n- c"),
    ("gaps", "* a\n\n* b\n\nEnd", ("a", "b"), "* a\n\n* b\n\n* a\n\n* b\n\nEnd"),
    ("indented", "  - a\n  - b", ("a", "b"), "  - a\n  - b\n  - a\n  - b"),
    (
        "nested",
        "1. a\n   - x\n   - y\n   - z\n2. b",
        ("a\n   - x\n   - y\n   - z", "b"),
        "1. a\n   - x\n   - y\n   - z\n2. b\n3. a\n   - x\n   - y\n   - z\n4. b",
    ),
    (
        "paragraphs within",
        "1. a\n\n   more\n\n2. b",
        ("a\n\n   more", "b"),
        "1. a\n\n   more\n\n2. b\n\n3. a\n\n   more\n\n4. b",
    ),
    ("the longest", "- a\n- b\n\nand\n\n1. x\n2. y\n3. z", ("x", "y", "z"), None),
    ("the first of equals", "- a\n- b\n\nand\n\n1. x\n2. y", ("a", "b"), None),
    ("another marker is another list", "- a\n- b\n* c", ("a", "b"), None),
]


@pytest.mark.parametrize(
    ("text", "items", "repeated"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_a_list_is_found_and_said_twice(
    text: str, items: tuple[str, ...], repeated: str | None
) -> None:
    found = find_list(text)
    assert found is not None
    assert found.items == items
    if repeated is not None:
        assert with_repeated(text, found, found.items) == repeated


@pytest.mark.parametrize(
    "text",
    [
        "",
        "No list at all.",
        "1. one alone",
        "1.5 times\n2.5 times",
        "-a\n-b",
        "a - b\nc - d",
        "```\n- a\n- b\n```",
        "--- \n--- ",
        "**bold** one\n**bold** two",
    ],
)
def test_what_is_no_list(text: str) -> None:
    assert find_list(text) is None


def test_items_in_other_words_go_first() -> None:
    text = "So:\n1. one\n2. two"
    found = find_list(text)
    assert found is not None
    assert with_repeated(text, found, ("uno", "due")) == "So:\n1. uno\n2. due\n3. one\n4. two"


LINE = st.sampled_from(["- a", "- b", "  - c", "1. d", "2. e", "3) f", "g", "   h", "", "```", " "])


@given(st.lists(LINE, max_size=14))
def test_any_text_keeps_its_lines_around_a_list_that_holds_twice_as_much(lines: list[str]) -> None:
    text = "\n".join(lines)
    found = find_list(text)
    if found is None:
        return
    longer = with_repeated(text, found, found.items).split("\n")
    assert longer[: found.start] == lines[: found.start]
    after = lines[found.end :]
    assert longer[len(longer) - len(after) :] == after
    again = find_list("\n".join(longer[found.start : len(longer) - len(after)]))
    assert again is not None
    assert again.items == found.items * 2
