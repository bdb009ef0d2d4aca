"""What the terminal is never sent."""

from __future__ import annotations

import io
import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text

from judgekit.cli.render.columns import Heading, grid
from judgekit.cli.render.console import PLAIN_WIDTH, json_text, safe, stderr_console, stdout_console


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text\n\tof two lines", "plain text\n\tof two lines"),
        ("\x1b[31mred\x1b[0m", "␛[31mred␛[0m"),
        ("a\x00b\x07\x08", "a␀b␇␈"),
        ("a\r\nb", "a␍\nb"),
        ("\x7f", "␡"),
        ("\x9b2J", "\\x9b2J"),
        ("\u202eevil\u2069", "\\u202eevil\\u2069"),
        ("a\u2028b", "a\\u2028b"),
        ("a\u200bb\ufeff", "a\\u200bb\\ufeff"),
        ("\U000e0041", "\\U000e0041"),
        ("\ud83d", "\\ud83d"),
        ("👩‍👩‍👧 می‌خواهم 漢字 e\u0301", "👩‍👩‍👧 می‌خواهم 漢字 e\u0301"),
        ("[bold]not markup[/]", "[bold]not markup[/]"),
    ],
)
def test_safe(text: str, shown: str) -> None:
    assert safe(text) == shown


@given(st.text(st.characters(exclude_categories=[])))
def test_nothing_that_acts_is_left(text: str) -> None:
    shown = safe(text)
    assert not [c for c in shown if unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t"]
    assert not [c for c in shown if unicodedata.bidirectional(c) in ("RLO", "LRO", "RLI", "LRI")]
    assert shown.encode("utf-8").decode("utf-8") == shown
    assert safe(shown) == shown


def test_markup_and_emoji_codes_are_text(capsys: pytest.CaptureFixture[str]) -> None:
    stdout_console().print("[red]:smile:[/red] 42")
    stderr_console().print(Text("[b]x[/b]"))
    assert capsys.readouterr() == ("[red]:smile:[/red] 42\n", "[b]x[/b]\n")


def test_without_a_terminal_nothing_is_wrapped_or_padded(
    capsys: pytest.CaptureFixture[str],
) -> None:
    stdout_console().print("word " * 600)
    assert capsys.readouterr().out == " ".join(["word"] * 600) + "\n"
    headings = [Heading("name", numeric=False), Heading("n"), Heading("note", numeric=False)]
    rows = [("long " * 90, "7", "x"), ("short", "1000", "longer note")]
    stdout_console().print(grid(headings, rows, PLAIN_WIDTH))
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert [line for line in lines if line != line.rstrip()] == []


def test_a_stream_that_is_not_utf8_gets_escapes(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(raw, encoding="ascii", write_through=True))
    stdout_console().print("café")
    assert raw.getvalue() == b"caf\\xe9\n"


def test_json_is_ascii() -> None:
    value = {"text": "\x1b[2J \x9b \u202e \u2028 é"}
    assert json_text(value).isascii()
    assert "\x1b" not in json_text(value)
    assert json.loads(json_text(value)) == value
