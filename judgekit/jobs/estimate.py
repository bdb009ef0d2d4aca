"""What a run would ask, cost and tell, before anything is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from judgekit import stats
from judgekit.harness.limits import USUAL_REPLY, expected_tokens
from judgekit.jobs.job import Job
from judgekit.judging import BatchJudge, PromptJudge
from judgekit.types import Trial

__all__ = ["Estimate", "estimate"]

SAMPLE = 200  # cases whose prompts are rendered to learn how long prompts are
OF_CASE = 16  # trials of each: of many models a case has hundreds


@dataclass(frozen=True)
class Estimate:
    """`calls` is the most that will be asked: what the reply store holds is free. Tokens are
    counted roughly, four characters each; None where nothing is known."""

    cases: int
    calls: int
    tokens_in: int | None
    tokens_out: int | None
    cost_usd: float | None
    half_width: float | None

    def as_dict(self) -> dict[str, Any]:
        return dict(vars(self))


def estimate(job: Job) -> Estimate:
    """The estimate of a prepared job."""
    plan, judge = job.plan, job.judge
    trials = job.trials
    prompts = len({case.cluster for case in plan.cases})
    # Ratings of chosen games have no width that is known beforehand.
    known = job.comparing and job.settings.games is None
    width = stats.expected_half_width(prompts) if known else None
    if isinstance(judge, BatchJudge):
        return Estimate(len(plan.cases), trials, 0, 0, 0.0, width)
    extra = sum(judge.extra_calls(case) for case in plan.cases if plan.trials(case))
    calls = trials + extra
    if not isinstance(judge, PromptJudge) or not trials:
        return Estimate(len(plan.cases), calls, None, None, None, width)
    step = max(1, len(plan.cases) // SAMPLE)
    likely = [judge.call(trial) for case in plan.cases[::step] for trial in some(plan.trials(case))]
    each = max(1, len(likely))
    tokens_in = round(calls * sum(map(expected_tokens, likely)) / each)
    limits = [call.sampling.max_tokens or USUAL_REPLY for call in likely]
    tokens_out = round(calls * sum(min(USUAL_REPLY, limit) for limit in limits) / each)
    cost = None if job.price is None else job.price.cost(tokens_in, tokens_out)
    return Estimate(len(plan.cases), calls, tokens_in, tokens_out, cost, width)


def some(trials: Sequence[Trial]) -> Sequence[Trial]:
    """A few trials of a case, from all over it."""
    return trials[:: max(1, len(trials) // OF_CASE)]
