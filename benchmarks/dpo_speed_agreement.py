"""How far loss and gradients differ from TRL's on one batch in fp32; JSON on the last line.

`dpo_speed.py` starts it:

    python benchmarks/dpo_speed_agreement.py '{"trainer": "trl", "model": …}'
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from dpo_speed_peers import make_trainer
from dpo_speed_task import BETA, Clock, Task

from judgekit.train.data.examples import Example
from judgekit.train.data.packing import pack
from judgekit.train.network.policy import Policy
from judgekit.train.objectives.losses import PreferenceLoss, preference_loss


def main() -> None:
    task = Task(**json.loads(sys.argv[1]))
    torch.set_num_threads(task.threads)
    with tempfile.TemporaryDirectory() as folder:
        peer = make_trainer(task, Clock(), Path(folder))
        perturb_adapter(peer.model)
        rows = [peer.train_dataset[i] for i in range(task.batch)]
        theirs = loss_of_trl(peer, rows)
        ours = loss_of_judgekit(peer.model, rows)
    loss, gradients = zip(theirs, ours, strict=True)
    result = {
        "loss_diff": abs(float(loss[0] - loss[1])),
        "grad_relerr": float((gradients[0] - gradients[1]).norm() / gradients[0].norm()),
    }
    print(json.dumps(result))


def perturb_adapter(model: Any) -> None:
    """Gives the adapter an effect: at its initial value half of the gradients are zero."""
    torch.manual_seed(1)
    for name, weight in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.02)


def trainable_weights(model: Any) -> list[Any]:
    return [weight for weight in model.parameters() if weight.requires_grad]


def join_gradients(gradients: Sequence[torch.Tensor]) -> torch.Tensor:
    return torch.cat([gradient.flatten().double() for gradient in gradients])


def loss_of_trl(peer: Any, rows: list[dict[str, Any]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Loss and gradients, joined into one vector, as TRL computes them."""
    loss = peer.compute_loss(peer.model, peer.data_collator(rows))
    gradients = torch.autograd.grad(loss, trainable_weights(peer.model))
    return loss.detach(), join_gradients(gradients)


def loss_of_judgekit(model: Any, rows: list[dict[str, Any]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Loss and gradients, joined into one vector, as `judgekit.train` computes them."""
    batch = pack([example(row) for row in rows])
    policy = Policy(model, path="shared")
    reference = policy.reference(batch).view(-1, 2)
    logps, lengths = policy(**batch).view(-1, 2), batch["lengths"].view(-1, 2)
    loss = preference_loss(logps, reference, lengths, PreferenceLoss("sigmoid", BETA)).mean()
    gradients = torch.autograd.grad(loss, trainable_weights(model))
    return loss.detach(), join_gradients(gradients)


def example(row: dict[str, Any]) -> Example:
    completions = (tuple(row["chosen_ids"]), tuple(row["rejected_ids"]))
    return Example(tuple(row["prompt_ids"]), completions)


if __name__ == "__main__":
    main()
