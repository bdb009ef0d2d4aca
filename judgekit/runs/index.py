"""Finished runs in a folder: what was run, and what it cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from judgekit.errors import InputError
from judgekit.runs import reader
from judgekit.runs.reports import REPORTS

__all__ = ["Listing", "RunInfo", "list_runs"]

WHOLES = ("run.json", *REPORTS)  # of what is made of runs


@dataclass(frozen=True, slots=True)
class RunInfo:
    """One run of a listing. `figure` is its win rate or mean score, None of rankings.

    Of a run that was watched it is the win rate with the interval that holds at every moment.
    """

    folder: Path
    started: str
    judge: str
    model: str | None
    models: tuple[str, ...]
    cases: int
    figure: Mapping[str, float | None] | None
    scale: str  # "share" or "points"
    calls: int
    calls_from_store: int
    cost_usd: float | None
    seconds: float
    stopped: str

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"folder": str(self.folder)}


@dataclass(frozen=True, slots=True)
class Listing:
    """The runs below a folder, newest first.

    `unreadable`: folders that hold a ``run.json``, and no run that can be read. `parts`: how many
    runs are left out because they are parts of a benchmark, an audit, a check or another run.
    """

    runs: tuple[RunInfo, ...]
    unreadable: tuple[Path, ...]
    parts: int

    def as_dict(self) -> dict[str, Any]:
        return {
            "runs": [run.as_dict() for run in self.runs],
            "unreadable": [str(folder) for folder in self.unreadable],
            "parts": self.parts,
        }


def list_runs(folder: Path = Path("runs"), *, parts: bool = False) -> Listing:
    """The runs below a folder, with `parts` also those that others are made of.

    Raises `InputError` where there is no such folder.
    """
    if not folder.is_dir():
        raise InputError(f"no folder {str(folder)!r}; runs are in runs/, or where --out put them")
    found: list[RunInfo] = []
    unreadable: list[Path] = []
    left_out = 0
    for own in sorted(file.parent for file in folder.glob("**/run.json")):
        if any(name.startswith(".") for name in own.relative_to(folder).parts):
            continue  # still being written
        if not parts and is_part(own, folder):
            left_out += 1
            continue
        try:
            found.append(info(own))
        except InputError:
            unreadable.append(own)
    found.sort(key=lambda run: run.started, reverse=True)
    return Listing(tuple(found), tuple(unreadable), left_out)


def is_part(run: Path, listed: Path) -> bool:
    """Whether a folder between a run's and the listed one holds what the run is a part of."""
    above = [folder for folder in run.parents if listed in folder.parents]
    return any((folder / name).is_file() for folder in above for name in WHOLES)


def info(folder: Path) -> RunInfo:
    """One run by its folder. Raises `InputError` where that holds no run of this form."""
    try:
        return read_info(folder)
    except (KeyError, TypeError) as error:
        raise InputError(f"the run {str(folder)!r} is damaged ({error!r}); judge again") from error


def read_info(folder: Path) -> RunInfo:
    facts = reader.read_json(folder / "run.json")
    summary = reader.read_json(folder / "summary.json")
    figure, scale = summary.get("watched_a") or summary.get("win_rate_a"), "share"
    if figure is None:
        figure, scale = summary.get("mean_score"), "points"
    counts = facts["counts"]
    return RunInfo(
        folder=folder,
        started=facts["started"],
        judge=summary["judge"],
        model=summary["model"],
        models=tuple(facts["decides"]["models"]),
        cases=summary["cases"],
        figure=figure,
        scale=scale,
        calls=counts["calls"],
        calls_from_store=counts["calls_from_store"],
        cost_usd=counts["cost_usd"],
        seconds=facts["seconds"],
        stopped=facts["stopped"],
    )
