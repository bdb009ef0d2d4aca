"""PairRM in training: the judge's forward pass with gradients, and its two losses."""

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
    """An encoder and a head, with the weight names of published PairRMs.

    Args:
        encoder: transformers' DebertaV2Model, used for its weights alone:
            `judgekit.models.deberta` computes it without padding, as in the judge.
        size: The encoder's size.
        tasks: Outputs of the head.
        prefixes: Ids of the tokens before a first and a second answer.
        dropout: Dropout in the head; the encoder has none.
        precision: The compute dtype; the weights keep theirs.
        recompute: Whether to recompute activations in the backward pass.
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
        """The model to save: the whole network."""
        return self

    @property
    def config(self) -> Any:
        """The encoder's config."""
        return self.pretrained_model.config

    def forward(self, input_ids: Tensor, spans: Sequence[Sequence[int]], **_: Any) -> Tensor:
        """The scores of a batch of n pairs that `packing.pack` made with `ends`.

        Returns:
            (2 n, 2, tasks): the scores of both answers of each pair as given, then swapped.
        """
        rows = in_both_orders(input_ids[0], spans, self.prefixes)
        states = self.states(rows)
        prompt = states[:, :1].expand(-1, 2, -1)
        scores: Tensor = self.head_layer(torch.cat([prompt, states[:, 1:]], dim=-1))
        return scores

    def states(self, rows: PairRMSequences) -> Tensor:
        """The encoder's states at the prefixes of each sequence: (n, 3, hidden)."""
        # Made each time: it holds values derived from the weights, which change.
        weights = dict(self.pretrained_model.named_parameters())
        encoder = Deberta(self.size, weights.__getitem__, self.precision, rows.ids.device)
        recompute = self.recompute and self.training
        return encoder.states(rows.ids, rows.lengths, rows.places, recompute=recompute)


def pairwise_loss(scores: Tensor, better: Tensor) -> Tensor:
    """PairRM's loss as upstream trained it: −log σ((l − r) · sign(q_l − q_r)).

    Equal answers add log 2 and have no gradient. Source: llm-blender's training code.

    Args:
        scores: (n, 2, tasks), of the first answer l and the second r.
        better: (n, tasks), 1 where the first answer is better, 0 where the second is, else 0.5.

    Returns:
        [n], the mean over tasks.
    """
    lead = scores[:, 0] - scores[:, 1]
    return softplus(-lead * (2 * better - 1).sign()).mean(-1)


def entropy_loss(scores: Tensor, better: Tensor) -> Tensor:
    """The loss of the PairRM paper (Jiang et al. 2023, arXiv:2306.02561, section 3.2).

    The binary cross entropy of each answer: the better one's label is 1, the other's 0. Of equal
    answers the paper calls the first one better; over both orders that is 0.5, as here.

    Args:
        scores: As in `pairwise_loss`.
        better: As in `pairwise_loss`.

    Returns:
        [n], the mean over answers and tasks.
    """
    labels = torch.stack([better, 1 - better], dim=1)
    return binary_cross_entropy_with_logits(scores, labels, reduction="none").mean((1, 2))
