"""`judgekit report`, by its command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from answers import write_answers
from commands import Cli


@pytest.fixture(autouse=True)
def _run(here: Path, cli: Cli) -> None:
    write_answers(here / "a.jsonl", ["yes", "a longer answer", "same"])
    write_answers(here / "b.jsonl", ["no", "short", "same"])
    assert cli("compare", "a.jsonl", "b.jsonl", "--judge", "longer").code == 0


def test_it_writes_the_newest_run(here: Path, cli: Cli) -> None:
    done = cli("report")
    assert (done.code, done.out) == (0, "report.html\n")
    assert b"judgekit report" in (here / "report.html").read_bytes()


def test_an_input_is_never_the_output(here: Path, cli: Cli) -> None:
    [run] = [path for path in (here / "runs").iterdir() if not path.is_symlink()]
    before = (run / "run.json").read_bytes()
    assert "is read by this command" in cli("report", run, "-o", run / "run.json", "--force").error
    assert (run / "run.json").read_bytes() == before


def test_what_is_no_run_is_named(cli: Cli) -> None:
    assert "no run in 'nowhere'" in cli("report", "nowhere").error
