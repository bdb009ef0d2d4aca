"""Recorded commands are answered by the recorded reply store, and say what they said."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from commands import Cli
from golden import GOLDEN, assert_holds, command_names, keys_of, load, read_rows

COMMANDS = {command["name"]: command["words"] for command in load("calls.json")["commands"]}
RESULTS = load("results.json")
IDENTITY = ("id", "judgements")  # of judgements, which are named by the identity of their run


def without_identity(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{k: v for k, v in row.items() if k not in IDENTITY} for row in rows]


@pytest.mark.parametrize("name", command_names(judged=True))
def test_a_run_from_the_store(cli: Cli, recorded: Path, name: str) -> None:
    if name.startswith("overlap") and version("sacrebleu") != load("weights.json")["sacrebleu"]:
        pytest.skip("the store was recorded with another version of sacrebleu, part of its keys")
    before = keys_of(recorded / "store.db")
    # Where a reply is missing, the server is asked, and there is none.
    found = cli(*COMMANDS[name], "--store", "store.db", "--out", "out", "--json").json
    assert found["calls"] == 0
    assert found["calls_from_store"] > 0
    assert keys_of(recorded / "store.db") == before
    kept = GOLDEN / "recorded" / name
    for file in ("judgements", "outcomes"):
        rows = without_identity(read_rows(recorded / "out" / f"{file}.jsonl"))
        if kept.is_dir():
            assert_holds(rows, without_identity(read_rows(kept / f"{file}.jsonl")), file)
        else:
            assert_holds(rows, RESULTS[name][file], file)
    if kept.is_dir():
        assert (recorded / "out/cases.jsonl").read_bytes() == (kept / "cases.jsonl").read_bytes()
        summary = load(f"recorded/{name}/summary.json")
        del summary["sentence"]  # for people: its wording may change
        assert_holds(load(recorded / "out" / "summary.json"), summary, "summary")


@pytest.mark.parametrize("name", ["generate", "generate-system"])
def test_generated_answers_from_the_store(cli: Cli, recorded: Path, name: str) -> None:
    found = cli(*COMMANDS[name], "--store", "store.db", "--out", "out.jsonl", "--json").json
    assert found["calls"] == 0
    assert Path("out.jsonl").read_bytes() == (GOLDEN / f"recorded/{name}.jsonl").read_bytes()


@pytest.mark.parametrize("name", ["bench", "audit"])
def test_a_report_from_the_store(cli: Cli, recorded: Path, name: str) -> None:
    out = f"out/{name}"
    found = cli(*COMMANDS[name], "--store", "store.db", "--out", out, "--json").json
    report = load(f"recorded/{name}/{name}.json")
    for finding, now in zip(report.get("findings", ()), found.get("findings", ()), strict=True):
        # Texts for people: their wording may change.
        assert bool(now["reason"]) == bool(finding.pop("reason"))
        del finding["about"]
        for figure, metric in zip(finding["figures"], now["metrics"], strict=True):
            assert bool(metric["reason"]) == bool(figure.pop("reason"))
            del figure["sentence"]
    for judge in (judge for one in report.get("sets", ()) for judge in one["judges"]):
        assert (recorded / judge.pop("run")).parent.is_dir()  # named by the identity of the run
    assert_holds(load(recorded / out / f"{name}.json"), report)
    assert_holds(found, report)
    assert found.get("calls", 0) == 0
    assert keys_of(recorded / "store.db") == keys_of(GOLDEN / "store.db")
