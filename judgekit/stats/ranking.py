"""The summary of a run that ranked n responses: what `judgekit rank` reports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from judgekit.stats.interval import Rate, clustered_mean, clustered_rate
from judgekit.stats.position import Positions, positions
from judgekit.stats.winrate import Inconsistent, counts_for_rate
from judgekit.types import Outcome, Ranking, Status

__all__ = ["ModelRank", "RankingSummary", "summarise_rankings"]


@dataclass(frozen=True, slots=True)
class ModelRank:
    """One model over the cases in which it has an answer; `mean_score` is on the scale's unit."""

    model: str
    cases: int
    mean_rank: Rate
    mean_score: Rate


@dataclass(frozen=True, slots=True)
class RankingSummary:
    """A run of rankings: cases = complete + incomplete, `identical` ones are among the complete.

    `responses` counts answers, `comparisons` the pairs of different answers, `statuses` trials.
    `models` and `win_rates` are empty where a case holds two answers of one model. `win_rates[i]
    [j]` is the win rate of model i against j, as a comparison of these two gives it, None where
    they never met. `scale` is None, and no score averaged, where the cases' scales differ.
    `position` is over comparisons.
    """

    SCHEMA: ClassVar = "judgekit.ranking/1"

    judge: str
    model: str | None
    cases: int
    complete: int
    incomplete: int
    identical: int
    responses: int
    comparisons: int
    scale: str | None
    models: tuple[ModelRank, ...]
    win_rates: tuple[tuple[Rate | None, ...], ...]
    position: Positions
    statuses: Mapping[str, int]

    def as_dict(self) -> dict[str, Any]:
        """What `summary.json` holds: plain dicts, numbers and texts, with the `sentence`.

        `position` holds the shares alone, `position_intervals` their intervals.
        """
        plain = {"schema": self.SCHEMA, "sentence": sentence(self), **asdict(self)}
        rates: dict[str, dict[str, float | None]] = plain["position"]
        plain["position"] = {name: rate.pop("value") for name, rate in rates.items()}
        plain["position_intervals"] = rates
        return plain


def summarise_rankings(
    rankings: Sequence[Ranking],
    *,
    judge: str,
    model: str | None,
    inconsistent: Inconsistent = "half",
) -> RankingSummary:
    """All figures of a run of rankings; models stand in the order in which cases name them."""
    complete = sum(r.complete for r in rankings)
    scales = {r.scale for r in rankings}
    scale = scales.pop() if len(scales) == 1 else None
    names = names_of(rankings)
    shown = [outcome for r in rankings for outcome in different(r)]
    return RankingSummary(
        judge=judge,
        model=model,
        cases=len(rankings),
        complete=complete,
        incomplete=len(rankings) - complete,
        identical=sum(r.identical for r in rankings),
        responses=sum(len(r.ranks) for r in rankings),
        comparisons=len(shown),
        scale=scale,
        models=tuple(model_rank(rankings, name, scored=scale is not None) for name in names),
        win_rates=tuple(
            tuple(None if a == b else win_rate_between(rankings, a, b, inconsistent) for b in names)
            for a in names
        ),
        position=positions(shown),
        statuses={s.value: sum(r.statuses.get(s.value, 0) for r in rankings) for s in Status},
    )


def names_of(rankings: Sequence[Ranking]) -> list[str]:
    """The models, where each case tells its responses apart by them."""
    if any(len(set(r.models)) < len(r.models) for r in rankings):
        return []
    return list(dict.fromkeys(name for r in rankings for name in r.models))


def different(ranking: Ranking) -> Iterator[Outcome]:
    """The comparisons that the judge was asked for: of answers that are the same text, once."""
    for (i, j), outcome in ranking.comparisons.items():
        if (ranking.originals[i], ranking.originals[j]) == (i, j):
            yield outcome


def model_rank(rankings: Sequence[Ranking], name: str, *, scored: bool) -> ModelRank:
    """A model's mean rank and score; a case in which it has none is left out of the mean."""
    own = [(r, r.models.index(name)) for r in rankings if name in r.models]
    ranks = [(r.cluster, float(rank), 1.0) for r, i in own if (rank := r.ranks[i]) is not None]
    scores = [(r.cluster, score, 1.0) for r, i in own if (score := r.scores[i]) is not None]
    return ModelRank(
        name, len(own), clustered_mean(ranks), clustered_mean(scores) if scored else Rate()
    )


def win_rate_between(
    rankings: Sequence[Ranking], a: str, b: str, inconsistent: Inconsistent
) -> Rate | None:
    """a's win rate against b over the cases in which both have an answer, ties counting half."""
    met = [
        (r, i, j)
        for r in rankings
        if a in r.models and b in r.models
        for i, j in ((r.models.index(a), r.models.index(b)),)
    ]
    observations = []
    for r, i, j in met:
        outcome = r.comparisons[min(i, j), max(i, j)]
        if counts_for_rate(outcome, inconsistent):
            winner = outcome.winner
            won = 0.5 if not isinstance(winner, int) else float(winner == (0 if i < j else 1))
            observations.append((r.cluster, won, 1.0))
    return clustered_rate(observations) if met else None


def sentence(summary: RankingSummary) -> str:
    """Which model is best, or from which it is not told apart; then what to beware of."""
    said = _result(summary)
    if summary.incomplete:
        said += f"; comparisons without a verdict in {summary.incomplete} of {_cases(summary)}"
    return said


def _result(summary: RankingSummary) -> str:
    if not summary.cases:
        return "nothing to rank: there are no cases"
    if not summary.models:
        return f"{summary.responses} answers ranked in {_cases(summary)}"
    ranked = [m for m in summary.models if m.mean_rank.value is not None]
    if not ranked:
        return f"no result: no answer has a rank in {_cases(summary)}"
    best = min(ranked, key=lambda m: m.mean_rank.value or 0.0)
    row = summary.win_rates[summary.models.index(best)]
    level = [
        other.model
        for other, rate in zip(summary.models, row, strict=True)
        if other is not best and (rate is None or rate.low is None or rate.low <= 0.5)
    ]
    mean = f"a mean rank of {best.mean_rank.value:.2f}"
    if not level:
        return f"{best.model} is best, with {mean}: it wins against each of the others"
    names = ", ".join(level)
    return f"undecided: {best.model} is ahead with {mean}, but not told apart from {names}"


def _cases(summary: RankingSummary) -> str:
    return f"{summary.cases} case{'s' * (summary.cases != 1)}"
