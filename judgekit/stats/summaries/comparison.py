"""The summary of one comparison: what `judgekit compare` reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

from judgekit.stats.intervals import Rate
from judgekit.stats.metric import metric
from judgekit.stats.outcomes.values import Inconsistent, counted, statuses
from judgekit.stats.position import Positions, positions
from judgekit.stats.power import effective_prompts
from judgekit.stats.summaries.adaptive import AdaptiveMetrics
from judgekit.stats.summaries.classes import ClassDifference, class_differences
from judgekit.stats.summaries.context import RunContext
from judgekit.stats.summaries.jury import JurorMetrics, JuryMetrics
from judgekit.stats.summaries.rubric import RubricComparison, compare_criteria
from judgekit.stats.win_rate import (
    Bounds,
    bounds,
    counts,
    inconsistent_bounds,
    mean_scores,
    win_rate,
    win_rate_mean,
)
from judgekit.types import Outcome, RunKind

__all__ = ["Summary", "summarise"]

WITH_VERDICT = "cases with a verdict (without inconsistent ones under --inconsistent drop)"


@dataclass(frozen=True, slots=True, repr=False)
class Summary(RunContext):
    """A comparison of model `a` (response 0) with model `b` (response 1).

    Counts are of cases, `statuses` of trials, rates in 0 to 1.
    ``cases = wins_a + wins_b + ties + inconsistent + no_verdict``.
    """

    SCHEMA: ClassVar[str] = "judgekit.summary/1"
    KIND: ClassVar[RunKind] = "compare"
    BRIEF: ClassVar[tuple[str, ...]] = ("a", "b", "cases", "win_rate_a")

    a: str = field(metadata=metric("the first model's name"))
    b: str = field(metadata=metric("the second model's name"))
    judge: str = field(metadata=metric("the judge's name"))
    model: str | None = field(
        metadata=metric("the model that judged; null of judges that ask none")
    )
    cases: int = field(metadata=metric("the cases that were judged", unit="cases"))
    wins_a: int = field(metadata=metric("the cases that a won", unit="cases"))
    wins_b: int = field(metadata=metric("the cases that b won", unit="cases"))
    ties: int = field(metadata=metric("the cases that are a tie", unit="cases"))
    inconsistent: int = field(
        metadata=metric(
            "the cases whose two orders have different winners; none where orders merge by the "
            "mean of their values, nor of a jury",
            unit="cases",
        )
    )
    no_verdict: int = field(
        metadata=metric(
            "the cases in which an order, or a response, has no valid verdict",
            unit="cases",
            formerly="undecided",
        )
    )
    identical: int = field(
        metadata=metric("the ties whose answers are the same text; no judge saw them", unit="cases")
    )
    win_rate_a: Rate = field(
        metadata=metric(
            "how often a wins, ties and inconsistent cases counting half",
            unit="share",
            denominator=WITH_VERDICT,
            formula="(wins_a + (ties + inconsistent) / 2) / (cases - no_verdict)",
        )
    )
    win_rate_mean_a: Rate = field(
        metadata=metric(
            "the mean of a's value over its valid trials; no orders are merged before",
            unit="share",
            denominator="cases with a valid trial",
            formula="mean over cases of the mean over valid trials of 1, 0.5 or 0 (or of the "
            "judge's probability) that a is better",
        )
    )
    bounds_a: Bounds = field(
        metadata=metric(
            "where a's win rate would lie if every case without a verdict went one way",
            unit="share",
            denominator="cases",
        )
    )
    position: Positions = field(
        metadata=metric(
            "what the position of an answer does; with --orders adaptive in the first "
            "`adaptive.calibration` cases alone"
        )
    )
    statuses: Mapping[str, int] = field(metadata=metric("how the trials ended", unit="trials"))
    mean_score_a: Rate | None = field(
        metadata=metric(
            "a's mean score, on the judge's scale; null of judges of pairs",
            unit="points",
            denominator="cases in which a has a score",
        )
    )
    mean_score_b: Rate | None = field(
        metadata=metric(
            "b's mean score, on the judge's scale; null of judges of pairs",
            unit="points",
            denominator="cases in which b has a score",
        )
    )
    prompts: int | None = field(
        default=None,
        metadata=metric("the independent prompts that the win rate rests on", unit="prompts"),
    )
    prompts_asked: int | None = field(
        default=None, metadata=metric("the prompts of all cases that were judged", unit="prompts")
    )
    effective_prompts: float | None = field(
        default=None,
        metadata=metric(
            "how many prompts of equal size weigh as much as these; absent where all have equally "
            "many cases",
            unit="prompts",
            formula="(Σ n)² / Σ n², n the cases of a prompt",
            optional=True,
        ),
    )
    inconsistent_as: Inconsistent | None = field(
        default=None,
        metadata=metric(
            "what an inconsistent case counts for in the win rate: half, or drop of not at all; "
            "absent where there is none",
            optional=True,
        ),
    )
    inconsistent_bounds_a: Bounds | None = field(
        default=None,
        metadata=metric(
            "where a's win rate would lie if every inconsistent case went one way (low: to b, "
            "high: to a); absent where there is none",
            unit="share",
            denominator="cases with a verdict",
            optional=True,
        ),
    )
    anytime_win_rate_a: Rate | None = field(
        default=None,
        metadata=metric(
            "a's win rate with an anytime-valid interval, of a run with --until: it holds at "
            "every moment of the run, so the sentence goes by it. Every prompt weighs the same",
            unit="share",
            denominator="prompts with a verdict",
            formula="mean over prompts of the mean over their cases of a's value",
            formerly="watched_a",
        ),
    )
    adaptive: AdaptiveMetrics | None = field(
        default=None,
        metadata=metric("what --orders adaptive left out; absent otherwise", optional=True),
    )
    classes: tuple[ClassDifference, ...] | None = field(
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
    rubric: RubricComparison | None = field(
        default=None,
        metadata=metric("the criteria of a rubric; absent of other judges", optional=True),
    )

    @property
    def stated_win_rate_a(self) -> Rate:
        """The win rate that the sentence goes by: the anytime-valid one, where there is one."""
        return self.anytime_win_rate_a or self.win_rate_a


def summarise(
    outcomes: Sequence[Outcome],
    *,
    a: str,
    b: str,
    judge: str,
    model: str | None,
    inconsistent: Inconsistent = "half",
    anytime: Rate | None = None,
    placed: int | None = None,
    classes: Sequence[str] = (),
) -> Summary:
    """All metrics of a comparison.

    Args:
        outcomes: One per case, in the order of the run; none give zeros and empty rates.
        a: The model of response 0.
        b: The model of response 1.
        judge: The judge's name.
        model: The model that judged, where the judge asks one.
        inconsistent: What a case counts for in which the two orders disagree.
        anytime: As `Summary.anytime_win_rate_a`.
        placed: Metrics of position rest on the first so many outcomes only.
        classes: The classes that a classifier may say, from the best to the worst.

    Returns:
        The summary without what only a run knows: what was planned, and why it ended.
    """
    scores = mean_scores(outcomes) or (None, None)
    inconsistencies = any(o.decided and o.winner is None for o in outcomes)
    return Summary(
        a=a,
        b=b,
        judge=judge,
        model=model,
        **asdict(counts(outcomes)),
        win_rate_a=win_rate(outcomes, inconsistent),
        win_rate_mean_a=win_rate_mean(outcomes),
        bounds_a=bounds(outcomes, inconsistent),
        position=positions(outcomes[:placed]),
        statuses=statuses(outcomes),
        mean_score_a=scores[0],
        mean_score_b=scores[1],
        **_prompts(outcomes, inconsistent),
        inconsistent_as=inconsistent if inconsistencies else None,
        inconsistent_bounds_a=inconsistent_bounds(outcomes),
        anytime_win_rate_a=anytime,
        rubric=compare_criteria(outcomes, scores),
        classes=class_differences(outcomes, classes) or None,
    )


def _prompts(outcomes: Sequence[Outcome], inconsistent: Inconsistent) -> dict[str, Any]:
    """The fields that count prompts."""
    sizes = Counter(o.cluster for o in outcomes if counted(o, inconsistent) is not None)
    unequal = len(set(sizes.values())) > 1
    return {
        "prompts": len(sizes),
        "effective_prompts": effective_prompts(list(sizes.values())) if unequal else None,
        "prompts_asked": len({o.cluster for o in outcomes}),
    }
