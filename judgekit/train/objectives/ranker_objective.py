"""The loss and metrics of a ranker, over pairs that are each shown in both orders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import torch
from torch import Tensor

from judgekit.train.data.examples import Example
from judgekit.train.data.ranker_batches import RankerExample
from judgekit.train.interfaces.objective import ScoredBatch, Sums
from judgekit.train.network.ranker_network import entropy_loss, pairwise_loss

__all__ = ["RankerObjective"]

LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "pairwise": pairwise_loss,
    "bce": entropy_loss,
}


class RankerObjective:
    """The mean of a loss over pairs, and over both orders of each."""

    ends = True

    def __init__(self, loss: Literal["pairwise", "bce"]) -> None:
        self._loss = LOSSES[loss]

    def weight(self, examples: Sequence[Example]) -> int:
        """The number of pairs."""
        return len(examples)

    def loss(self, scored: ScoredBatch) -> tuple[Tensor, Sums]:
        """The loss summed over pairs; metrics: ``accuracy`` and ``margin`` of decided pairs.

        A pair's logit is half the difference of first − second (a mean over tasks) between the
        two orders: what the judge merges its two orders to. ``accuracy``: the share of logits with
        the right sign; 0 counts half. ``margin``: the logit towards the better answer.
        """
        better = torch.tensor(
            [e.better for e in scored.examples if isinstance(e, RankerExample)],
            device=scored.outputs.device,
        )
        shown = torch.stack([better, 1 - better], dim=1).flatten(0, 1)
        total = self._loss(scored.outputs, shown).sum() / 2
        lead = (scored.outputs[:, 0] - scored.outputs[:, 1]).detach().mean(-1)
        logits = (lead[::2] - lead[1::2]) / 2
        side = (2 * better.mean(-1) - 1).sign()
        right = logits * side
        count = int((side != 0).sum())
        accuracy = ((1 + right.sign()) / 2)[side != 0].sum()
        return total, {"accuracy": (accuracy, count), "margin": (right.sum(), count)}

    def measure(self, network: Any, scored: ScoredBatch) -> Sums:  # noqa: ARG002 (the protocol's)
        """No further metrics."""
        return {}
