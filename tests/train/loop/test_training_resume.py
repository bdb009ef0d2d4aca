"""Killed at any moment and resumed: the same losses, to every digit."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from checkpoints_llama import write_llama
from places import TESTS
from toy import dpo, losses, write_pairs

from judgekit.errors import InputError
from judgekit.train import train_dpo
from judgekit.train.interfaces.events import (
    Event,
    ReferenceProgress,
    StepFinished,
    TrainingStarted,
    WeightsSaved,
)

pytestmark = pytest.mark.usefixtures("one_thread")


SETTINGS: dict[str, Any] = {"lora_dropout": 0.2, "steps": 6, "save_every": 2, "eval_every": 2}
KILLED = """
import os, signal, sys
import torch
from toy import dpo
from judgekit.train import train_dpo
from judgekit.train.interfaces.events import StepFinished

torch.set_num_threads(1)
model, settings, kill = sys.argv[1], eval(sys.argv[2]), int(sys.argv[3])

def die(event):
    if isinstance(event, StepFinished) and event.step == kill:
        os.kill(os.getpid(), signal.SIGKILL)

train_dpo("pairs.jsonl", dpo(model, **settings), out="out", on_event=die)
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_llama(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def killed(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with pairs.jsonl and a training that was killed after its fifth step."""
    here = tmp_path_factory.mktemp("killed")
    write_pairs(here / "pairs.jsonl")
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, str(model), repr(SETTINGS), "5"],
        cwd=here,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS / "train")])},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    return here


@pytest.fixture(scope="module")
def whole(model: Path, killed: Path) -> list[dict[str, Any]]:
    """The rows of the same training without interruption."""
    recipe = dpo(model, **SETTINGS)
    return train_dpo(killed / "pairs.jsonl", recipe, out=killed / "whole").metrics


@pytest.fixture
def left(killed: Path, here: Path) -> Path:
    """What was left of the killed one, for each test to go on with."""
    return Path(shutil.copytree(killed, here / "left"))


def untimed(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: v for name, v in row.items() if name != "seconds"} for row in rows]


def test_resumed_after_kill_9(model: Path, left: Path, whole: list[dict[str, Any]]) -> None:
    written = (left / "out" / "metrics.jsonl").read_text().splitlines()
    assert json.loads(written[-1])["step"] == 5  # after the checkpoint: to be cut back
    heard: list[Event] = []
    tuned = train_dpo(
        left / "pairs.jsonl",
        dpo(model, **SETTINGS),
        out=left / "out",
        start="resume",
        on_event=heard.append,
    )
    assert untimed(tuned.metrics) == untimed(whole)
    lines = (left / "out" / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == tuned.metrics
    assert isinstance(heard[0], TrainingStarted)
    assert heard[0].step == 4
    assert [event.step for event in heard if isinstance(event, StepFinished)] == [5, 6]


def test_a_half_written_checkpoint_is_passed_over(
    model: Path, left: Path, whole: list[dict[str, Any]]
) -> None:
    newest = left / "out" / "checkpoints" / "checkpoint-4"
    (newest / "optimizer.pt").write_bytes(b"half")
    heard: list[Event] = []
    tuned = train_dpo(
        left / "pairs.jsonl",
        dpo(model, **SETTINGS),
        out=left / "out",
        start="resume",
        on_event=heard.append,
    )
    assert next(event.step for event in heard if isinstance(event, StepFinished)) == 3
    assert losses(tuned.metrics) == losses(whole)


class Stopped(Exception):
    """Thrown by whoever watches."""


@pytest.mark.parametrize(
    ("kind", "at"),
    [
        ({"quant": "nf4", "optimizer": "adamw_8bit", "lora_r": 32}, 2),  # large enough for 8 bits
        ({"lora": False, "learning_rate": 1e-4}, 2),
        ({}, 4),  # the last step is done, the model not saved
    ],
)
def test_other_kinds_of_training_resume_as_well(
    model: Path, here: Path, kind: dict[str, Any], at: int
) -> None:
    data = write_pairs(here / "pairs.jsonl")
    recipe = dpo(model, **{**SETTINGS, "steps": 4, **kind})

    def stop(event: Event) -> None:
        if event == WeightsSaved(here / "out" / "checkpoints" / f"checkpoint-{at}"):
            raise Stopped

    whole = train_dpo(data, recipe, out=here / "whole")
    with pytest.raises(Stopped):
        train_dpo(data, recipe, out=here / "out", on_event=stop)
    tuned = train_dpo(data, recipe, out=here / "out", start="resume")
    assert untimed(tuned.metrics) == untimed(whole.metrics)


def test_a_resumed_run_asks_the_reference_nothing(
    model: Path, left: Path, monkeypatch: pytest.MonkeyPatch, killed: Path
) -> None:
    monkeypatch.chdir(killed)  # where the first run kept them
    heard: list[Event] = []
    train_dpo(
        left / "pairs.jsonl",
        dpo(model, **SETTINGS),
        out=left / "out",
        start="resume",
        on_event=heard.append,
    )
    assert not any(isinstance(event, ReferenceProgress) for event in heard)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"learning_rate": 1e-5}, "learning_rate was 0.003 and is 1e-05"),
        ({"loss": "ipo", "beta": 0.2}, "beta was None and is 0.2"),
        ({"steps": 9}, "steps was 6 and is 9"),
    ],
)
def test_another_recipe_is_not_resumed(
    model: Path, left: Path, changed: dict[str, Any], told: str
) -> None:
    with pytest.raises(InputError) as caught:
        train_dpo(
            left / "pairs.jsonl",
            dpo(model, **{**SETTINGS, **changed}),
            out=left / "out",
            start="resume",
        )
    assert told in str(caught.value)
    assert "--force" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_other_data_are_not_resumed(model: Path, left: Path) -> None:
    write_pairs(left / "pairs.jsonl", 25)
    with pytest.raises(InputError, match="the data are different"):
        train_dpo(left / "pairs.jsonl", dpo(model, **SETTINGS), out=left / "out", start="resume")


def test_what_does_not_change_the_training_may_change(
    model: Path, left: Path, whole: list[dict[str, Any]]
) -> None:
    recipe = dpo(model, **{**SETTINGS, "keep_checkpoints": 1, "eval_every": 3, "save_every": 5})
    tuned = train_dpo(left / "pairs.jsonl", recipe, out=left / "out", start="resume")
    assert losses(tuned.metrics) == losses(whole)


def test_a_finished_training_is_resumed_at_once(model: Path, killed: Path) -> None:
    recipe = dpo(model, **SETTINGS)
    heard: list[Event] = []
    data, out = killed / "pairs.jsonl", killed / "done"
    first = train_dpo(data, recipe, out=out)
    again = train_dpo(data, recipe, out=out, start="resume", on_event=heard.append)
    assert again.metrics == first.metrics
    assert again.facts == first.facts
    assert heard == [WeightsSaved(out, final=True)]


def test_a_folder_with_a_training_needs_a_word(model: Path, left: Path) -> None:
    recipe = dpo(model, **{**SETTINGS, "steps": 1})
    with pytest.raises(InputError, match="--resume continues it, --force starts again"):
        train_dpo(left / "pairs.jsonl", recipe, out=left / "out")
    with pytest.raises(InputError, match="no start 'again'; there are: new, restart, resume"):
        train_dpo(left / "pairs.jsonl", recipe, out=left / "out", start="again")  # type: ignore[arg-type]
    tuned = train_dpo(left / "pairs.jsonl", recipe, out=left / "out", start="restart")
    assert len(losses(tuned.metrics)) == 1
    assert [p.name for p in (left / "out" / "checkpoints").iterdir()] == ["checkpoint-1"]


def test_killed_before_its_first_word_a_folder_is_free(model: Path, left: Path) -> None:
    (left / "new").mkdir()
    (left / "new" / "training.json.partial").write_text('{"objec')
    recipe = dpo(model, **{**SETTINGS, "steps": 1})
    assert losses(train_dpo(left / "pairs.jsonl", recipe, out=left / "new").metrics)


def test_a_folder_of_something_else_is_left_alone(model: Path, left: Path) -> None:
    (left / "mine").mkdir()
    (left / "mine" / "thesis.tex").write_text("years of work")
    for start in ("new", "restart"):
        with pytest.raises(InputError, match="holds something other than a training"):
            train_dpo(left / "pairs.jsonl", dpo(model, **SETTINGS), out=left / "mine", start=start)
    assert (left / "mine" / "thesis.tex").read_text() == "years of work"
