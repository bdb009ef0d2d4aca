"""A recorded training that was stopped goes on, and a trained folder is read."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from checkpoints import write_pairrm
from checkpoints_reward import write_reward
from commands import Cli
from golden import GOLDEN, keys_of, load, read_rows

from judgekit.models.loading import Checkpoint
from judgekit.models.pairrm import PairRM

pytestmark = pytest.mark.usefixtures("one_thread")

WEIGHTS = load("weights.json")
COMMAND = [
    *("train", "dpo", "pairs.jsonl", "--model", "base", "--quant", "none", "--optimizer", "adamw"),
    *("--lora-r", "2", "--learning-rate", "3e-2", "--warmup", "0", "--steps", "4"),
    *("--batch-size", "2", "--accumulate", "1", "--eval-share", "0.2", "--max-length", "96"),
    *("--max-prompt-length", "64", "--eval-every", "2", "--save-every", "2", "--samples", "0"),
    *("--device", "cpu", "--dtype", "float32"),
]


@pytest.fixture
def training(here: Path) -> Path:
    """A folder with the recorded model, data, stopped training and kept reference."""
    shutil.copytree(GOLDEN / "training", here, dirs_exist_ok=True)
    (here / ".judgekit").mkdir()
    (here / "reference.db").rename(here / ".judgekit/reference.db")
    return here


def untimed(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: v for name, v in row.items() if name != "seconds"} for row in rows]


def references(store: Path) -> list[bytes]:
    with closing(sqlite3.connect(store)) as connection:
        return [key for (key,) in connection.execute("SELECT key FROM logps ORDER BY key")]


def test_a_stopped_training_goes_on(cli: Cli, training: Path) -> None:
    kept = references(training / ".judgekit/reference.db")
    said = cli(*COMMAND, "--out", "stopped", "--resume")
    assert said.code == 0, said.err
    assert "continuing after step 2" in said.err
    assert "step 1 of 4" not in said.err
    assert references(training / ".judgekit/reference.db") == kept
    found = untimed(read_rows(training / "stopped/metrics.jsonl"))
    whole = untimed(read_rows(GOLDEN / "training/tuned/metrics.jsonl"))
    assert [row["step"] for row in found] == [row["step"] for row in whole]
    for one, other in zip(found, whole, strict=True):
        assert one.keys() >= other.keys()
        assert {name: one[name] for name in other} == pytest.approx(other, rel=1e-3, abs=1e-4)


def test_a_finished_training_is_known_as_finished(cli: Cli, training: Path) -> None:
    before = (training / "tuned/train.json").read_bytes()
    said = cli(*COMMAND, "--out", "tuned", "--resume")
    assert said.code == 0, said.err
    assert "step" not in said.err
    assert (training / "tuned/train.json").read_bytes() == before


def test_a_trained_adapter_is_merged(cli: Cli, training: Path) -> None:
    (training / "tuned").joinpath("tokenizer.json").write_bytes(
        (training / "base/tokenizer.json").read_bytes()
    )
    found = cli("merge", "tuned", "--out", "merged", "--device", "cpu", "--json").json
    assert json.loads(json.dumps(found))["out"] == "merged"
    assert (training / "merged/model.safetensors").is_file()


def test_a_local_models_fingerprint_and_keys(cli: Cli, training: Path) -> None:
    shutil.copytree(GOLDEN / "inputs", training / "inputs")
    row = WEIGHTS["transformers"]
    found = cli(*row["words"], "--store", "fresh.db", "--out", "out", "--json").json
    assert found["statuses"] == row["statuses"]
    assert load(training / "out/run.json")["decides"]["engine"] == row["engine"]
    assert keys_of(training / "fresh.db") == row["keys"]


@pytest.mark.parametrize("judge", ["reward", "pairrm"])
def test_keys_of_judges_with_weights(
    cli: Cli, here: Path, monkeypatch: pytest.MonkeyPatch, judge: str
) -> None:
    # Weights made here may differ between machines; their digest is given instead.
    monkeypatch.setattr(Checkpoint, "fingerprint", "the digest of a reward model's folder")
    monkeypatch.setattr(PairRM, "fingerprint", "the digest of a PairRM's folder")
    shutil.copytree(GOLDEN / "inputs", here / "inputs")
    write_reward(here / "weights") if judge == "reward" else write_pairrm(here / "weights")
    row = WEIGHTS[judge]
    said = cli(*row["words"], "--store", "fresh.db", "--out", "out")
    assert said.code == 0, said.err
    assert keys_of(here / "fresh.db") == row["keys"]
