"""A project's `judgekit.toml` that is huge, nested or odd: one line, and nothing is written."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from answers import write_answers
from commands import Cli

HOSTILE = {
    "tables": ("options=" + "{a=" * 2000 + "1" + "}" * 2000, "nested more than"),
    "arrays": ("options=" + "[" * 3000 + "]" * 3000, "nested more than"),
    "dotted": ("options." + "a." * 900 + "b=1", "nested more than"),
    "few tables": ("options=" + "{a=" * 9 + "1" + "}" * 9, "nested more than"),
    "digits": ("repeats=" + "9" * 5000, "not TOML: Exceeds the limit"),
    "large": ('judge="' + "a" * 2**21 + '"', "a configuration has at most 1048576"),
    "store": ('store=".git/config"', "lies in the repository's own folder .git"),
    "store elsewhere": ('store="x/.GIT/config"', "lies in the repository's own folder .git"),
    "surrogate": ('judge="\\ud800"', "not TOML"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_it_is_refused_in_one_line(cli: Cli, here: Path, name: str) -> None:
    text, told = HOSTILE[name]
    for answers in ("a", "b"):
        write_answers(here / f"{answers}.jsonl", [f"{answers} says"])
    (here / "judgekit.toml").write_text(text)
    before = sorted(here.iterdir())
    began = time.monotonic()
    assert told in cli("compare", "a.jsonl", "b.jsonl", "--judge", "overlap").error
    assert time.monotonic() - began < 5
    assert sorted(here.iterdir()) == before
