"""A finished run that decided nothing: whether it is one, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from judgekit.runs import reader
from judgekit.stats.summaries.sentence import unjudged
from judgekit.types import Outcome, Status

__all__ = ["Failure", "commonest_failure", "cut_short", "silence"]

ENOUGH = ("decided:", "narrow enough:")  # how `judgekit.stats.stopping` begins to say why
ERROR = 200  # characters of an error that are told


@dataclass(frozen=True, slots=True)
class Failure:
    """The commonest way in which trials got no verdict: `count` of all `trials`.

    `status` is in words, `error` the first such trial's, on one line and cut; it may be empty.
    """

    status: str
    error: str
    count: int
    trials: int

    def __str__(self) -> str:
        are = "is" if self.count == 1 else "are"
        of = f"{self.count} of {self.trials} trial{'s' * (self.trials != 1)} {are} {self.status}"
        return f"{of} ({self.error})" if self.error else of


def silence(folder: Path, summary: Mapping[str, Any]) -> str:
    """Why a run decided no case, in one line; empty where it did, or there was none to decide.

    There is none to decide where nothing was given, or where all answers are the same text.
    `summary`: what the folder's ``summary.json`` holds. Raises `InputError` for a damaged folder.
    """
    asked = False
    for outcome in comparisons(folder):
        if not outcome.identical:
            if outcome.decided:
                return ""
            asked = True
    if not asked and not cut_short(summary["stopped"]):
        return ""
    if (failure := commonest_failure(folder)) is not None:
        return f"no verdict came out: {failure}"
    if asked:
        return f"no verdict came out: none of the {summary['cases']} cases is decided"
    left = summary["cases_planned"] - summary["cases"]
    return unjudged(left, summary["cases_planned"], summary["stopped"])


def comparisons(folder: Path) -> Iterator[Outcome]:
    """A run's outcomes; of rankings those of every two answers compared."""
    if reader.holds_rankings(folder):
        for ranking, _ in reader.read_rankings(folder):
            yield from ranking.comparisons.values()
    else:
        yield from (outcome for outcome, _ in reader.read_outcomes(folder))


def cut_short(stopped: str) -> bool:
    """Whether a limit ended the run, by its reason to stop: with `--until` it may know enough."""
    return bool(stopped) and not stopped.startswith(ENOUGH)


def commonest_failure(folder: Path) -> Failure | None:
    """Of a run's trials without a verdict; None where there are none.

    What stands before an error's first colon says what went wrong, and what stands behind it
    where: a line of a recording, or a text. So only the former tells failures apart.
    """
    failures: Counter[tuple[str, str]] = Counter()
    told: dict[tuple[str, str], str] = {}
    trials = 0
    for row in reader.read_rows(folder / "judgements.jsonl"):
        trials += 1
        if row["status"] == Status.VALID:
            continue
        error = " ".join(row["error"].split())
        kind = (row["status"].replace("_", " "), error.partition(":")[0])
        failures[kind] += 1
        told.setdefault(kind, error[:ERROR])
    if not failures:
        return None
    [(kind, count)] = failures.most_common(1)
    return Failure(kind[0], told[kind], count, trials)
