"""What a summary says of the seats of a jury: each one's own figures, and how they agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from judgekit import stats
from judgekit.stats import Inconsistent, Rate, clustered_rate, statuses
from judgekit.stats.agreement import agreement, krippendorff_alpha
from judgekit.stats.outcomes.combine import Rule
from judgekit.stats.outcomes.values import label
from judgekit.types import Outcome

__all__ = ["JurorMetrics", "juror_metrics", "jury_metrics"]


@dataclass(frozen=True, slots=True)
class JurorMetrics:
    """One judge over the cases that it judged; what does not apply to it is an empty rate.

    `equal` and `kappa` compare its votes with those of each other seat, all such pairs of votes
    taken together. `position`: the shares of its own two orders. Identical answers, which no judge
    saw, are in none of the figures but the win rate.
    """

    judge: str
    cases: int
    abstained: Rate
    win_rate_a: Rate
    mean_score: Rate
    equal: Rate
    kappa: Rate
    position: Mapping[str, float | None]
    statuses: Mapping[str, int]


def juror_metrics(
    judge: str, outcomes: Sequence[Outcome], inconsistent: Inconsistent = "half"
) -> JurorMetrics:
    """A judge's figures without those that compare it with others."""
    single = any(len(o.scores) == 1 for o in outcomes)
    scores = stats.mean_scores(outcomes) if single else ()
    shares = asdict(stats.positions(outcomes))
    return JurorMetrics(
        judge=judge,
        cases=len(outcomes),
        abstained=clustered_rate((o.cluster, not o.decided, 1) for o in asked(outcomes)),
        win_rate_a=Rate() if single else stats.win_rate(outcomes, inconsistent),
        mean_score=scores[0] if scores else Rate(),
        equal=Rate(),
        kappa=Rate(),
        position={name: share["value"] for name, share in shares.items()},
        statuses=statuses(outcomes),
    )


def jury_metrics(
    seats: Mapping[str, Sequence[Outcome]], rule: Rule, inconsistent: Inconsistent = "half"
) -> dict[str, Any]:
    """The block ``jury`` of a summary: the rule, Krippendorff's alpha over the seats (nominal of
    votes, interval of scores), and the seats' figures. `seats`: their outcomes of the same cases.
    """
    of_case = list(zip(*map(asked, seats.values()), strict=True))
    single = any(len(o.scores) == 1 for case in of_case for o in case)
    if single:
        rated = [(case[0].cluster, [o.scores[0] for o in case]) for case in of_case]
        alpha = krippendorff_alpha(rated, "interval")
    else:
        alpha = krippendorff_alpha((case[0].cluster, [label(o) for o in case]) for case in of_case)
    figures = []
    for number, (judge, outcomes) in enumerate(seats.items()):
        own = asdict(juror_metrics(judge, outcomes, inconsistent))
        if not single:
            found = agreement(
                (case[0].cluster, label(case[number]), label(other))
                for case in of_case
                for place, other in enumerate(case)
                if place != number
            )
            own |= {"equal": asdict(found.equal), "kappa": asdict(found.kappa)}
        figures.append(own)
    return {"rule": rule, "alpha": asdict(alpha), "seats": figures}


def asked(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """The cases that judges were asked about."""
    return [o for o in outcomes if not o.identical]
