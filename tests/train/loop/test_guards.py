"""What stops a training, and what it says."""

from __future__ import annotations

from math import inf, nan
from pathlib import Path
from typing import Any

import pytest
import torch
from toy import dpo

from judgekit.errors import TrainingError
from judgekit.train.loop.guards import check_gradients, check_loss, explain_out_of_memory

RECIPE = dpo(Path("m"), learning_rate=0.5, max_grad_norm=2.0)


@pytest.mark.parametrize("loss", [nan, inf, -inf])
def test_a_loss_that_is_not_finite_stops_it(loss: float) -> None:
    places = [f"p.jsonl, line {i}" for i in (4, 9, 2, 7)]
    with pytest.raises(TrainingError) as caught:
        check_loss(loss, 12, places, RECIPE)
    told = str(caught.value)
    assert told.startswith(f"the loss of step 12 is {loss} at p.jsonl, line 4, p.jsonl, line 9, ")
    assert "line 7" not in told
    assert "lower --learning-rate (0.5) or --max-grad-norm (2)" in told
    assert "bfloat16" not in told


def test_of_half_precision_the_wider_is_named() -> None:
    with pytest.raises(TrainingError, match="use --dtype bfloat16 or float32"):
        check_loss(nan, 1, ["p"], dpo(Path("m"), dtype="float16"))


@pytest.mark.parametrize("gradients", [[torch.ones(3), torch.zeros(2, 2)], []])
def test_finite_numbers_pass(gradients: list[torch.Tensor]) -> None:
    before = [gradient.clone() for gradient in gradients]
    check_loss(1e30, 1, ["p"], RECIPE)
    check_gradients(gradients, 1, RECIPE)
    assert all(torch.equal(*pair) for pair in zip(gradients, before, strict=True))


@pytest.mark.parametrize("value", [nan, inf])
def test_gradients_that_are_not_finite_stop_it(value: float) -> None:
    with pytest.raises(TrainingError, match="the gradients of step 3 are not finite"):
        check_gradients([torch.ones(3), torch.tensor([0.0, value])], 3, RECIPE)


@pytest.mark.parametrize(
    ("given", "told", "silent"),
    [
        ({"batch_size": 4, "accumulate": 2}, "--batch-size 2 --accumulate 4", "--quant nf4"),
        ({"batch_size": 1}, "--checkpoint-activations", "--batch-size"),
        ({"quant": "none"}, "--quant nf4", "instead of the whole"),
        ({"quant": "none", "lora": False}, "an adapter instead of the whole model", "nf4"),
        ({"checkpoint_activations": True}, "--max-length", "--checkpoint-activations"),
    ],
)
def test_out_of_memory_says_what_to_lower(given: dict[str, Any], told: str, silent: str) -> None:
    recipe = dpo(Path("m"), **{"quant": "nf4", **given})
    with (
        pytest.raises(TrainingError, match="out of memory while training: try ") as caught,
        explain_out_of_memory(recipe, "training"),
    ):
        torch.empty(2**60, dtype=torch.uint8)  # more than any machine has
    assert told in str(caught.value)
    assert silent not in str(caught.value)


def test_other_errors_stay_what_they_are() -> None:
    with (
        pytest.raises(RuntimeError, match="size of tensor"),
        explain_out_of_memory(RECIPE, "training"),
    ):
        torch.ones(2) + torch.ones(3)
    with pytest.raises(KeyError), explain_out_of_memory(RECIPE, "training"):
        raise KeyError
