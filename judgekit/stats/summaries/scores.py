"""The summary of one model's scores: what `judgekit score` reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import floor, log10
from typing import Any, ClassVar

from judgekit.stats.intervals import Rate
from judgekit.stats.summaries.comparison import statuses
from judgekit.stats.summaries.sentence import score_sentence
from judgekit.stats.win_rate import mean_scores
from judgekit.types import Outcome

__all__ = ["Bin", "ScoreSummary", "histogram", "summarise_scores"]

MOST_BINS = 11  # so that 0 to 10, and 0 to 100 in tens, each fit
ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Bin:
    """How many scores lie in `low` ≤ score < `high`."""

    low: float
    high: float
    count: int


@dataclass(frozen=True, slots=True)
class ScoreSummary:
    """The scores of model `a`: cases = scored + undecided; `statuses` counts trials."""

    SCHEMA: ClassVar = "judgekit.scores/1"

    a: str
    judge: str
    model: str | None
    cases: int
    scored: int
    undecided: int
    mean_score: Rate
    histogram: tuple[Bin, ...]
    statuses: Mapping[str, int]

    def as_dict(self) -> dict[str, Any]:
        """What `summary.json` holds: plain dicts, numbers and texts, with the `sentence`."""
        return {"schema": self.SCHEMA, "sentence": score_sentence(self), **asdict(self)}


def summarise_scores(
    outcomes: Sequence[Outcome], *, a: str, judge: str, model: str | None
) -> ScoreSummary:
    """All figures of a run that scored single answers (outcomes of one response)."""
    scores = [score for o in outcomes for score in o.scores[:1] if score is not None]
    means = mean_scores(outcomes)
    return ScoreSummary(
        a=a,
        judge=judge,
        model=model,
        cases=len(outcomes),
        scored=len(scores),
        undecided=len(outcomes) - len(scores),
        mean_score=means[0] if means else Rate(),
        histogram=histogram(scores),
        statuses=statuses(outcomes),
    )


def histogram(scores: Sequence[float]) -> tuple[Bin, ...]:
    """Counts in adjoining bins of a round width (1, 2 or 5 times a power of ten), empty ones too.

    The width is the smallest that needs at most eleven bins; scores that are all equal get one
    of width 1.
    """
    if not scores:
        return ()
    width = _round_width(min(scores), max(scores))
    indices = [_bin(score, width) for score in scores]
    return tuple(
        Bin(round(i * width, 12), round((i + 1) * width, 12), indices.count(i))
        for i in range(min(indices), max(indices) + 1)
    )


def _round_width(least: float, most: float) -> float:
    if most - least <= ROUNDING:
        return 1.0
    power = floor(log10((most - least) / MOST_BINS))
    widths = (step * 10.0**exponent for exponent in (power, power + 1) for step in (1, 2, 5))
    return next(w for w in widths if _bin(most, w) - _bin(least, w) < MOST_BINS)


def _bin(score: float, width: float) -> int:
    """The bin's number; a score that misses its border by rounding belongs beyond it."""
    return floor(score / width + ROUNDING)
