"""Reward models in training: scores of packed rows against one row for each answer."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from checkpoints_families import FAMILIES, family
from one_by_one import EXAMPLES, gradients, relative
from torch import Tensor

from judgekit.errors import InputError
from judgekit.train.data.packing import pack
from judgekit.train.network.policy import Scorer, choose_path

PADDED = {"gemma2", "gpt-oss", "bloom"}
BATCH = pack(EXAMPLES, ends=True)
# transformers has no classifier of these
CLASSIFIERS = sorted(FAMILIES.keys() - {"granite"})


def one_by_one(model: Any) -> Tensor:
    """The model's own score of each prompt and completion, [S], without any padding."""
    rows = [[*e.prompt, *c] for e in EXAMPLES for c in e.completions]
    return torch.cat([model(input_ids=torch.tensor([row])).logits[0] for row in rows])


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_family(name: str) -> None:
    """The path it takes, the scores there, and the gradient of every weight."""
    model = family(name, score=True)
    path, why = choose_path(model, "auto", 64)
    assert path == ("padded" if name in PADDED else "shared"), why
    expected = one_by_one(model)
    wanted = gradients(model, expected)
    found = Scorer(model, path=path)(**BATCH)
    assert torch.allclose(found, expected, atol=1e-4)
    assert relative(gradients(model, found), wanted) < 1e-4


@pytest.mark.parametrize("path", ["shared", "padded"])
def test_an_answer_may_end_with_the_token_that_pads(path: Any) -> None:
    """As it does where the end of a turn is the padding, too."""
    model = family("llama", score=True, pad_token_id=None)
    expected = one_by_one(model)
    model.config.pad_token_id = EXAMPLES[0].completions[0][-1]
    found = Scorer(model, path=path)(**BATCH)
    assert torch.allclose(found, expected, atol=1e-5)


def test_bfloat16() -> None:
    model = family("llama", score=True).to(torch.bfloat16)
    assert choose_path(model, "auto", 64)[0] == "shared"
    found = Scorer(model, path="shared")(**BATCH)
    assert found.dtype == torch.float32
    assert torch.allclose(found, one_by_one(model).float(), atol=0.1)


def test_an_adapter_with_a_head_of_its_own() -> None:
    """peft trains a classifier's head whole, as a copy beside the frozen one."""
    import warnings

    import peft

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # peft's own use of transformers
        config = peft.LoraConfig(task_type="SEQ_CLS", r=4, target_modules=["q_proj", "v_proj"])
        model = peft.get_peft_model(family("llama", score=True), config)
    assert choose_path(model, "auto", 64)[0] == "shared"
    wanted = gradients(model, one_by_one(model))
    assert any("score" in name for name in wanted)
    found = Scorer(model, path="shared").train()(**BATCH)
    assert relative(gradients(model, found), wanted) < 1e-4


def test_an_encoder_takes_padded_rows() -> None:
    import transformers

    config = transformers.DebertaV2Config(
        vocab_size=97,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_labels=1,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        initializer_range=0.3,
        relative_attention=True,
        pos_att_type=["p2c", "c2p"],
    )
    model = transformers.DebertaV2ForSequenceClassification(config).eval()
    path, why = choose_path(model, "auto", 64)
    assert (path, "no head over each token" in why) == ("padded", True)
    assert torch.allclose(Scorer(model, path=path)(**BATCH), one_by_one(model), atol=1e-4)
    with pytest.raises(InputError, match="no head over each token"):
        choose_path(model, "shared", 64)
