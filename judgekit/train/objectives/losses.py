"""Losses on pairs, as pure functions of log-probabilities.

Column 0 is the chosen answer, column 1 the rejected one. Below, ``s`` are the **scores** that a
loss compares and ``d = s_0 - s_1``; ``y`` is an answer, ``|y|`` its tokens, π the policy, ρ the
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
    """Which loss, with its numbers. Raises `InputError` for numbers that make no sense.

    `beta` (IPO's τ) is how strongly the reference holds, `label_smoothing` (ε) the share of pairs
    taken to be the wrong way round, `gamma` the margin that SimPO asks of its rewards.

    - ``sigmoid``: DPO, Rafailov et al. 2023, eq. 7: ``-log σ(βd)``. With ε it is conservative DPO
      (Mitchell 2023): ``-(1-ε) log σ(βd) - ε log σ(-βd)``.
    - ``robust``: Chowdhury et al. 2024: ``(-(1-ε) log σ(βd) + ε log σ(-βd)) / (1-2ε)``,
      which is DPO's loss in expectation where a share ε of the labels is flipped.
    - ``hinge``: SLiC, Zhao et al. 2023, on DPO's scores: ``max(0, 1 - βd)``.
    - ``ipo``: Azar et al. 2023, eq. 17: ``(d - 1/(2β))²``, on log-ratios averaged over tokens, as
      TRL has it (the paper writes sums, which would let an answer's length set the scale).
    - ``simpo``: Meng et al. 2024, eq. 6: ``-log σ(βd - γ)``; with ε smoothed as DPO is.
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
                f"{self.label_smoothing!r}: at one half the labels say nothing"
            )
        if self.label_smoothing and self.name not in SMOOTHED:
            raise InputError(
                f"the loss {self.name!r} has no label_smoothing; choose one of "
                f"{', '.join(SMOOTHED)}, or leave it out"
            )
        if not (isfinite(self.gamma) and self.gamma >= 0):
            raise InputError(f"gamma must be at least 0, not {self.gamma!r}; 0.5 is usual")


def preference_loss(
    policy: Tensor, reference: Tensor | None, lengths: Tensor, how: PreferenceLoss
) -> Tensor:
    """The loss of each pair, [n]; all arguments are [n, 2].

    `policy` and `reference` are summed log-probabilities of the answers, `lengths` their tokens.
    Only simpo goes without a reference, and uses none. Raises `InputError` where it is missing.
    """
    scores = loss_scores(policy, reference, lengths, how)
    d = scores[:, 0] - scores[:, 1]
    if how.name == "ipo":
        return (d - 1 / (2 * how.beta)) ** 2
    if how.name == "hinge":
        return torch.relu(1 - how.beta * d)
    margin = how.beta * d - (how.gamma if how.name == "simpo" else 0.0)
    right, wrong = -logsigmoid(margin), -logsigmoid(-margin)
    smoothing = how.label_smoothing
    if how.name == "robust":
        return ((1 - smoothing) * right - smoothing * wrong) / (1 - 2 * smoothing)
    return (1 - smoothing) * right + smoothing * wrong


def rewards(
    policy: Tensor, reference: Tensor | None, how: PreferenceLoss, lengths: Tensor
) -> Tensor:
    """The rewards that the policy implies, β times the scores the loss compares: [n, 2], detached.

    All arguments as in `preference_loss`. Rewards per token (ipo, simpo) and summed ones are on
    different scales.
    """
    return how.beta * loss_scores(policy, reference, lengths, how).detach()


def accuracy(rewards: Tensor, same: float = 0.0) -> Tensor:
    """1 where the chosen answer has the higher reward, 0 where the rejected one, 0.5 on a tie.

    [n, 2] → [n]. An untrained adapter ties everywhere: one half, not nought. A difference
    no larger than `same` is a tie as well.
    """
    lead = rewards[:, 0] - rewards[:, 1]
    return (1 + torch.sign(torch.where(lead.abs() <= same, 0.0, lead))) / 2


def reward_loss(
    scores: Tensor, *, margins: Tensor | None = None, probabilities: Tensor | None = None
) -> Tensor:
    """The loss of a reward model's scores for each pair (Bradley and Terry 1952): [n, 2] → [n].

    ``-log σ(s_0 - s_1 - m)``, where the margin ``m`` [n] asks for a difference (Touvron et al.
    2023, eq. 2). Where `probabilities` [n] say how likely the first is the better one, the cross
    entropy with them: ``-p log σ(d) - (1-p) log σ(-d)``. Raises `InputError` for both at once and
    for probabilities outside 0 to 1.
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
    policy: Tensor, reference: Tensor | None, lengths: Tensor, how: PreferenceLoss
) -> Tensor:
    """The scores that a loss compares, [n, 2]: see the module."""
    scores = policy
    if how.name != "simpo":
        if reference is None:
            raise InputError(
                f"the loss {how.name!r} needs the reference's log-probabilities; only simpo goes "
                f"without"
            )
        scores = policy - reference
    return scores / lengths if how.name in PER_TOKEN else scores
