"""PairRM as it is trained: the judge's own forward pass, with gradients, and its two losses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, softplus

from judgekit.models.deberta import Deberta, Precision, Size
from judgekit.train.data.ranker_batches import PairRMSequences, in_both_orders

__all__ = ["RankerNetwork", "entropy_loss", "pairwise_loss"]


class RankerNetwork(nn.Module):
    """An encoder and a head whose weights bear the names that published PairRMs have.

    `prefixes` are the ids of the tokens before a first and a second answer.

    The encoder is transformers' DebertaV2Model, for its weights alone: it is computed by
    `judgekit.models.deberta`, as in the judge, without padding. Dropout is the head's; the
    encoder has none. `precision`: what is computed in; the weights themselves stay as they are.
    """

    def __init__(
        self,
        encoder: nn.Module,
        size: Size,
        tasks: int,
        prefixes: tuple[int, int],
        *,
        dropout: float = 0.0,
        precision: Precision = "float32",
        recompute: bool = False,
    ) -> None:
        super().__init__()
        self.size, self.tasks, self.prefixes = size, tasks, prefixes
        self.precision: Precision = precision
        self.recompute = recompute
        self.pretrained_model = encoder
        self.head_layer = nn.Sequential(
            nn.Dropout(dropout),
            nn.Linear(2 * size.hidden, size.hidden),
            nn.Tanh(),
            nn.Dropout(dropout),
            nn.Linear(size.hidden, tasks),
        )

    @property
    def model(self) -> RankerNetwork:
        """What is saved: all of it."""
        return self

    @property
    def config(self) -> Any:
        """The encoder's."""
        return self.pretrained_model.config

    def forward(self, input_ids: Tensor, spans: Sequence[Sequence[int]], **_: Any) -> Tensor:
        """A batch of n examples as `layout.pack` gives it with `ends` → (2 n, 2, tasks): each
        pair's two scores as it stands, then with its answers swapped."""
        rows = in_both_orders(input_ids[0], spans, self.prefixes)
        states = self.states(rows)
        prompt = states[:, :1].expand(-1, 2, -1)
        scores: Tensor = self.head_layer(torch.cat([prompt, states[:, 1:]], dim=-1))
        return scores

    def states(self, rows: PairRMSequences) -> Tensor:
        """What the encoder says at the prefixes of each sequence: (n, 3, hidden)."""
        # Made anew each time: it holds what follows from the weights, and they move.
        weights = dict(self.pretrained_model.named_parameters())
        encoder = Deberta(self.size, weights.__getitem__, self.precision, rows.ids.device)
        recompute = self.recompute and self.training
        return encoder.states(rows.ids, rows.lengths, rows.places, recompute=recompute)


def pairwise_loss(scores: Tensor, better: Tensor) -> Tensor:
    """−log σ((l − r) · sign(q_l − q_r)), the mean over tasks, for each pair [n].

    As upstream trained PairRM; equal answers count log 2 and move nothing. `scores`: (n, 2, tasks)
    of the first answer l and the second r; `better`: (n, tasks), 1, 0 or one half.
    """
    lead = scores[:, 0] - scores[:, 1]
    return softplus(-lead * (2 * better - 1).sign()).mean(-1)


def entropy_loss(scores: Tensor, better: Tensor) -> Tensor:
    """Each answer's binary cross entropy by each quality, the mean over answers and tasks [n].

    The paper's (section 3.2): the better answer's score is to say 1, the other's 0. Of equals it
    calls the one that is shown first the better; shown in both orders that is one half, as here.
    """
    wanted = torch.stack([better, 1 - better], dim=1)
    return binary_cross_entropy_with_logits(scores, wanted, reduction="none").mean((1, 2))
