"""Greedy answers from a model in training: they disturb nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from checkpoints_llama import write_llama
from transformers import AutoModelForCausalLM, AutoTokenizer

from judgekit.train.network.samples import sample_answers


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_llama(tmp_path_factory.mktemp("llama"))


def test_the_likeliest_tokens_one_by_one(folder: Path) -> None:
    model = AutoModelForCausalLM.from_pretrained(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    prompt = tokenizer("The capital of Australia is")["input_ids"]
    ids = list(prompt)
    with torch.no_grad():
        for _ in range(12):
            ids.append(int(model(torch.tensor([ids])).logits[0, -1].argmax()))
            if ids[-1] == tokenizer.eos_token_id:
                break
    [found] = sample_answers(model, tokenizer, [prompt], longest=12)
    assert found == tokenizer.decode(ids[len(prompt) :], skip_special_tokens=True)


def test_mode_and_random_numbers_stay(folder: Path) -> None:
    model = AutoModelForCausalLM.from_pretrained(folder).train()
    # What a published model's own settings look like; greedy answers have no use of them.
    model.generation_config.temperature, model.generation_config.do_sample = 0.6, True
    tokenizer = AutoTokenizer.from_pretrained(folder)
    before = torch.get_rng_state()
    first, second = sample_answers(model, tokenizer, [[5, 6, 7], [5, 6, 7]], longest=5)
    assert first == second
    assert model.training
    assert torch.equal(before, torch.get_rng_state())
    assert sample_answers(model, tokenizer, []) == []
