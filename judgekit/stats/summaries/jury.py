"""What a summary says of the jurors of a jury: each one's own metrics, and how they agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace

from judgekit.stats.agreement import agreement, krippendorff_alpha
from judgekit.stats.intervals import Rate, clustered_rate
from judgekit.stats.metric import metric
from judgekit.stats.outcomes.combine import Rule
from judgekit.stats.outcomes.values import Inconsistent, label, statuses
from judgekit.stats.position import Positions, positions
from judgekit.stats.win_rate import mean_scores, win_rate
from judgekit.types import Outcome

__all__ = ["JurorMetrics", "JuryMetrics", "PositionShares", "juror_metrics", "jury_metrics"]


SHARES = {share.name: share.metadata for share in fields(Positions)}


@dataclass(frozen=True, slots=True)
class PositionShares:
    """The shares of `judgekit.stats.position.Positions`, without their intervals."""

    consistent: float | None = field(metadata=SHARES["consistent"])
    first: float | None = field(metadata=SHARES["first"])
    second: float | None = field(metadata=SHARES["second"])
    half_tie: float | None = field(metadata=SHARES["half_tie"])
    error: float | None = field(metadata=SHARES["error"])
    first_share: float | None = field(metadata=SHARES["first_share"])

    @classmethod
    def of(cls, outcomes: Sequence[Outcome]) -> PositionShares:
        """The shares in these outcomes.

        Args:
            outcomes: Comparisons of two responses.
        """
        rates = positions(outcomes)
        return cls(
            consistent=rates.consistent.value,
            first=rates.first.value,
            second=rates.second.value,
            half_tie=rates.half_tie.value,
            error=rates.error.value,
            first_share=rates.first_share.value,
        )


@dataclass(frozen=True, slots=True)
class JurorMetrics:
    """One judge over the cases that it judged; what does not apply to it is an empty rate.

    Identical answers, which no judge saw, are in none of the metrics but the win rate.
    """

    judge: str = field(metadata=metric("the judge's name in the run"))
    cases: int = field(metadata=metric("the cases that this judge was given", unit="cases"))
    abstained: Rate = field(
        metadata=metric(
            "the share of cases in which this judge has no verdict",
            unit="share",
            denominator="cases with different answers",
        )
    )
    win_rate_a: Rate = field(
        metadata=metric(
            "a's win rate by this judge alone, ties counting half",
            unit="share",
            denominator="cases with a verdict of this judge",
        )
    )
    mean_score: Rate = field(
        metadata=metric(
            "the mean of this judge's scores", unit="points", denominator="answers with a score"
        )
    )
    percent_agreement: Rate = field(
        metadata=metric(
            "how often this juror's vote equals another's, all pairs of votes taken together",
            unit="share",
            denominator="pairs of votes, this juror's and another's, on one case",
            formerly="equal",
        )
    )
    kappa: Rate = field(
        metadata=metric(
            "Cohen's kappa of this juror's votes with the other jurors'",
            unit="1 is full agreement, 0 that of chance",
            denominator="pairs of votes, this juror's and another's, on one case",
            formula="(p_o - p_e) / (1 - p_e)",
        )
    )
    position: PositionShares = field(
        metadata=metric(
            "how position moves this judge: the shares of its own two orders", unit="share"
        )
    )
    statuses: Mapping[str, int] = field(
        metadata=metric("how this judge's trials ended", unit="trials")
    )


@dataclass(frozen=True, slots=True)
class JuryMetrics:
    """How a jury decided, and how far its jurors agree."""

    rule: Rule = field(
        metadata=metric("how the jurors decide a case: by vote, or by the mean of their values")
    )
    alpha: Rate = field(
        metadata=metric(
            "Krippendorff's alpha over the jurors: nominal of votes, interval of scores",
            unit="1 is full agreement, 0 that of chance",
            denominator="pairs of votes on one case",
            formula="1 - observed disagreement / disagreement by chance",
        )
    )
    jurors: tuple[JurorMetrics, ...] = field(
        metadata=metric("each juror's own metrics", formerly="seats")
    )


def juror_metrics(
    judge: str, outcomes: Sequence[Outcome], inconsistent: Inconsistent = "half"
) -> JurorMetrics:
    """A judge's metrics without those that compare it with others.

    Args:
        judge: What the judge is called in the run.
        outcomes: Its own outcomes, one per case that it was given.
        inconsistent: What a case counts for in which its two orders disagree.
    """
    single = any(len(o.scores) == 1 for o in outcomes)
    scores = mean_scores(outcomes) if single else ()
    return JurorMetrics(
        judge=judge,
        cases=len(outcomes),
        abstained=clustered_rate((o.cluster, not o.decided, 1) for o in _different(outcomes)),
        win_rate_a=Rate() if single else win_rate(outcomes, inconsistent),
        mean_score=scores[0] if scores else Rate(),
        percent_agreement=Rate(),
        kappa=Rate(),
        position=PositionShares.of(outcomes),
        statuses=statuses(outcomes),
    )


def jury_metrics(
    jurors: Mapping[str, Sequence[Outcome]], rule: Rule, inconsistent: Inconsistent = "half"
) -> JuryMetrics:
    """The block ``jury`` of a summary.

    Args:
        jurors: Each juror's outcomes of the same cases, by its name in the run.
        rule: How the jury decides a case.
        inconsistent: What a case counts for in which a juror's two orders disagree.
    """
    of_case = list(zip(*map(_different, jurors.values()), strict=True))
    metrics = [juror_metrics(judge, outcomes, inconsistent) for judge, outcomes in jurors.items()]
    if any(len(o.labels) == 1 for case in of_case for o in case):
        by_juror = [
            (case[0].cluster, [next(iter(o.labels), None) for o in case]) for case in of_case
        ]
        return JuryMetrics(rule, krippendorff_alpha(by_juror), tuple(metrics))
    if any(len(o.scores) == 1 for case in of_case for o in case):
        scores = [(case[0].cluster, [o.scores[0] for o in case]) for case in of_case]
        return JuryMetrics(rule, krippendorff_alpha(scores, "interval"), tuple(metrics))
    votes = [(case[0].cluster, [label(o) for o in case]) for case in of_case]
    for number, juror in enumerate(metrics):
        result = agreement(
            (cluster, cast[number], vote)
            for cluster, cast in votes
            for other, vote in enumerate(cast)
            if other != number
        )
        metrics[number] = replace(juror, percent_agreement=result.equal, kappa=result.kappa)
    return JuryMetrics(rule, krippendorff_alpha(votes), tuple(metrics))


def _different(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """The cases that judges were asked about: those whose answers differ."""
    return [o for o in outcomes if not o.identical]
