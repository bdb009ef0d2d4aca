"""What a probe is: what it wants judged, and what it reads from the outcomes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from judgekit import runs
from judgekit.types import Case, Outcome

if TYPE_CHECKING:
    from judgekit.jobs.job import Job
    from judgekit.trust.audit.figure import Figure
    from judgekit.trust.audit.given import Given

__all__ = ["PLAIN", "Judged", "Probe", "Showing", "Unidentified"]

PLAIN = "plain"  # the run of the given cases as they are, which most probes need


class Unidentified(Exception):  # noqa: N818 (a finding, not an error)
    """The given data cannot tell what a probe measures; says why."""


@dataclass(frozen=True)
class Showing:
    """Cases to be judged, as a run of their own in the folder `name`.

    `models`: what their responses are called. `names`, `repeats`: other than the judge's own.
    `job`: of another judge than the one audited. `rater`: that judge's name, where the probe finds
    something without its verdicts too.
    """

    name: str
    cases: Sequence[Case]
    models: tuple[str, ...]
    names: tuple[str, ...] | None = None
    repeats: int | None = None
    job: Job | None = None
    rater: str = ""


class Judged:
    """A finished run, as probes read it: its outcomes with their cases, in order."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @cached_property
    def pairs(self) -> list[tuple[Case, Outcome]]:
        """Each case that was judged, with its outcome."""
        outcomes = (outcome for outcome, _ in runs.read_outcomes(self.folder))
        # A run that was stopped has fewer outcomes than it has cases.
        return list(zip(runs.read_cases(self.folder), outcomes, strict=False))

    @property
    def outcomes(self) -> list[Outcome]:
        return [outcome for _, outcome in self.pairs]

    def judgements(self) -> Iterator[Mapping[str, Any]]:
        """The rows of ``judgements.jsonl``."""
        yield from runs.read_rows(self.folder / "judgements.jsonl")


class Probe(Protocol):
    """Measures one bias. `name` is what `--probes` calls it, `about` what it asks."""

    name: str
    about: str

    def showings(self, given: Given) -> Sequence[Showing]:
        """What has to be judged; two probes that name the same showing share its run.

        Raises `Unidentified` where the given data cannot tell, before anything is asked.
        """
        ...

    def figures(self, given: Given, judged: Mapping[str, Judged]) -> Sequence[Figure]:
        """The figures, from the finished runs by the names of their showings.

        Each of these has a valid verdict; the showing of a rater that gave none is absent, and
        `given.silent` says why. Raises `Unidentified` where they tell nothing all the same.
        """
        ...
