"""No measure of an aligned judge uses the labels that it has learned from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from aligned_judges import labelled_pairs
from answers import read_jsonl, write_jsonl
from commands import Cli
from servers import JudgeServer

from judgekit.io.prompt_digest import prompt_digest
from judgekit.judging.templates import builtin_dir
from judgekit.judging.templates.aligned import Aligned
from judgekit.trust.alignment.prompt_text import with_aligned
from judgekit.types import Case, Message

PROMPTS = 30


@pytest.fixture
def labels(here: Path) -> Path:
    return labelled_pairs(here / "labels.jsonl", PROMPTS)


def digests(labels: Path) -> list[str]:
    return [
        prompt_digest(Case("c", (Message("user", row["prompt"]),), ()))
        for row in read_jsonl(labels)
    ]


def aligned_judge(labels: Path, train: int, pick: int) -> None:
    """judge.md, which has learned from the first prompts of the labels."""
    names = digests(labels)
    aligned = Aligned(
        tuple(names[:train]), tuple(names[train : train + pick]), tuple(names[train + pick :])
    )
    text = (builtin_dir() / "pairwise.md").read_text(encoding="utf-8")
    Path("judge.md").write_text(with_aligned(text, aligned), encoding="utf-8")


def judged(server: JudgeServer, *more: str) -> list[str]:
    return ["--judge", *(more or ["./judge.md"]), "--model", "openai/x", "--base-url",
            server.base_url]  # fmt: skip


@pytest.mark.parametrize(
    "judge",
    [["./judge.md"], ["pairwise", "--prompt", "judge.md"]],
)
def test_bench_leaves_them_out_for_all_judges_and_counts_them(
    cli: Cli, server: JudgeServer, labels: Path, judge: list[str]
) -> None:
    aligned_judge(labels, 8, 5)
    said = cli("bench", "labels.jsonl", *judged(server, *judge), "--json").json["sets"][0]
    assert said["left_out"] == {"used to align the judge": 13}
    assert said["cases"] == PROMPTS - 13
    assert {one["accuracy"] is not None and one["cases"] for one in said["judges"]} == {17}


def test_bench_refuses_if_fewer_than_ten_remain(
    cli: Cli, server: JudgeServer, labels: Path
) -> None:
    aligned_judge(labels, 15, 6)
    error = cli("bench", "labels.jsonl", *judged(server)).error
    assert "aligned with 21 of its 30 labelled prompts, and 9 others say too little" in error
    assert server.requests == []
    aligned_judge(labels, 15, 5)
    assert cli("bench", "labels.jsonl", *judged(server), "--json").json["sets"][0]["cases"] == 10


def test_bench_of_a_judge_that_never_learned_is_as_it_was(
    cli: Cli, server: JudgeServer, labels: Path
) -> None:
    write_jsonl(labels, read_jsonl(labels)[:6])
    said = cli("bench", "labels.jsonl", *judged(server, "pairwise"), "--json").json["sets"][0]
    assert (said["cases"], said["left_out"]) == (6, {})


def compared(cli: Cli, server: JudgeServer, labels: Path) -> Any:
    rows = [{**row, "label": None} for row in read_jsonl(labels)]
    write_jsonl(labels.with_name("pairs.jsonl"), rows)
    return cli("compare", "pairs.jsonl", *judged(server), "--out", "run", "--json").json


def test_stats_leaves_them_out_and_counts_them(cli: Cli, server: JudgeServer, labels: Path) -> None:
    aligned_judge(labels, 8, 5)
    compared(cli, server, labels)
    said = cli("stats", "run", "--labels", labels, "--json").json["labelled"]
    assert said["learned"] == 13
    assert said["agreement"]["cases"] == 17
    assert "used to align the judge  13" in cli("stats", "run", "--labels", labels).out


def test_stats_refuses_if_fewer_than_ten_remain(
    cli: Cli, server: JudgeServer, labels: Path
) -> None:
    aligned_judge(labels, 15, 6)
    compared(cli, server, labels)
    assert "9 others say too little" in cli("stats", "run", "--labels", labels).error
    assert cli("stats", "run").code == 0


def test_a_jury_has_learned_what_its_jurors_have(
    cli: Cli, server: JudgeServer, labels: Path
) -> None:
    aligned_judge(labels, 8, 5)
    rows = [{**row, "label": None} for row in read_jsonl(labels)]
    write_jsonl(labels.with_name("pairs.jsonl"), rows)
    words = judged(server, "./judge.md,pairwise")
    assert cli("compare", "pairs.jsonl", *words, "--out", "run").code == 0
    assert cli("stats", "run", "--labels", labels, "--json").json["labelled"]["learned"] == 13


def test_audit_against_a_run_leaves_them_out_and_counts_them(
    cli: Cli, server: JudgeServer, labels: Path
) -> None:
    aligned_judge(labels, 8, 5)
    compared(cli, server, labels)
    words = ["audit", "pairs.jsonl", *judged(server, "pairwise"), "--probes", "agreement"]
    said = cli(*words, "--against", "run", "--out", "audited", "--json").json
    assert said["cases"] == 17
    assert said["left_out"] == {"used to align the judge": 13}
    alone = cli(*words[:2], *judged(server, "pairwise"), "--probes", "position", "--json").json
    assert alone["cases"] == PROMPTS
    assert "left_out" not in alone
    aligned_judge(labels, 15, 6)
    refused = cli(
        "audit", "pairs.jsonl", *judged(server), "--probes", "agreement", "--against", "run"
    )
    assert "9 others say too little" in refused.error
