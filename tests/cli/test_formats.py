"""`--format`: the tables of commands as CSV and Markdown."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from answers import write_answers, write_jsonl
from commands import Cli

TEXTS = {
    "a": ["right", "right", "right", "wrong"],
    "b": ["right", "wrong", "right", "wrong"],
    "c": ["wrong", "wrong", "right", "wrong"],
}


@pytest.fixture(autouse=True)
def _files(here: Path) -> None:
    for name, texts in TEXTS.items():
        write_answers(here / f"{name}.jsonl", texts, reference="right")


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_comparisons(cli: Cli) -> None:
    said = cli("compare", "a.jsonl", "b.jsonl", "c.jsonl", "--format", "csv")
    found = rows(said.out)
    assert [(row["a"], row["b"]) for row in found] == [("a", "b"), ("a", "c"), ("b", "c")]
    one = cli("compare", "a.jsonl", "b.jsonl", "--json").json
    assert found[0]["win_rate_a.low"] == repr(one["win_rate_a"]["low"])
    assert found[0]["run"] == one["run"]


def test_the_matrix_of_comparisons(cli: Cli) -> None:
    files = ("a.jsonl", "b.jsonl", "c.jsonl")
    text = cli("compare", *files).out
    assert "win rate in % against" in text
    said = cli("compare", *files, "--format", "markdown").out
    assert "| win rate in % against | 1 | 2 | 3 |" in said
    assert "| --- | ---: | ---: | ---: |" in said
    [own] = [line for line in said.splitlines() if line.startswith("| 1 a |")]
    [other] = [line for line in said.splitlines() if line.startswith("| 2 b |")]
    value = int(own.split("|")[3].split()[0])
    assert int(other.split("|")[2].split()[0]) == 100 - value
    assert "win rate in % against" not in cli("compare", *files, "--baseline", "c.jsonl").out


def test_rankings_and_ratings(cli: Cli) -> None:
    said = cli("rank", "a.jsonl", "b.jsonl", "c.jsonl", "--format", "csv", "--out", "ranked")
    found = rows(said.out)
    assert [row["model"] for row in found] == ["a", "b", "c"]
    assert found[0]["win_rate_against.c.value"]
    assert found[0]["win_rate_against.a.value"] == ""
    marked = cli("rank", "a.jsonl", "b.jsonl", "c.jsonl", "--format", "markdown", "--out", "ranked")
    assert "| model | cases |" in marked.out
    assert "| win rate in % against | 1 | 2 | 3 |" in marked.out
    rated = rows(cli("stats", "ranked", "--format", "csv").out)
    assert [row["model"] for row in rated] == ["a", "b", "c"]
    assert "| model | rating |" in cli("stats", "ranked", "--format", "markdown").out


def test_stats_and_listing(cli: Cli) -> None:
    run = cli("compare", "a.jsonl", "b.jsonl", "--json").json["run"]
    [row] = rows(cli("stats", run, "--format", "csv").out)
    assert row["a"] == "a"
    listed = rows(cli("runs", "list", "--format", "csv").out)
    assert len(listed) == 1
    assert listed[0]["cases"] == "4"
    marked = cli("runs", "list", "--format", "markdown").out.splitlines()
    assert marked[0].startswith("| run | started | judge | cases |")
    assert "run" not in cli("runs", "list").out.splitlines()[0].split("|")[1:]


def test_bench_and_audit(cli: Cli, here: Path) -> None:
    pair = {"prompt": "?", "response_a": "right", "response_b": "wrong", "reference": "right"}
    write_jsonl(here / "pairs.jsonl", [{**pair, "id": n, "label": "A"} for n in range(4)])
    found = rows(cli("bench", "pairs.jsonl", "--judge", "overlap", "--format", "csv").out)
    assert {row["set"] for row in found} == {"pairs"}
    [own] = [row for row in found if row["judge"] == "overlap"]
    assert float(own["accuracy.value"]) == 1.0
    marked = cli("bench", "pairs.jsonl", "--judge", "overlap", "--format", "markdown").out
    assert "| --- |" in marked
    audited = cli("audit", "a.jsonl", "b.jsonl", "--probes", "length", "--format", "csv")
    assert {row["probe"] for row in rows(audited.out)} == {"length"}


def test_two_forms_are_refused(cli: Cli) -> None:
    said = cli("runs", "list", "--json", "--format", "csv")
    assert said.error == "--json and --format csv are two forms; leave one out"


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("judgekit comp", "compare"),
        ("judgekit runs d", "diff"),
        ("judgekit compare a.jsonl --max-c", "--max-calls"),
        ("judgekit compare --judge pairrm --batch-t", "--batch-tokens"),
    ],
)
def test_shells_complete(words: str, found: str) -> None:
    asked = {"_JUDGEKIT_COMPLETE": "complete_bash", "COMP_WORDS": words}
    said = completion(asked | {"COMP_CWORD": str(len(words.split()) - 1)})
    assert found in said.split()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell(shell: str) -> None:
    said = completion({"_JUDGEKIT_COMPLETE": f"source_{shell}"})
    assert f"complete_{shell}" in said


def completion(asked: dict[str, str]) -> str:
    """What a shell gets in answer."""
    done = subprocess.run(
        [sys.executable, "-m", "judgekit"],
        env=os.environ | asked,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout
