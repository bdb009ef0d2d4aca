"""What a report is made from, and what it is before it has a form."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from judgekit.report.cases import PackedCases
from judgekit.report.document import Part
from judgekit.runs.metadata import RunMetadata
from judgekit.runs.reader import CaseResult, StoredRun
from judgekit.stats.summaries.document import AnySummary
from judgekit.types import Outcome, Ranking, RunKind

__all__ = ["Options", "ReportContent", "RunContent"]


@dataclass(frozen=True, slots=True)
class Options:
    """What a report leaves out.

    `limit_cases`: the most cases of a run to show; None shows all, up to 20 000. The metrics are
    of all cases, whatever is shown.
    """

    redact: bool = False
    limit_cases: int | None = None


@dataclass(frozen=True)
class RunContent:
    """A run as a report reads it: from its folder, or out of an earlier report.

    `results` reads the cases anew each time that it is called.
    """

    name: str
    metadata: RunMetadata
    summary: AnySummary
    sentence: str
    results: Callable[[], Iterable[CaseResult]]

    @classmethod
    def of(cls, run: StoredRun) -> RunContent:
        """The run of a folder, whose files still hold what was written to them."""
        run.verify()
        return cls(run.folder.name, run.metadata, run.summary, run.sentence, run.case_results)

    @property
    def folder(self) -> Path:
        """The run's name, for messages."""
        return Path(self.name)

    @property
    def kind(self) -> RunKind:
        """Whether the run compared, scored or ranked."""
        return self.metadata.kind

    def outcomes(self) -> Iterator[Outcome]:
        """The outcomes of a comparison or a scoring."""
        for result in self.results():
            if isinstance(result.outcome, Outcome):
                yield result.outcome

    def rankings(self) -> Iterator[Ranking]:
        """The rankings of a run that ranked."""
        for result in self.results():
            if isinstance(result.outcome, Ranking):
                yield result.outcome


@dataclass(frozen=True)
class ReportContent:
    """What a report holds: `parts` to read, `proof` to verify it by, and the cases of its runs.

    `runs` are how the runs were made, `summaries` what they say.
    """

    title: str
    parts: tuple[Part, ...]
    proof: dict[str, Any]
    cases: tuple[PackedCases, ...]
    runs: tuple[RunMetadata, ...]
    summaries: tuple[AnySummary, ...]
