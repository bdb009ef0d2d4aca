from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from judgekit.config.settings import Settings
from judgekit.errors import InputError
from judgekit.jobs.prepare import prepare


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, {}),
        ({"engine_args": {"batch_tokens": 9}}, {"batch_tokens": 9}),
        (
            {"quant": "4bit", "dtype": "bfloat16", "device": "cpu", "adapter": "lora"},
            {"quant": "4bit", "dtype": "bfloat16", "device": "cpu", "adapter": "lora"},
        ),
        ({"quant": "4bit", "engine_args": {"window": 8}}, {"quant": "4bit", "window": 8}),
    ],
)
def test_what_an_engine_is_told(said: dict[str, Any], expected: dict[str, Any]) -> None:
    assert Settings.of(said).engine_options == expected


def test_the_same_thing_said_twice() -> None:
    settings = Settings(dtype="bfloat16", engine_args={"dtype": "float32"})
    with pytest.raises(InputError, match="dtype is given twice"):
        _ = settings.engine_options


def test_keys_are_no_settings_of_an_engine() -> None:
    with pytest.raises(InputError, match="looks like a key"):
        Settings(engine_args={"api_key": "x"})


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / "a.jsonl", tmp_path / "b.jsonl"]
    for path in paths:
        row = {"id": "1", "prompt": "q", "response": path.stem, "reference": "r"}
        path.write_text(json.dumps(row))
    return paths


def test_a_judge_without_an_engine_takes_none(files: list[Path]) -> None:
    with pytest.raises(InputError, match="'overlap' asks no engine that would take quant"):
        prepare(files, Settings(judge="overlap", quant="4bit"))


def test_what_goes_into_a_request_is_not_the_engines_own(files: list[Path]) -> None:
    job = prepare(
        files,
        Settings(
            judge="pairwise",
            model="openai/m",
            model_args={"top_k": 5},
            engine_args={"window": 8},
        ),
    )
    assert job.bound_engine is not None
    assert job.bound_engine.setup.options == {"window": 8}
    assert job.judge.asks_with.extra == (("top_k", 5),)
    with pytest.raises(InputError, match="the engine openai takes no window"):
        job.bound_engine.engine()
