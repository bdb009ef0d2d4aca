"""What a run would ask and cost, and the interval to expect, before anything is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from judgekit import stats
from judgekit.config.prices import Price
from judgekit.harness.limits import USUAL_REPLY, expected_tokens
from judgekit.harness.plan import Plan
from judgekit.judging import BatchJudge, Judge, PromptJudge
from judgekit.types import Case, RunKind, Trial

__all__ = ["Estimate", "estimate", "half_width"]

SAMPLE = 200  # cases whose prompts are rendered to estimate how long prompts are
OF_CASE = 16  # trials of each: with many models a case has hundreds


@dataclass(frozen=True)
class Estimate:
    """What a run would ask and cost.

    `calls` is an upper limit: replies in the store are free. Tokens are estimated at four
    characters each. `half_width` is half the width of the win rate's interval, in 0 to 1. None
    stands for what is not known.
    """

    cases: int
    calls: int
    tokens_in: int | None
    tokens_out: int | None
    cost_usd: float | None
    half_width: float | None

    def as_dict(self) -> dict[str, Any]:
        """The fields by name."""
        return dict(vars(self))


def half_width(kind: RunKind, cases: Sequence[Case]) -> float | None:
    """Half the width of the win rate's interval to expect; None of scores, which have none."""
    if kind == "score":
        return None
    return stats.expected_half_width(len({case.cluster for case in cases}))


def estimate(
    plan: Plan, judge: Judge, price: Price | None, *, trials: int, half_width: float | None
) -> Estimate:
    """The estimate of a run.

    Args:
        plan: The trials that may be needed.
        judge: The judge.
        price: The price of its engine's tokens, None where it is not known.
        trials: The most trials that the run may take.
        half_width: See `Estimate`.
    """
    if isinstance(judge, BatchJudge):
        return Estimate(len(plan.cases), trials, 0, 0, 0.0, half_width)
    extra = sum(judge.extra_calls(case) for case in plan.cases if plan.trials(case))
    calls = trials + extra
    if not isinstance(judge, PromptJudge) or not trials:
        return Estimate(len(plan.cases), calls, None, None, None, half_width)
    step = max(1, len(plan.cases) // SAMPLE)
    sampled = plan.cases[::step]
    likely = [judge.call(trial) for case in sampled for trial in spread(plan.trials(case))]
    each = max(1, len(likely))
    tokens_in = round(calls * sum(map(expected_tokens, likely)) / each)
    limits = [call.sampling.max_tokens or USUAL_REPLY for call in likely]
    tokens_out = round(calls * sum(min(USUAL_REPLY, limit) for limit in limits) / each)
    cost = None if price is None else price.cost(tokens_in, tokens_out)
    return Estimate(len(plan.cases), calls, tokens_in, tokens_out, cost, half_width)


def spread(trials: Sequence[Trial]) -> Sequence[Trial]:
    """A few trials of a case, at even distances."""
    return trials[:: max(1, len(trials) // OF_CASE)]
