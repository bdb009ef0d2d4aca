"""The runs of an audit: cases that a probe needs judged, and what came of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from judgekit.jobs.job import Job
from judgekit.runs.reader import StoredRun
from judgekit.types import Case, Judgement, Outcome

__all__ = ["PLAIN", "FinishedRun", "FinishedRuns", "PlannedRun", "Unidentified"]

PLAIN = "plain"  # the run of the cases as they are, which most probes need


class Unidentified(Exception):  # noqa: N818 (a finding, not an error)
    """The data cannot tell what a probe measures; the message says why."""


@dataclass(frozen=True)
class PlannedRun:
    """Cases to be judged in a run of their own, in the folder `name`.

    `models` names the models of the responses. `names` and `repeats` replace the judge's own
    settings. `job` is that of another judge than the audited one, and `rater` the name of that
    judge where the probe can do without its verdicts.
    """

    name: str
    cases: Sequence[Case]
    models: tuple[str, ...]
    names: tuple[str, ...] | None = None
    repeats: int | None = None
    job: Job | None = None
    rater: str = ""


class FinishedRun:
    """A finished comparison as probes read it: cases, outcomes and judgements, in order."""

    def __init__(self, stored: StoredRun) -> None:
        self.stored = stored

    @cached_property
    def pairs(self) -> list[tuple[Case, Outcome]]:
        """Each judged case with its outcome."""
        return list(zip(self.stored.cases(), self.outcomes, strict=True))

    @cached_property
    def outcomes(self) -> list[Outcome]:
        """The outcomes of the judged cases."""
        return list(self.stored.outcomes())

    def judgements(self) -> Iterator[Judgement]:
        """All judgements, case by case."""
        return self.stored.judgements()


FinishedRuns = Mapping[str, FinishedRun]
"""Finished runs by the names of their planned runs."""
