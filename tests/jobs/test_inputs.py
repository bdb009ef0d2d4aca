"""Inputs are read once, for whatever judges them."""

from __future__ import annotations

from pathlib import Path

import pytest
from answers import write_answers, write_jsonl

from judgekit.config.settings import Settings
from judgekit.errors import InputError
from judgekit.extension.registry import Registry
from judgekit.jobs.bindings import JudgeFactory
from judgekit.jobs.inputs import read_input
from judgekit.jobs.prepare import job_for
from judgekit.types import RunKind


@pytest.fixture
def files(here: Path) -> list[Path]:
    return [
        write_answers(here / name, ["one", "two", "three"], reference="an answer")
        for name in ("a.jsonl", "b.jsonl")
    ]


def test_one_input_before_several_judges(files: list[Path]) -> None:
    inputs = read_input(files, Settings(limit=2))
    for file in files:
        file.unlink()  # nothing is read again
    registry = Registry.load()
    jobs = [
        job_for(inputs, JudgeFactory(registry, Settings(judge=name)))
        for name in ("overlap", "longer")
    ]
    assert [job.judge_name for job in jobs] == ["overlap", "longer"]
    assert [len(job.plan.cases) for job in jobs] == [2, 2]
    assert jobs[0].decides("")["inputs"] == jobs[1].decides("")["inputs"]


@pytest.mark.parametrize(
    ("count", "kind", "expected"),
    [(2, None, "compare"), (1, None, "score"), (2, "rank", "rank"), (2, "compare", "compare")],
)
def test_what_is_made_of_the_cases(
    files: list[Path], count: int, kind: RunKind | None, expected: RunKind
) -> None:
    assert read_input(files[:count], Settings(), kind).kind == expected


def test_files_that_do_not_hold_what_is_asked_for(files: list[Path], here: Path) -> None:
    with pytest.raises(InputError, match="holds single answers: name a second one to compare"):
        read_input(files[:1], Settings(), "compare")
    row = {"prompt": "?", "response_a": "x", "response_b": "y"}
    pairs = write_jsonl(here / "pairs.jsonl", [row])
    with pytest.raises(InputError, match="holds pairs; use `judgekit compare"):
        read_input([pairs], Settings(), "score")


def test_cases_made_of_others_are_another_input(files: list[Path]) -> None:
    inputs = read_input(files, Settings())
    made = inputs.derived(inputs.cases[:1], ["x"], "made so")
    assert (made.kind, made.models, made.files) == ("score", ("x",), inputs.files)
    assert made.digests == (*inputs.digests, "made so")
