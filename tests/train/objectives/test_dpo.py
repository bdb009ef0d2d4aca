"""Preference optimisation from a file to a folder, on tiny models."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from checkpoints_llama import write_llama
from toy import dpo, held_out, losses, write_pairs, write_rows

from judgekit.errors import InputError, TrainingError
from judgekit.train import train_dpo
from judgekit.train.interfaces.events import (
    Event,
    HeldOutMeasured,
    ModelLoaded,
    ReferenceProgress,
    StepFinished,
    TrainingStarted,
    WeightsSaved,
)
from judgekit.train.loop.resuming import find_resume_point

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_llama(tmp_path_factory.mktemp("model"))


@pytest.fixture
def pairs(here: Path) -> Path:
    return write_pairs(here / "pairs.jsonl")


@pytest.mark.parametrize(
    ("quant", "optimizer", "loss"),
    [
        ("none", "adamw", "sigmoid"),
        ("nf4", "adamw_8bit", "sigmoid"),
        ("none", "adamw", "simpo"),
    ],
)
def test_learns_what_is_preferred(
    model: Path, pairs: Path, here: Path, quant: str, optimizer: str, loss: str
) -> None:
    recipe = dpo(model, quant=quant, optimizer=optimizer, loss=loss)
    tuned = train_dpo(pairs, recipe, out=here / "out")
    before, *_, after = held_out(tuned.metrics)
    assert after["step"] == 6
    assert after["loss"] < before["loss"]
    assert after["margin"] > before["margin"]
    assert after["accuracy"] == 1.0
    assert after["kl_chosen"] > before["kl_chosen"] == 0.0
    assert (
        after["logp_chosen"] - after["logp_rejected"]
        > before["logp_chosen"] - (before["logp_rejected"])
    )
    if loss != "simpo":
        assert before["accuracy"] == 0.5  # nothing learnt: ties
        assert before["margin"] == 0.0


def test_a_model_that_is_trained_whole(model: Path, pairs: Path, here: Path) -> None:
    tuned = train_dpo(pairs, dpo(model, lora=False, learning_rate=1e-4), out=here / "out")
    before, *_, after = held_out(tuned.metrics)
    assert after["loss"] < before["loss"]
    assert "kl_chosen" not in after
    assert (here / "out" / "model.safetensors").is_file()


def test_what_the_folder_holds(model: Path, pairs: Path, here: Path) -> None:
    heard: list[Event] = []
    tuned = train_dpo(pairs, dpo(model, steps=4), out=here / "out", on_event=heard.append)
    out = here / "out"
    rows = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    assert rows == tuned.metrics
    assert [r["step"] for r in rows if not r.get("heldout")] == [1, 2, 3, 4]
    assert [r["step"] for r in held_out(rows)] == [0, 3, 4]
    facts = json.loads((out / "train.json").read_text())
    assert facts["objective"] == "dpo"
    assert facts["recipe"]["learning_rate"] == 3e-3
    assert facts["final"] == held_out(rows)[-1]
    assert facts["data"]["counts"]["train"] + facts["data"]["counts"]["held_out"] == 24
    assert (out / "curve.svg").read_text().startswith("<svg")
    assert sorted(p.name for p in (out / "checkpoints").iterdir()) == [
        "checkpoint-2",
        "checkpoint-4",
    ]
    assert json.loads((out / "adapter_config.json").read_text())["r"] == 4
    kinds = [type(event) for event in heard]
    assert kinds[:3] == [TrainingStarted, ModelLoaded, ReferenceProgress]
    assert kinds.count(StepFinished) == 4
    assert kinds.count(HeldOutMeasured) == 3
    saved = [event for event in heard if isinstance(event, WeightsSaved)]
    assert [event.final for event in saved] == [False, False, True]
    assert saved[-1].folder == out


def test_run_ids_of_the_pairs_are_kept(model: Path, here: Path) -> None:
    rows = [json.loads(line) for line in write_pairs(here / "p.jsonl").read_text().splitlines()]
    data = write_rows(
        here / "p.jsonl", [{**row, "run": f"run-{i % 2}"} for i, row in enumerate(rows)]
    )
    tuned = train_dpo(data, dpo(model, steps=1), out=here / "out")
    assert tuned.facts["data"]["runs"] == ["run-0", "run-1"]


def test_numbers_that_run_away_stop_it(model: Path, pairs: Path, here: Path) -> None:
    recipe = dpo(model, learning_rate=1e30, schedule="constant", save_every=1)
    with pytest.raises(TrainingError) as caught:
        train_dpo(pairs, recipe, out=here / "out")
    told = str(caught.value)
    assert "step 2" in told
    assert "pairs.jsonl, line" in told
    assert "lower --learning-rate (1e+30)" in told
    assert "\n" not in told
    assert find_resume_point(here / "out" / "checkpoints").step == 1
    assert not (here / "out" / "train.json").exists()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"batch_size": 0}, "batch_size must be at least 1"),
        ({"steps": 0}, "steps must be at least 1"),
        ({"learning_rate": 0.0}, "learning_rate must be more than 0"),
        ({"warmup": 1.5}, "warmup must be at least 0 and at most 1, not 1.5"),
        ({"eval_share": 1.0}, "eval_share must be from 0 to below 1"),
        ({"max_prompt_length": 128}, "--max-prompt-length"),
        ({"beta": -1.0}, "beta"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_written(
    model: Path, pairs: Path, here: Path, given: dict[str, object], told: str
) -> None:
    with pytest.raises(InputError, match=told):
        train_dpo(pairs, dpo(model, **given), out=here / "out")
    assert not (here / "out").exists()


def test_both_paths_learn_the_same(model: Path, pairs: Path, here: Path) -> None:
    shared, padded = (
        train_dpo(pairs, dpo(model, path=path, steps=3), out=here / path)
        for path in ("shared", "padded")
    )
    assert losses(shared.metrics) == pytest.approx(losses(padded.metrics), abs=1e-4)


def test_real_preferences(model: Path, here: Path, shared: Path) -> None:
    recipe = dpo(model, steps=2, limit=16, eval_share=0.25, max_length=256, max_prompt_length=128)
    tuned = train_dpo(shared / "data" / "dpo" / "train.jsonl", recipe, out=here / "out")
    before, after = held_out(tuned.metrics)
    assert tuned.facts["data"]["counts"] == {"read": 16, "train": 12, "held_out": 4} | {
        name: number
        for name, number in tuned.facts["data"]["counts"].items()
        if name in ("prompts_cut", "answers_cut")
    }
    assert before["loss"] == pytest.approx(0.6931, abs=1e-3)
    assert after["kl_chosen"] > 0
