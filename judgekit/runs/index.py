"""Finished runs in a folder: what was run, and what it cost."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from judgekit.errors import InputError
from judgekit.runs.reader import StoredRun
from judgekit.runs.reports import REPORTS
from judgekit.stats import Rate, ScoreSummary, Summary
from judgekit.stats.metric import metric
from judgekit.stats.plain import encode
from judgekit.types import StopReason

__all__ = ["Listing", "RunInfo", "list_runs"]

WHOLES = ("run.json", *REPORTS)  # of what is made of runs


@dataclass(frozen=True, slots=True)
class RunInfo:
    """One run of a listing.

    `metric` is its win rate (anytime-valid, where the run has one) or its mean score, None of
    rankings; `scale` is the metric's unit. `started` is ISO 8601 in UTC.
    """

    folder: Path
    started: str
    judge: str
    model: str | None
    models: tuple[str, ...]
    cases: int
    metric: Rate | None = field(metadata=metric("win rate or mean score", formerly="figure"))
    scale: Literal["share", "points"]
    calls: int
    calls_from_store: int
    cost_usd: float | None
    seconds: float
    stop: StopReason | None
    without_usage: int = 0
    unpriced: int = 0

    def to_dict(self) -> dict[str, Any]:
        """The run's row as JSON has it."""
        plain: dict[str, Any] = encode(self)
        return plain | {"stopped": "" if self.stop is None else self.stop.text}


@dataclass(frozen=True, slots=True)
class Listing:
    """The runs below a folder, newest first.

    `unreadable`: folders that hold a ``run.json``, and no run that can be read. `parts`: how many
    runs are left out because they are parts of a benchmark, an audit, a check or another run.
    """

    runs: tuple[RunInfo, ...]
    unreadable: tuple[Path, ...]
    parts: int

    def to_dict(self) -> dict[str, Any]:
        """The listing as JSON has it."""
        plain: dict[str, Any] = encode(self)
        return plain | {"runs": [run.to_dict() for run in self.runs]}


def list_runs(folder: Path = Path("runs"), *, parts: bool = False) -> Listing:
    """The runs below a folder.

    Args:
        folder: Where to look, at any depth.
        parts: Also those that other runs, benchmarks and the like are made of.

    Returns:
        A row per run, newest first.

    Raises:
        InputError: There is no such folder.
    """
    if not folder.is_dir():
        raise InputError(f"no folder {str(folder)!r}; runs are in runs/, or where --out put them")
    infos: list[RunInfo] = []
    unreadable: list[Path] = []
    left_out = 0
    for run_folder in sorted(file.parent for file in folder.glob("**/run.json")):
        if any(name.startswith(".") for name in run_folder.relative_to(folder).parts):
            continue  # still being written
        if not parts and is_part(run_folder, folder):
            left_out += 1
            continue
        try:
            infos.append(run_info(StoredRun(run_folder)))
        except InputError:
            unreadable.append(run_folder)
    infos.sort(key=lambda run: run.started, reverse=True)
    return Listing(tuple(infos), tuple(unreadable), left_out)


def is_part(run: Path, listed: Path) -> bool:
    """Whether a folder between a run's and the listed one holds what the run is a part of."""
    above = [folder for folder in run.parents if listed in folder.parents]
    return any((folder / name).is_file() for folder in above for name in WHOLES)


def run_info(run: StoredRun) -> RunInfo:
    """One run's row. Raises `InputError` where the folder is damaged."""
    metadata, summary = run.metadata, run.summary
    rate = summary.mean_score if isinstance(summary, ScoreSummary) else None
    if isinstance(summary, Summary):
        rate = summary.stated_win_rate_a
    return RunInfo(
        folder=run.folder,
        started=metadata.started,
        judge=summary.judge,
        model=summary.model,
        models=metadata.models,
        cases=summary.cases,
        metric=rate,
        scale="share" if isinstance(summary, Summary) else "points",
        calls=metadata.counts.calls,
        calls_from_store=metadata.counts.calls_from_store,
        cost_usd=metadata.counts.cost_usd,
        seconds=metadata.seconds,
        stop=metadata.stop,
        without_usage=metadata.counts.without_usage,
        unpriced=metadata.counts.unpriced,
    )
