"""Recorded run folders are read by every command that reads runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from commands import Cli
from golden import GOLDEN, assert_holds, load, read_rows

import judgekit

RUNS = ("pairwise", "additive", "rank", "jury")


@pytest.mark.parametrize("row", load("reads.json"), ids=lambda row: " ".join(row["words"]))
def test_commands_that_read_runs(cli: Cli, recorded: Path, row: dict[str, Any]) -> None:
    said = cli(*row["words"], "--json")
    assert said.code == row["code"], said.err
    found = type(said)(0, said.out, said.err).json
    assert_holds(found, row["found"])
    for name, rows in row["files"].items():
        assert_holds(read_rows(recorded / name), rows, name)


@pytest.mark.parametrize("name", RUNS)
def test_a_run_as_python_reads_it(recorded: Path, name: str) -> None:
    run = judgekit.load_run(recorded / "recorded" / name)
    folder = GOLDEN / "recorded" / name
    assert run.summary == load(folder / "summary.json")
    assert run.facts == load(folder / "run.json")
    cases = read_rows(folder / "cases.jsonl")
    assert [case.id for case in run.cases()] == [row["id"] for row in cases]
    for case, row in zip(run.cases(), cases, strict=True):
        assert [message.content for message in case.prompt] == [
            message["content"] for message in row["prompt"]
        ]
        assert [[r.model, r.text] for r in case.responses] == [
            [r["model"], r["text"]] for r in row["responses"]
        ]
    judgements = read_rows(folder / "judgements.jsonl")
    assert list(run.judgements["id"]) == [row["id"] for row in judgements]
    assert list(run.outcomes["case"]) == [
        row["case"] for row in read_rows(folder / "outcomes.jsonl")
    ]


def test_the_same_command_knows_its_run_again(cli: Cli, recorded: Path) -> None:
    """Its identity is as it was: it may write into the folder that an earlier version wrote."""
    words = next(c["words"] for c in load("calls.json")["commands"] if c["name"] == "pairwise")
    said = cli(*words, "--store", "store.db", "--out", "out")
    assert said.code == 0, said.err
    new, old = load(recorded / "out/run.json"), load("recorded/pairwise/run.json")
    assert new["decides"] == old["decides"]
    assert new["identity"] == old["identity"]
