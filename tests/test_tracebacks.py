"""Where an exception arose, for one line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from judgekit.errors import JudgekitError
from judgekit.extension.loader import load_file
from judgekit.tracebacks import raised_at


def caught(call: Callable[[], object]) -> BaseException:
    try:
        call()
    except JudgekitError as error:
        return error
    raise AssertionError("it did not raise")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("import json\n\njson.loads('{')\n", 3),
        (
            "from judgekit import hookimpl\n@hookimpl\ndef judgekit_judges():\n    return 1 / 0\n",
            4,
        ),
        ("def a():\n    b()\n\ndef b():\n    raise KeyError('x')\n\na()\n", 5),
    ],
    ids=["a library's error", "within a hook", "in a function of its own"],
)
def test_a_broken_plugin_names_its_line(tmp_path: Path, text: str, line: int) -> None:
    (tmp_path / "mine.py").write_text(text)
    assert load_file(tmp_path / "mine.py").broken.endswith(f"(mine.py:{line})")


def test_an_error_that_names_its_line_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("x = (\n")
    broken = load_file(tmp_path / "mine.py").broken
    assert "(mine.py, line 1)" in broken
    assert broken.count("mine.py") == 1


def test_an_exception_that_was_never_raised_has_no_line() -> None:
    assert raised_at(ValueError("x")) == ""


def test_the_first_file_that_is_not_ours_counts() -> None:
    assert raised_at(caught(lambda: load_file(Path("no.py")))).startswith("test_tracebacks.py:")
