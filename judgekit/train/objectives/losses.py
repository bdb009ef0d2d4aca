"""Losses on pairs, as pure functions of log-probabilities.

Column 0 is the chosen answer, column 1 the rejected one. ``s`` are the **scores** that a loss
compares, and ``d = s_0 - s_1``; ``y`` is an answer, ``|y|`` its tokens, π the policy, ρ the
reference::

    sigmoid, robust, hinge    s = log π(y) - log ρ(y)
    ipo                       s = (log π(y) - log ρ(y)) / |y|
    simpo                     s = log π(y) / |y|
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import get_args

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from judgekit.errors import InputError
from judgekit.naming import unknown
from judgekit.train.recipes.language_model import LossName

__all__ = ["PreferenceLoss", "accuracy", "preference_loss", "reward_loss", "rewards"]

PER_TOKEN = ("ipo", "simpo")
SMOOTHED = ("sigmoid", "robust", "simpo")


@dataclass(frozen=True)
class PreferenceLoss:
    """A loss on preference pairs, with its hyperparameters.

    - ``sigmoid``: DPO, Rafailov et al. 2023 (arXiv:2305.18290), eq. 7: ``-log σ(βd)``. With
      label smoothing ε it is conservative DPO (cDPO, Mitchell 2023):
      ``-(1-ε) log σ(βd) - ε log σ(-βd)``.
    - ``robust``: robust DPO, Chowdhury et al. 2024 (arXiv:2403.00409):
      ``(-(1-ε) log σ(βd) + ε log σ(-βd)) / (1-2ε)``; in expectation this is DPO's loss on clean
      labels where a share ε of the labels is flipped.
    - ``hinge``: SLiC, Zhao et al. 2023 (arXiv:2305.10425), on DPO's scores: ``max(0, 1 - βd)``.
    - ``ipo``: Azar et al. 2023 (arXiv:2310.12036), eq. 17: ``(d - 1/(2β))²``, on log-ratios
      averaged over tokens, as in TRL (the paper sums, so that an answer's length sets the scale).
    - ``simpo``: Meng et al. 2024 (arXiv:2405.14734), eq. 6: ``-log σ(βd - γ)``; with ε smoothed
      as DPO is.

    Attributes:
        name: Which loss.
        beta: β (τ of IPO), more than 0: how strongly the reference holds the policy.
        label_smoothing: ε, the share of pairs assumed to be labelled the wrong way round; from 0
            to less than one half.
        gamma: γ, SimPO's target margin in units of its rewards; at least 0.

    Raises:
        InputError: An unknown loss, a number outside its range, or label smoothing with a loss
            that has none.
    """

    name: LossName
    beta: float
    label_smoothing: float = 0.0
    gamma: float = 0.5

    def __post_init__(self) -> None:
        if self.name not in get_args(LossName):
            raise InputError(unknown("loss", str(self.name), get_args(LossName)))
        if not (isfinite(self.beta) and self.beta > 0):
            raise InputError(f"beta must be greater than 0, not {self.beta!r}; 0.1 is usual")
        if not 0 <= self.label_smoothing < 0.5:
            raise InputError(
                f"label_smoothing must be at least 0 and less than 0.5, not "
                f"{self.label_smoothing!r}: with one half the labels carry no information"
            )
        if self.label_smoothing and self.name not in SMOOTHED:
            raise InputError(
                f"the loss {self.name!r} has no label_smoothing; choose one of "
                f"{', '.join(SMOOTHED)}, or leave it out"
            )
        if not (isfinite(self.gamma) and self.gamma >= 0):
            raise InputError(f"gamma must be at least 0, not {self.gamma!r}; 0.5 is usual")


def preference_loss(
    policy: Tensor, reference: Tensor | None, lengths: Tensor, loss: PreferenceLoss
) -> Tensor:
    """The loss of each pair; see `PreferenceLoss` for the formulas.

    Args:
        policy: [n, 2], log-probabilities of chosen and rejected answers under the policy, summed
            over tokens, in nats.
        reference: [n, 2], the same under the reference model. Only simpo needs none and uses none.
        lengths: [n, 2], tokens of the answers.
        loss: Which loss.

    Returns:
        [n], with the gradient of `policy`.

    Raises:
        InputError: The reference is missing.
    """
    scores = loss_scores(policy, reference, lengths, loss)
    d = scores[:, 0] - scores[:, 1]
    if loss.name == "ipo":
        return (d - 1 / (2 * loss.beta)) ** 2
    if loss.name == "hinge":
        return torch.relu(1 - loss.beta * d)
    margin = loss.beta * d - (loss.gamma if loss.name == "simpo" else 0.0)
    right, wrong = -logsigmoid(margin), -logsigmoid(-margin)
    smoothing = loss.label_smoothing
    if loss.name == "robust":
        return ((1 - smoothing) * right - smoothing * wrong) / (1 - 2 * smoothing)
    return (1 - smoothing) * right + smoothing * wrong


def rewards(
    policy: Tensor, reference: Tensor | None, loss: PreferenceLoss, lengths: Tensor
) -> Tensor:
    """The implicit rewards of the policy: β times the scores that the loss compares.

    Args:
        policy: As in `preference_loss`.
        reference: As in `preference_loss`.
        loss: As in `preference_loss`.
        lengths: As in `preference_loss`.

    Returns:
        [n, 2], detached. Per token with ipo and simpo, else summed: the scales differ.
    """
    return loss.beta * loss_scores(policy, reference, lengths, loss).detach()


def accuracy(rewards: Tensor, same: float = 0.0) -> Tensor:
    """Whether the chosen answer has the higher reward.

    Args:
        rewards: [n, 2], of chosen and rejected answers.
        same: Differences up to this are ties.

    Returns:
        [n]: 1 for chosen, 0 for rejected, 0.5 for a tie. So an untrained adapter, which ties
        everywhere, scores one half.
    """
    lead = rewards[:, 0] - rewards[:, 1]
    return (1 + torch.sign(torch.where(lead.abs() <= same, 0.0, lead))) / 2


def reward_loss(
    scores: Tensor, *, margins: Tensor | None = None, probabilities: Tensor | None = None
) -> Tensor:
    """The loss of a reward model on each pair (Bradley and Terry 1952).

    ``-log σ(s_0 - s_1 - m)``; the margin m is that of Llama 2 (Touvron et al. 2023,
    arXiv:2307.09288, eq. 2). With probabilities p it is the cross entropy with them:
    ``-p log σ(d) - (1-p) log σ(-d)``.

    Args:
        scores: [n, 2], of chosen and rejected answers.
        margins: [n], the difference that each pair should at least have; None for 0.
        probabilities: [n], how likely the chosen answer is better, from 0 to 1; None for 1.

    Returns:
        [n], with the gradient of `scores`.

    Raises:
        InputError: Margins and probabilities at once, or a probability outside 0 to 1.
    """
    d = scores[:, 0] - scores[:, 1]
    if probabilities is None:
        return -logsigmoid(d if margins is None else d - margins)
    if margins is not None:
        raise InputError("a reward model learns margins or probabilities, not both; choose one")
    if not bool(((probabilities >= 0) & (probabilities <= 1)).all()):
        raise InputError(f"probabilities must be within 0 and 1, not {probabilities.tolist()!r}")
    return -probabilities * logsigmoid(d) - (1 - probabilities) * logsigmoid(-d)


def loss_scores(
    policy: Tensor, reference: Tensor | None, lengths: Tensor, loss: PreferenceLoss
) -> Tensor:
    """The scores s that a loss compares, [n, 2], see the module."""
    scores = policy
    if loss.name != "simpo":
        if reference is None:
            raise InputError(
                f"the loss {loss.name!r} needs the reference model's log-probabilities; only simpo "
                f"does not"
            )
        scores = policy - reference
    return scores / lengths if loss.name in PER_TOKEN else scores
