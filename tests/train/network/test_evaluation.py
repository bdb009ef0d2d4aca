"""Measures of held-out rows, against what they are by definition."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from checkpoints_llama import write_adapter, write_llama
from toy import dpo

from judgekit.train.data.batches import ExampleRows
from judgekit.train.data.examples import Example
from judgekit.train.data.packing import pack
from judgekit.train.interfaces.distributed import ALONE
from judgekit.train.interfaces.objective import RunningSums, means
from judgekit.train.interfaces.schedule import TrainingPlan
from judgekit.train.network.evaluation import measure
from judgekit.train.network.lora import load_trainable
from judgekit.train.network.policy import Policy
from judgekit.train.objectives.dpo import PreferenceObjective
from judgekit.train.objectives.losses import PreferenceLoss

pytestmark = pytest.mark.usefixtures("one_thread")


EXAMPLES = [
    Example((5, 6, 7), ((8, 9), (10, 11, 12))),
    Example((5, 6), ((7, 8, 9), (10,))),
    Example((20, 21, 22, 23), ((24,), (25, 26))),
]


@pytest.mark.parametrize("batch_size", [1, 2, 8])
def test_measures_are_means_over_pairs_and_over_tokens(here: Path, batch_size: int) -> None:
    model = write_llama(here / "model")
    recipe = dpo(model, lora_dropout=0.5, batch_size=batch_size)
    policy = Policy(load_trainable(recipe).model, path="shared")
    with torch.no_grad():  # an adapter that has learnt something
        for name, weight in policy.named_parameters():
            if "lora_B" in name:
                weight.normal_(0, 0.1)
    inputs = pack(EXAMPLES)
    reference = policy.reference(inputs).view(-1, 2)
    kl = policy.divergence(inputs).view(-1, 2).sum(0)
    policy.eval()
    with torch.no_grad():
        logps = policy(**inputs).view(-1, 2)
    policy.train()
    rows = ExampleRows(EXAMPLES, ["a", "b", "c"], reference)
    plan = TrainingPlan(recipe, torch.device("cpu"), torch.float32, 1, ALONE)
    found = measure(policy, PreferenceObjective(PreferenceLoss("sigmoid", 0.1)), rows, plan)
    margins = 0.1 * ((logps - reference)[:, 0] - (logps - reference)[:, 1])
    assert found == pytest.approx(
        {
            "loss": -torch.nn.functional.logsigmoid(margins).mean().item(),
            "margin": margins.mean().item(),
            "accuracy": (margins > 0).float().mean().item(),
            "reward_chosen": 0.1 * (logps - reference)[:, 0].mean().item(),
            "reward_rejected": 0.1 * (logps - reference)[:, 1].mean().item(),
            "chosen_length": 2.0,
            "rejected_length": 2.0,
            "logp_chosen": logps[:, 0].sum().item() / 6,
            "logp_rejected": logps[:, 1].sum().item() / 6,
            "kl_chosen": kl[0].item() / 6,
            "kl_rejected": kl[1].item() / 6,
            "rows": 3,
        },
        abs=1e-5,
    )
    assert policy.training


def test_an_untrained_adapter_ties(here: Path) -> None:
    model = write_llama(here / "model")
    recipe = dpo(model, adapter=str(write_adapter(model, here / "adapter")), batch_size=8)
    policy = Policy(load_trainable(recipe).model, path="shared")
    reference = policy.reference(pack(EXAMPLES)).view(-1, 2)
    rows = ExampleRows(EXAMPLES, ["a", "b", "c"], reference)
    plan = TrainingPlan(recipe, torch.device("cpu"), torch.float32, 1, ALONE)
    found = measure(policy, PreferenceObjective(PreferenceLoss("sigmoid", 0.1)), rows, plan)
    assert found["accuracy"] == 0.5
    assert found["kl_chosen"] == found["kl_rejected"] == 0.0


def test_a_tally_adds_up_over_passes_and_processes() -> None:
    tally = RunningSums()
    tally.add({"a": (torch.tensor(3.0), 2), "b": (torch.tensor(1.0), 0)})
    tally.add({"a": (torch.tensor(5.0), 2)})
    first = tally.take()
    assert tally.take() == {}
    assert means([first, {"a": (2.0, 1)}, {}]) == {"a": 2.0}
