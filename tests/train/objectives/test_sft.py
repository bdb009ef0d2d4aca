"""Imitation, from a file of answers to a folder."""

from __future__ import annotations

from math import log
from pathlib import Path

import pytest
from checkpoints_llama import write_llama
from toy import held_out, sft, write_pairs, write_rows

from judgekit.train import train_sft

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_llama(tmp_path_factory.mktemp("model"))


def test_learns_to_answer(model: Path, here: Path) -> None:
    data = write_rows(
        here / "answers.jsonl",
        [{"prompt": f"Question {i}", "response": "The capital is Canberra."} for i in range(20)],
    )
    recipe = sft(model, learning_rate=1e-2, steps=12, eval_every=6)
    tuned = train_sft(data, recipe, out=here / "out")
    before, middle, after = held_out(tuned.metrics)
    assert before["loss"] > middle["loss"] > after["loss"]
    assert after["kl"] > before["kl"] == 0.0
    assert after["loss"] < log(416)  # better than chance over the vocabulary
    assert tuned.facts["objective"] == "sft"


def test_of_pairs_the_chosen_answer_is_imitated(model: Path, here: Path) -> None:
    data = write_pairs(here / "pairs.jsonl", 6)
    tuned = train_sft(data, sft(model, steps=1, eval_share=0.4), out=here / "out")
    assert tuned.facts["data"]["counts"]["read"] == 6
    assert "accuracy" not in tuned.metrics[-1]
