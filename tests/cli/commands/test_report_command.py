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


def test_other_forms_are_printed(here: Path, cli: Cli) -> None:
    assert cli("report", "--format", "markdown").out.startswith("# a against b\n")
    assert cli("report", "--format", "csv").out.startswith("part,section,row,column,value,low,")
    assert "\\toprule" in cli("report", "--format", "latex").out
    assert not (here / "report.html").exists()


def test_a_form_in_a_file(here: Path, cli: Cli) -> None:
    assert cli("report", "--format", "csv", "-o", "r.csv").out == "r.csv\n"
    assert "exists already" in cli("report", "--format", "csv", "-o", "r.csv").error


def test_figures_and_methods(here: Path, cli: Cli) -> None:
    done = cli("report", "--figures", "figures", "--methods")
    assert "wilson1927probable" in done.out
    assert (here / "figures" / "win-rates.svg").is_file()
    assert not (here / "report.html").exists()


def test_methods_are_of_runs(here: Path, cli: Cli) -> None:
    (here / "trained").mkdir()
    (here / "trained" / "metrics.jsonl").write_text('{"step": 1, "loss": 2.0}\n')
    assert "--methods describes runs" in cli("report", "trained", "--methods").error


def test_a_report_is_verified(here: Path, cli: Cli) -> None:
    cli("report", "--redact")
    assert "name its run beside it" in cli("report", "--verify", "report.html").error
    done = cli("report", "runs/latest", "--verify", "report.html")
    assert done.out.endswith(" of 3 cases computed again: all as reported\n")
    document = cli("report", "runs/latest", "--verify", "report.html", "--json").json
    assert (document["verified"], document["cases"]) == (True, 3)
    done = cli(
        "report", "runs/latest", "--verify", "report.html", "--store", ".judgekit/replies.db"
    )
    assert "4 verdicts read again: all as reported" in done.out


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--verify", "r.html", "--redact"], "leave --redact out"),
        (["--verify", "r.html", "-o", "x"], "leave --out out"),
        (["--store", "x.db"], "--store belongs to --verify"),
        (["--json"], "--json belongs to --verify"),
        (["--verify", "missing.html"], "cannot read 'missing.html'"),
    ],
)
def test_flags_that_do_not_fit(words: list[str], why: str, cli: Cli) -> None:
    assert why in cli("report", *words).error
