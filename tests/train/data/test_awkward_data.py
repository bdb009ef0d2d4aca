"""Data that training meets in the wild: read leniently, counted, and refused in one line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from checkpoints_llama import write_llama

from judgekit.errors import InputError, TrainingError
from judgekit.train import DPO, train_dpo

ROWS = [
    {"prompt": f"Question {i}?", "chosen": f"The answer {i}.", "rejected": f"No idea, {i}."}
    for i in range(6)
]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_llama(tmp_path_factory.mktemp("llama"))


def recipe(model: Path, **more: Any) -> DPO:
    plain = {"quant": "none", "steps": 1, "batch_size": 2, "accumulate": 1, "samples": 0}
    return DPO(**{"model": str(model), "optimizer": "adamw", "eval_share": 0.0, **plain, **more})


def lines(rows: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


@pytest.mark.parametrize(
    "text",
    ["\ufeff" + lines(ROWS), json.dumps(ROWS, indent=1), lines(ROWS) + "{torn"],
    ids=["byte order mark", "an array", "torn after the limit"],
)
def test_files_are_read_as_elsewhere(model: Path, tmp_path: Path, text: str) -> None:
    data = tmp_path / "pairs.jsonl"
    data.write_text(text, encoding="utf-8")
    found = train_dpo(data, recipe(model, limit=3), out=tmp_path / "out")
    assert found.facts["data"]["counts"]["train"] == 3


def test_only_runs_of_rows_that_were_used_are_named(model: Path, tmp_path: Path) -> None:
    data = tmp_path / "pairs.jsonl"
    rows = [row | {"run": name} for row, name in zip(ROWS, "aabbcc", strict=True)]
    data.write_text(lines(rows), encoding="utf-8")
    found = train_dpo(data, recipe(model, limit=3), out=tmp_path / "out")
    assert found.facts["data"]["runs"] == ["a", "b"]


def test_a_training_that_ran_away_does_not_end_well(model: Path, tmp_path: Path) -> None:
    data = tmp_path / "pairs.jsonl"
    data.write_text(lines(ROWS), encoding="utf-8")
    wild = recipe(model, learning_rate=1e30, eval_share=0.3)
    with pytest.raises(TrainingError, match="held-out rows: lower --learning-rate"):
        train_dpo(data, wild, out=tmp_path / "out")
    assert not (tmp_path / "out/train.json").exists()


def test_held_out_rows_that_cannot_be_used(model: Path, tmp_path: Path) -> None:
    data, beside = tmp_path / "pairs.jsonl", tmp_path / "beside.jsonl"
    data.write_text(lines(ROWS), encoding="utf-8")
    same = {"prompt": "Q?", "chosen": "word " * 50 + "a", "rejected": "word " * 50 + "b"}
    beside.write_text(lines([same]), encoding="utf-8")
    short = recipe(model, eval_data=beside, max_length=40, max_prompt_length=20)
    with pytest.raises(InputError, match=r"beside\.jsonl, held out: none of 1 rows"):
        train_dpo(data, short, out=tmp_path / "out")
