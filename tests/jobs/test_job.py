"""What a run is known by, and what is settled before it begins."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from answers import read_jsonl, write_answers

import judgekit
from judgekit import runs
from judgekit.config.settings import Settings
from judgekit.errors import InputError
from judgekit.extension.registry import Registry
from judgekit.harness.tally import Tally
from judgekit.jobs.job import Job
from judgekit.jobs.prepare import prepare, prepare_all

JUDGE = """
from judgekit import hookimpl
from judgekit.judging import BatchJudge
from judgekit.types import Choice, Verdict

class Mine(BatchJudge):
    arity = frozenset({2})
    identity = ("mine",)
    made = []

    def __init__(self, setup):
        super().__init__(setup)
        self.made.append(self)

    def judge_batch(self, trials):
        return [Verdict.chose(Choice.FIRST) for _ in trials]

@hookimpl
def judgekit_judges():
    return {"mine": Mine}
"""
SLOW = """
import asyncio, os, signal
from judgekit import hookimpl

class Slow:
    fingerprint, window, stored = "slow", 1, True

    async def answer(self, calls):
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.sleep(60)

    async def aclose(self):
        open("closed", "w").close()

@hookimpl
def judgekit_engines():
    return {"slow": lambda setup: Slow()}
"""


@pytest.fixture(autouse=True)
def _files(here: Path) -> None:
    for name in ("a.jsonl", "b.jsonl", "c.jsonl"):
        write_answers(here / name, [f"answer of {name}", "the other"], reference="an answer")


def prepared(**settings: Any) -> Job:
    return prepare([Path("a.jsonl"), Path("b.jsonl")], Settings.of(settings))


def identity(**settings: Any) -> str:
    return prepared(**settings).identity("engine")


def test_another_judge_under_the_same_name_is_another_run(here: Path) -> None:
    file = here / "mine.py"
    file.write_text(JUDGE)
    settings: dict[str, Any] = {"judge": "mine", "plugins": "mine.py"}
    before = identity(**settings)
    assert identity(**settings) == before
    # Within a second and of the same length: no cached compilation may stand in for it.
    file.write_text(JUDGE.replace("Choice.FIRST", "Choice.TIE  "))
    job = prepared(**settings)
    assert job.identity("engine") != before
    folder = asyncio.run(job.run(Tally()))
    assert {row["choice"] for row in read_jsonl(folder / "judgements.jsonl")} == {"tie"}
    assert not (here / "__pycache__").exists()
    file.write_text(JUDGE)
    assert identity(**settings) == before
    (here / "elsewhere.py").write_text(JUDGE)
    assert identity(**settings | {"plugins": "elsewhere.py"}) == before


def test_the_code_behind_a_judge() -> None:
    registry = Registry.load()
    assert registry.code_of(registry.judge("pairwise")) == "judgekit"
    decides = prepared(judge="overlap").decides("")
    assert (decides["judge_code"], decides["prompt_digest"]) == ("judgekit", "")
    asking = prepared(judge="pairwise", model="openai/m").decides("e")
    assert len(asking["prompt_digest"]) == 32
    other = prepared(judge="pairwise", model="openai/m", prompt="reference-pair").decides("e")
    assert other["prompt_digest"] != asking["prompt_digest"]


def test_a_run_names_the_bytes_that_were_judged(here: Path) -> None:
    job = prepared()
    before = job.identity("")
    write_answers(
        here / "a.jsonl", ["changed while the judge was at it", "y"], reference="an answer"
    )
    assert job.identity("") == before
    folder = asyncio.run(job.run(Tally()))
    assert runs.read_json(folder / "run.json")["identity"] == before
    assert read_jsonl(folder / "cases.jsonl")[0]["responses"][0]["text"] == "answer of a.jsonl"
    assert prepared().identity("") != before


def test_a_pipe_is_refused(here: Path) -> None:
    os.mkfifo(here / "pipe")
    with pytest.raises(InputError, match="write it to a file first"):
        prepare([Path("pipe"), Path("b.jsonl")], Settings())


@pytest.mark.parametrize(
    ("settings", "tells"),
    [
        ({"seed": 10**20}, "seed cannot be written down .*64-bit"),
        ({"model_args": {"n": 10**20}}, "model_args cannot be written down"),
        ({"model_args": {"n": object()}}, "model_args cannot be written down"),
        ({"out": os.fsdecode(b"caf\xe9")}, r"out cannot be written down .*'caf\\udce9'"),
    ],
)
def test_what_could_not_be_recorded_is_refused_before_anything_is_paid(
    settings: dict[str, Any], tells: str
) -> None:
    with pytest.raises(InputError, match=tells) as raised:
        prepared(judge="pairwise", model="openai/m", **settings)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("limit", ["max_calls", "max_cost"])
def test_a_judge_that_makes_no_calls_takes_no_limit_of_them(limit: str) -> None:
    flag = "--" + limit.replace("_", "-")
    with pytest.raises(InputError, match=f"'overlap' makes no calls that {flag}"):
        prepared(judge="overlap", **{limit: 5})


def test_one_judge_serves_all_comparisons_of_a_command(here: Path) -> None:
    (here / "mine.py").write_text(JUDGE)
    groups = [[Path("a.jsonl"), Path(name)] for name in ("b.jsonl", "c.jsonl")]
    jobs = prepare_all(groups, Settings(judge="mine", plugins=(Path("mine.py"),)))
    assert jobs[0].judge is jobs[1].judge
    assert len(type(jobs[0].judge).made) == 1  # type: ignore[attr-defined]
    assert [job.inputs.models for job in jobs] == [("a", "b"), ("a", "c")]


def test_folders_of_several_comparisons_are_never_the_same(here: Path) -> None:
    for name in ("m1", "m2", "m3"):
        (here / name).mkdir()
        write_answers(here / name / "x.jsonl", [name], reference="y")
    groups = [[Path(name, "x.jsonl")] for name in ("m1", "m2", "m3")]
    jobs = prepare_all(groups, Settings(out=Path("all")))
    assert [job.settings.out for job in jobs] == [
        Path("all/x"),
        Path("all/x-2"),
        Path("all/x-3"),
    ]
    assert [job.settings.out for job in prepare_all(groups, Settings())] == [None] * 3
    assert prepare(groups[0], Settings(out=Path("all"))).settings.out == Path("all")


def test_the_interval_to_expect_counts_prompts(here: Path) -> None:
    job = prepared()
    one_chat = [replace(case, cluster="one") for case in job.plan.cases]
    turns = replace(job, plan=replace(job.plan, cases=one_chat))
    assert turns.estimate().half_width == 0.5
    assert job.estimate().half_width != 0.5


def test_an_interrupt_in_a_notebook_stops_the_run(here: Path) -> None:
    """There a loop runs already, and Ctrl-C reaches its thread only, not the run's."""
    (here / "slow.py").write_text(SLOW)

    async def cell() -> None:
        judgekit.compare(
            "a.jsonl", "b.jsonl", judge="pairwise", model="slow/m", plugins=["slow.py"]
        )

    usual = signal.signal(signal.SIGINT, signal.default_int_handler)
    loop = asyncio.new_event_loop()
    try:
        with pytest.raises(KeyboardInterrupt):
            loop.run_until_complete(cell())
    finally:
        loop.close()
        signal.signal(signal.SIGINT, usual)
    assert (here / "closed").exists()
    assert "judgekit-run" not in {thread.name for thread in threading.enumerate()}
    assert list((here / "runs").iterdir()) == []
