"""Recorded run folders are read by every command that reads runs."""

from __future__ import annotations

import shutil
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
    summary = load(folder / "summary.json")
    assert run.sentence == summary.pop("sentence")
    assert_holds(run.summary.to_dict(), summary)
    assert_holds(run.metadata.to_dict(), load(folder / "run.json"))
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


def test_an_older_run_is_known_but_not_replaced(cli: Cli, recorded: Path) -> None:
    """Identities are made otherwise since: a run of an older version stays as it is, and all that
    decides it is what it was, but for how it is written down."""
    words = next(c["words"] for c in load("calls.json")["commands"] if c["name"] == "pairwise")
    older = recorded / "recorded/pairwise"
    refused = cli(*words, "--store", "store.db", "--out", str(older))
    assert refused.code == 2
    assert "holds a run of an older version of judgekit" in refused.err
    assert load(older / "run.json") == load("recorded/pairwise/run.json")
    said = cli(*words, "--store", "store.db", "--out", "out")
    assert said.code == 0, said.err
    new, old = load(recorded / "out/run.json")["decides"], load(older / "run.json")["decides"]
    other = {"rules", "options", "sampling", "until", "games"}
    assert {name: value for name, value in new.items() if name not in other} == {
        name: value for name, value in old.items() if name not in other
    }
    assert (new["rules"], new["options"]) == (2, {"logprobs": False})


def test_the_first_run_after_an_older_one_says_that_it_may_read_otherwise(
    cli: Cli, recorded: Path
) -> None:
    words = next(c["words"] for c in load("calls.json")["commands"] if c["name"] == "pairwise")
    metadata = load(recorded / "recorded/pairwise/run.json")
    name = "-".join(["-vs-".join(metadata["decides"]["models"]), "pairwise", "0123abcd"])
    older = Path("runs") / name
    shutil.copytree(recorded / "recorded/pairwise", older)
    said = cli(*words, "--store", "store.db")
    line = next(line for line in said.err.splitlines() if "verdicts may be read otherwise" in line)
    assert f"judgekit runs diff {older} runs/" in line
    assert line.endswith("--why`")
    assert "otherwise" not in cli(*words, "--store", "store.db").err
