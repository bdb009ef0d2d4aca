"""From logits to tokens, and to the probabilities of labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log

import torch

__all__ = ["label_logprobs", "sample"]


def sample(
    logits: torch.Tensor,
    *,
    temperatures: Sequence[float],
    top_p: Sequence[float],
    numbers: Sequence[float],
) -> list[int]:
    """Samples one token per row by nucleus sampling (Holtzman et al. 2020, arXiv:1904.09751).

    Args:
        logits: (rows, vocabulary).
        temperatures: Each row's temperature, more than 0.
        top_p: Each row's probability mass: only the fewest most likely tokens whose probabilities
            add up to it can be sampled.
        numbers: Each row's random number in [0, 1), which decides the token.

    Returns:
        One token id per row.
    """
    at = logits.device
    chances, order = torch.softmax(logits / column(temperatures, at), -1).sort(
        dim=-1, descending=True
    )
    sums = chances.cumsum(-1)
    in_nucleus = sums - chances < column(top_p, at)
    last = (in_nucleus.sum(-1, keepdim=True) - 1).clamp(min=0)
    place = torch.searchsorted(sums, column(numbers, at) * sums.gather(1, last), right=True)
    tokens: list[int] = order.gather(1, torch.minimum(place, last)).squeeze(1).tolist()
    return tokens


def column(values: Sequence[float], device: torch.device) -> torch.Tensor:
    """One value per row, (rows, 1)."""
    return torch.tensor(values, device=device).unsqueeze(1)


def label_logprobs(labels: Mapping[int, str], logits: torch.Tensor) -> dict[str, float]:
    """Each label's log-probability (natural, over the whole vocabulary).

    Args:
        labels: Labels by token id; the probabilities of a label's tokens are added.
        logits: One row's logits, (vocabulary,).
    """
    chances = torch.softmax(logits, dim=-1)
    sums: dict[str, float] = {}
    for token, label in labels.items():
        sums[label] = sums.get(label, 0.0) + float(chances[token])
    return {label: log(chance) for label, chance in sums.items() if chance > 0}
