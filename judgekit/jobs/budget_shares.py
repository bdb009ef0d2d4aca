"""What a panel's judges may ask and spend: each its share of what is left, by its trials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import floor

from judgekit.config.settings import Settings
from judgekit.harness.limits import Spent
from judgekit.jobs.job import Job

__all__ = ["share_of", "shared_out"]


def shared_out(jobs: Sequence[Job], s: Settings, spent: Spent) -> list[Job]:
    """The jobs, each with its share of what `spent` leaves of `--max-calls` and `--max-cost`.

    What a job with an engine uses itself is in its `BoundEngine.spent` when it is done.
    """
    asking = sum(job.plan.count() for job in jobs if job.bound_engine is not None)
    calls = None if s.max_calls is None else max(0, s.max_calls - spent.calls)
    cost = None if s.max_cost is None else max(0.0, s.max_cost - spent.cost)
    found = []
    for job in jobs:
        share = job.plan.count() / max(1, asking)
        own = replace(
            job.settings,
            max_calls=None if calls is None else floor(calls * share),
            max_cost=None if cost is None else cost * share,
        )
        bound_engine = job.bound_engine and replace(job.bound_engine, settings=own, spent=Spent())
        found.append(
            job if bound_engine is None else replace(job, settings=own, bound_engine=bound_engine)
        )
    return found


def share_of(s: Settings, spent: Spent) -> str:
    """What the limits that `shared_out` gave are shares of, to stand behind one of them."""
    said = []
    if s.max_calls is not None:
        before = f" ({spent.calls} made by the runs before)" if spent.calls else ""
        said.append(f"--max-calls {s.max_calls}{before}")
    if s.max_cost is not None:
        before = f" (${spent.cost:.4f} spent by the runs before)" if spent.cost else ""
        said.append(f"--max-cost {s.max_cost:g}{before}")
    return f", its share of {' and '.join(said)}"
