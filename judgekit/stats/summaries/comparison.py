"""The summary of one comparison: what `summary.json` holds and the table shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from judgekit.stats.intervals import Rate
from judgekit.stats.outcomes.values import Inconsistent, counted
from judgekit.stats.position import Positions, positions
from judgekit.stats.summaries.sentence import sentence
from judgekit.stats.win_rate import Bounds, bounds, counts, mean_scores, win_rate, win_rate_mean
from judgekit.types import Outcome, Status

__all__ = ["Summary", "statuses", "summarise"]


@dataclass(frozen=True, slots=True)
class Summary:
    """A comparison of model `a` (response 0) with `b`.

    Counts are of cases, `statuses` of trials, rates in 0 to 1. `mean_score_a` and `_b` are on the
    judge's scale, None for judges of pairs. `watched_a` is the win rate with an interval that holds
    at every moment, of a run that was watched so as to stop early (every prompt weighs the same):
    the sentence goes by it, since the ordinary one does not hold where one chose when to look.
    `prompts`: how many independent prompts the win rate rests on, of `prompts_asked` (the sentence
    needs them; they are not written).
    """

    SCHEMA: ClassVar = "judgekit.summary/1"

    a: str
    b: str
    judge: str
    model: str | None
    cases: int
    wins_a: int
    wins_b: int
    ties: int
    inconsistent: int
    undecided: int
    identical: int
    win_rate_a: Rate
    win_rate_mean_a: Rate
    bounds_a: Bounds
    position: Positions
    statuses: Mapping[str, int]
    mean_score_a: Rate | None
    mean_score_b: Rate | None
    prompts: int
    prompts_asked: int
    watched_a: Rate | None = None

    def as_dict(self) -> dict[str, Any]:
        """What `summary.json` holds: plain dicts, numbers and texts, with the `sentence`.

        `position` holds the shares alone, `position_intervals` their intervals.
        """
        plain = {"schema": self.SCHEMA, "sentence": sentence(self), **asdict(self)}
        del plain["prompts"], plain["prompts_asked"]
        rates: dict[str, dict[str, float | None]] = plain["position"]
        plain["position"] = {name: rate.pop("value") for name, rate in rates.items()}
        plain["position_intervals"] = rates
        return plain


def summarise(
    outcomes: Sequence[Outcome],
    *,
    a: str,
    b: str,
    judge: str,
    model: str | None,
    inconsistent: Inconsistent = "half",
    watched: Rate | None = None,
    placed: int | None = None,
) -> Summary:
    """All figures of a comparison; with no outcomes, zeros and empty rates.

    `placed`: the figures of position rest on the first so many outcomes only.
    """
    n = counts(outcomes)
    scores = mean_scores(outcomes)
    return Summary(
        a=a,
        b=b,
        judge=judge,
        model=model,
        cases=n.cases,
        wins_a=n.wins_a,
        wins_b=n.wins_b,
        ties=n.ties,
        inconsistent=n.inconsistent,
        undecided=n.undecided,
        identical=n.identical,
        win_rate_a=win_rate(outcomes, inconsistent),
        win_rate_mean_a=win_rate_mean(outcomes),
        bounds_a=bounds(outcomes, inconsistent),
        position=positions(outcomes[:placed]),
        statuses=statuses(outcomes),
        mean_score_a=scores[0] if scores else None,
        mean_score_b=scores[1] if scores else None,
        prompts=len({o.cluster for o in outcomes if counted(o, inconsistent) is not None}),
        prompts_asked=len({o.cluster for o in outcomes}),
        watched_a=watched,
    )


def statuses(outcomes: Iterable[Outcome]) -> dict[str, int]:
    """How many trials ended how: every status by name, zeros too."""
    total = {status.value: 0 for status in Status}
    for outcome in outcomes:
        for status, n in outcome.statuses.items():
            total[status] += n
    return total
