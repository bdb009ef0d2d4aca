"""The summary of one model's scores: what `judgekit score` reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import floor, log10
from typing import ClassVar

from judgekit.stats.intervals import Rate
from judgekit.stats.metric import metric
from judgekit.stats.outcomes.values import statuses
from judgekit.stats.summaries.classes import ClassShare, class_shares
from judgekit.stats.summaries.context import RunContext
from judgekit.stats.summaries.jury import JurorMetrics, JuryMetrics
from judgekit.stats.summaries.rubric import RubricMetrics, summarise_criteria
from judgekit.stats.win_rate import mean_scores
from judgekit.types import Outcome, RunKind

__all__ = ["Bin", "ScoreSummary", "histogram", "summarise_scores"]

MOST_BINS = 11  # so that 0 to 10, and 0 to 100 in tens, each fit
ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Bin:
    """How many scores lie in `low` ≤ score < `high`; in the last bin also those at `high`."""

    low: float = field(metadata=metric("the least score of the bin", unit="points"))
    high: float = field(metadata=metric("the score at which the bin ends", unit="points"))
    count: int = field(metadata=metric("the scores in the bin", unit="answers"))


@dataclass(frozen=True, slots=True, repr=False)
class ScoreSummary(RunContext):
    """The scores of model `a`: ``cases = scored + no_verdict``; `statuses` counts trials."""

    SCHEMA: ClassVar[str] = "judgekit.scores/1"
    KIND: ClassVar[RunKind] = "score"
    BRIEF: ClassVar[tuple[str, ...]] = ("a", "cases", "mean_score")

    a: str = field(metadata=metric("the model's name"))
    judge: str = field(metadata=metric("the judge's name"))
    model: str | None = field(
        metadata=metric("the model that judged; null of judges that ask none")
    )
    cases: int = field(metadata=metric("the answers that were judged", unit="answers"))
    scored: int = field(metadata=metric("the answers with a score or a class", unit="answers"))
    no_verdict: int = field(
        metadata=metric("the answers without either", unit="answers", formerly="undecided")
    )
    mean_score: Rate = field(
        metadata=metric(
            "the mean score, on the judge's scale",
            unit="points",
            denominator="answers with a score",
            formula="Σ score / scored",
        )
    )
    histogram: tuple[Bin, ...] = field(
        metadata=metric("the scores in adjoining bins of one round width")
    )
    statuses: Mapping[str, int] = field(metadata=metric("how the trials ended", unit="trials"))
    classes: tuple[ClassShare, ...] | None = field(
        default=None,
        metadata=metric("the classes that a classifier may say; absent otherwise", optional=True),
    )
    jury: JuryMetrics | None = field(
        default=None, metadata=metric("the jurors of a jury; absent otherwise", optional=True)
    )
    route: tuple[JurorMetrics, ...] | None = field(
        default=None,
        metadata=metric("the judges of a run with --route; absent otherwise", optional=True),
    )
    rubric: RubricMetrics | None = field(
        default=None,
        metadata=metric("the criteria of a rubric; absent of other judges", optional=True),
    )


def summarise_scores(
    outcomes: Sequence[Outcome],
    *,
    a: str,
    judge: str,
    model: str | None,
    classes: Sequence[str] = (),
) -> ScoreSummary:
    """All metrics of a run that scored single answers.

    Args:
        outcomes: One per case, each of one response.
        a: The model whose answers they are.
        judge: The judge's name.
        model: The model that judged, where the judge asks one.
        classes: The classes that a classifier may say.

    Returns:
        The summary without what only a run knows: what was planned, and why it ended.
    """
    scores = [score for o in outcomes for score in o.scores[:1] if score is not None]
    means = mean_scores(outcomes)
    shares = class_shares(outcomes, classes)
    scored = sum(o.decided for o in outcomes) if shares else len(scores)
    return ScoreSummary(
        a=a,
        judge=judge,
        model=model,
        cases=len(outcomes),
        scored=scored,
        no_verdict=len(outcomes) - scored,
        mean_score=means[0] if means else Rate(),
        histogram=histogram(scores),
        statuses=statuses(outcomes),
        rubric=summarise_criteria(outcomes, means[0] if means else Rate()),
        classes=shares or None,
    )


def histogram(scores: Sequence[float]) -> tuple[Bin, ...]:
    """Counts scores in adjoining bins of a round width: 1, 2 or 5 times a power of ten.

    Args:
        scores: In any order, on any scale.

    Returns:
        The bins from the least score to the greatest, empty ones included: at most eleven, of the
        smallest width that allows it. A bin holds its lower border; the last one holds both. Whole
        numbers that need no wider bins have one bin each, whose borders are equal.
    """
    if not scores:
        return ()
    least, most = min(scores), max(scores)
    integers = all(float(score).is_integer() for score in scores)
    if integers and most - least < MOST_BINS:
        values = range(int(least), int(most) + 1)
        return tuple(Bin(float(v), float(v), scores.count(v)) for v in values)
    width = _round_width(least, most)
    last = _bin(most, width)
    if last > _bin(least, width) and most - last * width <= ROUNDING * width:
        last -= 1  # the greatest score is a border, and closes the bin below it
    indices = [min(_bin(score, width), last) for score in scores]
    return tuple(
        Bin(round(i * width, 12), round((i + 1) * width, 12), indices.count(i))
        for i in range(min(indices), last + 1)
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
