"""The loop: what a step's loss is a mean of, and that measuring leaves no trace."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from checkpoints_llama import write_llama
from toy import dpo, losses, sft, write_pairs

from judgekit.train import train_dpo, train_sft
from judgekit.train.interfaces.distributed import ALONE
from judgekit.train.interfaces.schedule import TrainingPlan
from judgekit.train.loop.trainer import arguments

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_llama(tmp_path_factory.mktemp("model"))


@pytest.mark.parametrize("trained", ["dpo", "sft"])
def test_how_a_step_is_split_into_passes_does_not_matter(
    model: Path, here: Path, trained: str
) -> None:
    """The answers differ in length: a mean of the passes' means would differ, too."""
    data = write_pairs(here / "pairs.jsonl")
    found = []
    for batch_size, accumulate in ((4, 1), (1, 4)):
        shape = {"batch_size": batch_size, "accumulate": accumulate, "steps": 3}
        out = here / f"{batch_size}"
        if trained == "dpo":
            tuned = train_dpo(data, dpo(model, **shape), out=out)
        else:
            tuned = train_sft(data, sft(model, **shape), out=out)
        found.append(tuned.metrics)
    assert losses(found[0]) == pytest.approx(losses(found[1]), abs=1e-5)
    for name in set(found[0][-1]) - {"seconds"}:
        assert found[0][-1][name] == pytest.approx(found[1][-1][name], abs=1e-3), name


@pytest.mark.parametrize(("quant", "optimizer"), [("none", "adamw"), ("nf4", "adamw_8bit")])
def test_measuring_leaves_no_trace(model: Path, here: Path, quant: str, optimizer: str) -> None:
    """With dropout; in 4 bits a pass in eval mode once spoilt the weights of some CPUs for good."""
    data, held = write_pairs(here / "pairs.jsonl"), write_pairs(here / "held.jsonl", 4)
    kept = {"quant": quant, "optimizer": optimizer, "lora_dropout": 0.2, "steps": 4}
    often = train_dpo(data, dpo(model, **kept, eval_data=held, eval_every=1), out=here / "often")
    never = train_dpo(data, dpo(model, **kept, eval_share=0.0), out=here / "never")
    assert not any(row.get("heldout") for row in never.metrics)
    assert sum(bool(row.get("heldout")) for row in often.metrics) == 5
    assert losses(often.metrics) == losses(never.metrics)
    norms = [
        [row["grad_norm"] for row in t.metrics if "loss" in row and "grad_norm" in row]
        for t in (often, never)
    ]
    assert norms[0] == norms[1]


def test_the_seed_decides(model: Path, here: Path) -> None:
    data = write_pairs(here / "pairs.jsonl")
    runs = [
        losses(
            train_dpo(
                data,
                dpo(model, seed=seed, lora_dropout=0.2, steps=3, eval_share=0.0),
                out=here / name,
            ).metrics
        )
        for name, seed in (("a", 1), ("b", 1), ("c", 2))
    ]
    assert runs[0] == runs[1] != runs[2]


def test_a_recipe_in_the_words_of_transformers(model: Path, here: Path) -> None:
    recipe = dpo(model, schedule="constant", warmup=0.25, optimizer="paged_adamw_8bit", seed=5)
    plan = TrainingPlan(recipe, torch.device("cpu"), torch.float32, 8, ALONE)
    found = arguments(plan, here / "checkpoints")
    assert found.optim == "adamw_bnb_8bit"  # there are no pages to move on a CPU
    assert found.lr_scheduler_type == "constant_with_warmup"
    assert found.warmup_steps == 2
    assert (found.max_steps, found.seed, found.learning_rate) == (8, 5, 3e-3)
    assert found.device == torch.device("cpu")


def test_steps_and_when_to_measure() -> None:
    recipe = dpo(Path("m"), eval_every=None, save_every=4)
    plan = TrainingPlan(recipe, torch.device("cpu"), torch.float32, 30, ALONE)
    assert [step for step in range(1, 31) if plan.measures(step)] == list(range(3, 31, 3))
    assert [step for step in range(1, 31) if plan.saves(step)] == [4, 8, 12, 16, 20, 24, 28, 30]
