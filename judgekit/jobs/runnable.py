"""What can be run: one judge's job, or a panel's; and how either is run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, Self

from judgekit.config.prices import Price
from judgekit.config.settings import Settings
from judgekit.harness.limits import Budget
from judgekit.harness.tally import Tally
from judgekit.harness.trials import OnProgress
from judgekit.jobs.estimate import Estimate
from judgekit.jobs.event_loop import in_loop
from judgekit.jobs.inputs import JudgeInput
from judgekit.stats.summaries.document import AnySummary

__all__ = ["Runnable", "check_jobs", "run_job", "share_budget"]


class Runnable(Protocol):
    """A prepared run: everything is decided and checked, and nothing is asked yet."""

    @property
    def settings(self) -> Settings:
        """The settings of the run."""
        ...

    @property
    def inputs(self) -> JudgeInput:
        """The cases, their models, and where they came from."""
        ...

    @property
    def price(self) -> Price | None:
        """The price of the tokens that the run uses, None where there is no single known one."""
        ...

    @property
    def trials(self) -> int:
        """The most trials that the run may take."""
        ...

    def empty_summary(self) -> AnySummary:
        """The summary of no cases: it has the names of all metrics."""
        ...

    def estimate(self) -> Estimate:
        """What the run would ask and cost."""
        ...

    def with_budget(self, budget: Budget) -> Self:
        """The same within a budget that it shares with other runs."""
        ...

    async def check_folder(self) -> None:
        """Refuses (`InputError`) a folder that the run could not write."""
        ...

    async def run(self, tally: Tally, on_progress: OnProgress | None = None) -> Path:
        """Runs to the end, and returns the run's folder."""
        ...


def run_job(
    job: Runnable, tally: Tally | None = None, on_progress: OnProgress | None = None
) -> Path:
    """Runs a prepared job to its end; in a notebook on a thread of its own.

    Args:
        job: What to run.
        tally: Counts what is done; a progress bar may read it.
        on_progress: Called after each trial, or after each batch.

    Returns:
        The run's folder.

    Raises:
        JudgekitError: The run cannot be made, or was stopped by an engine or the reply store.
    """
    counted = tally or Tally()
    return in_loop(lambda: job.run(counted, on_progress))


def check_jobs(jobs: Sequence[Runnable]) -> None:
    """Checks, before the first of several jobs is run, that none will fail at its start.

    Raises:
        InputError: A folder holds another run, or cannot be written.
        EngineError: An engine cannot be made, for instance without its key.
    """

    async def check() -> None:
        for job in jobs:
            await job.check_folder()

    in_loop(check)


def share_budget(jobs: Sequence[Runnable], settings: Settings) -> list[Runnable]:
    """The jobs of one command within one budget: what one used is not there for the next.

    One job alone gets its limits anew each time that it is run.

    Args:
        jobs: The jobs, in the order in which they will be run.
        settings: `max_calls` and `max_cost`, for all of them together.
    """
    if len(jobs) < 2:
        return list(jobs)
    budget = Budget(settings.max_calls, settings.max_cost)
    return [job.with_budget(budget) for job in jobs]
