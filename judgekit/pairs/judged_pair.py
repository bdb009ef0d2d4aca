"""Two answers with the verdict on them: what a preference pair is made of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import fsum

from judgekit.types import Case, Judgement, Outcome, Pair, Status

__all__ = ["JudgedPair", "mean_probability"]


@dataclass(frozen=True, slots=True)
class JudgedPair:
    """A case of two responses with its outcome.

    `judgements` are the ids of the judgements behind the outcome. `probability`, in 0 to 1, is the
    judge's that response 0 is the better one; None where the judge gave none.
    """

    case: Case
    outcome: Outcome
    judgements: tuple[str, ...] = ()
    probability: float | None = None


def mean_probability(judgements: Iterable[Judgement], responses: Pair = (0, 1)) -> float | None:
    """The mean probability that the first of two responses is the better one.

    Args:
        judgements: Of a case; those that showed other responses are left out.
        responses: The indices of the two responses in the case.

    Returns:
        The mean over valid judgements in both orders; None unless each has a probability.
    """
    values: list[float] = []
    for judgement in judgements:
        order, verdict = judgement.trial.order, judgement.verdict
        if verdict.status is not Status.VALID or set(order) != set(responses):
            continue
        if verdict.probability is None:
            return None
        in_order = order[0] == responses[0]
        values.append(verdict.probability if in_order else 1 - verdict.probability)
    return fsum(values) / len(values) if values else None
