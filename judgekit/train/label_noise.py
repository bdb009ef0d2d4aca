"""The share of mislabelled preference pairs, from how often their judge contradicts itself.

Each pair of answers is judged twice, in both orders. Assume that a trial is wrong with probability
ε, independently of the other. Two decisive trials then disagree when exactly one is wrong:

    q = P(disagree) = 2 ε (1 − ε)      so      ε = (1 − √(1 − 2q)) / 2

A pair is kept if both orders agree, rightly with probability (1 − ε)² and wrongly with ε²:

    P(wrong | agree) = ε² / (ε² + (1 − ε)²) = ε² / (1 − q)

A pair that was shown in one order only is wrong with ε.

Everything rests on that assumption: errors that do not depend on the order (a preference for long
answers, a fact that the judge does not know) never cause a disagreement. So both estimates are
lower bounds, and a judge without any inconsistency is not proved right. They are what label
smoothing stands for in conservative and robust DPO (Mitchell 2023; Chowdhury et al. 2024,
arXiv:2403.00409).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

from judgekit.errors import InputError

__all__ = ["LabelNoise", "label_noise"]


@dataclass(frozen=True, slots=True)
class LabelNoise:
    """The noise of a judge's labels; shares are from 0 to 1.

    Attributes:
        inconsistency: q, the share of decisive cases whose two orders disagree.
        trial: ε, the share of single trials that are wrong (and of pairs shown in one order).
        agreed: The share of wrong pairs among those on which both orders agree.
        cases: The number of cases that are decisive in both orders.
    """

    inconsistency: float
    trial: float
    agreed: float
    cases: int


def label_noise(agreeing: int, disagreeing: int) -> LabelNoise:
    """Estimates the label noise of a judge from how often its two orders agree.

    Args:
        agreeing: Cases in which both orders name the same winner.
        disagreeing: Cases in which they name different winners. Cases with a tie or without a
            verdict in an order count in neither.

    Returns:
        The noise, see the module for the formulas and the assumption behind them.

    Raises:
        InputError: There are no cases, or the orders disagree in half of them or more, which no
            ε explains.
    """
    cases = agreeing + disagreeing
    if not cases:
        raise InputError(
            "no case names a winner in both orders, so the judge's errors cannot be estimated; "
            "judge with --orders both, or give --label-smoothing a number"
        )
    if 2 * disagreeing >= cases:
        raise InputError(
            f"the judge is no better than chance: its two orders name different winners in "
            f"{disagreeing} of {cases} cases; take another judge before training on its pairs"
        )
    q = disagreeing / cases
    error = q / (1 + sqrt(1 - 2 * q))  # the same root, without the cancellation at small q
    return LabelNoise(q, error, error**2 / (1 - q), cases)
