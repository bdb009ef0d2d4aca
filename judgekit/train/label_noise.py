"""How many preference pairs are the wrong way round, from how often their judge contradicts itself.

Each pair of answers is shown twice, in both orders. Say that a showing is wrong with probability
ε, independently of the other. Two decisive showings then disagree when exactly one is wrong:

    q = P(disagree) = 2 ε (1 − ε)      so      ε = (1 − √(1 − 2q)) / 2

A pair is kept because both orders agree, which they do rightly with (1 − ε)² and wrongly with ε²:

    P(wrong | agree) = ε² / (ε² + (1 − ε)²) = ε² / (1 − q)

A pair that was shown in one order only is wrong with ε.

The assumption carries all of it: errors that do not depend on the order (a taste for long answers,
a fact that the judge does not know) never show as a disagreement. So both figures are lower bounds
of the noise, and a judge without any inconsistency is not proved right. They are what label
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
    """Probabilities, 0 to 1: that a judge's orders disagree, and what follows from it.

    `inconsistency` is q, `showing` is ε (also the share of wrong pairs of one order), `agreed` the
    share of wrong pairs among those on which both orders agree. `cases`: decisive in both orders.
    """

    inconsistency: float
    showing: float
    agreed: float
    cases: int


def label_noise(agreeing: int, disagreeing: int) -> LabelNoise:
    """The noise of a judge whose two orders agreed on a winner, or named different ones, so often.

    Cases with a tie or no verdict in an order count in neither. Raises `InputError` where there
    are no cases, or the orders disagree in half of them or more: no ε explains that.
    """
    cases = agreeing + disagreeing
    if not cases:
        raise InputError(
            "no case names a winner in both orders, so the judge's errors cannot be estimated; "
            "judge with --orders both, or give --label-smoothing a number"
        )
    if 2 * disagreeing >= cases:
        raise InputError(
            f"the judge is a coin: its two orders name different winners in {disagreeing} of "
            f"{cases} cases; take another judge before training on its pairs"
        )
    q = disagreeing / cases
    error = q / (1 + sqrt(1 - 2 * q))  # the same root, without the cancellation at small q
    return LabelNoise(q, error, error**2 / (1 - q), cases)
