"""The summary of a run that ranked n responses: what `judgekit rank` reports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from judgekit.stats.intervals import Rate, clustered_mean, clustered_rate
from judgekit.stats.outcomes.values import Inconsistent, counted
from judgekit.stats.position import Positions, positions
from judgekit.types import Outcome, Ranking, Status

if TYPE_CHECKING:
    from judgekit.stats.bradley_terry import Game, Ratings

__all__ = ["ModelRank", "RankingSummary", "games_of", "summarise_rankings"]

NAMED = 8  # models in a sentence


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

    A case is incomplete where a comparison that was asked for has no verdict. `responses` counts
    answers, `comparisons` the pairs of different answers, `statuses` trials. `models` and
    `win_rates` are empty where a case holds two answers of one model. `win_rates[i][j]` is the win
    rate of model i against j, as a comparison of these two gives it, None where they never met.
    `scale` is None, and no score averaged, where the cases' scales differ. `position` is over
    comparisons. `ratings`: of a run that chose its games. Whom a model met was chosen to be close
    there, so a mean over its games says little, and there are no mean ranks and scores.
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
    ratings: Ratings | None = None

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
    ratings: Ratings | None = None,
) -> RankingSummary:
    """All figures of a run of rankings; models stand in the order in which cases name them.

    `ratings`: of the same games, where the run chose between whom they were.
    """
    complete = sum(all(o.decided for o in r.comparisons.values()) for r in rankings)
    scales = {r.scale for r in rankings}
    scale = scales.pop() if len(scales) == 1 else None
    names = names_of(rankings)
    if ratings is not None:  # those that were in no game, too
        names += [m.model for m in ratings.models if m.model not in names]
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
        models=tuple(
            ModelRank(name, sum(name in r.models for r in rankings), Rate(), Rate())
            if ratings is not None
            else model_rank(rankings, name, scored=scale is not None)
            for name in names
        ),
        win_rates=win_rates(rankings, names, inconsistent),
        position=positions(shown),
        statuses={s.value: sum(r.statuses.get(s.value, 0) for r in rankings) for s in Status},
        ratings=ratings,
    )


def games_of(ranking: Ranking, inconsistent: Inconsistent) -> Iterator[Game]:
    """The comparisons of two models that count, as `ratings` takes them."""
    for (i, j), outcome in ranking.comparisons.items():
        v = counted(outcome, inconsistent)
        if v is not None and ranking.models[i] != ranking.models[j]:
            yield ranking.cluster, ranking.models[i], ranking.models[j], v


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


def win_rates(
    rankings: Sequence[Ranking], names: Sequence[str], inconsistent: Inconsistent
) -> tuple[tuple[Rate | None, ...], ...]:
    """Each model's win rate against each over the cases that compare the two, ties half."""
    met: dict[tuple[str, str], list[tuple[str, float, float]]] = {}
    for r in rankings if names else ():
        for (i, j), outcome in r.comparisons.items():
            one, other = (
                met.setdefault((r.models[x], r.models[y]), []) for x, y in ((i, j), (j, i))
            )
            if (won := counted(outcome, inconsistent)) is not None:
                one.append((r.cluster, won, 1.0))
                other.append((r.cluster, 1 - won, 1.0))
    return tuple(
        tuple(clustered_rate(met[a, b]) if (a, b) in met else None for b in names) for a in names
    )


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
    if summary.ratings is not None:
        return _by_ratings(summary.ratings)
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
    return f"undecided: {best.model} is ahead with {mean}, but not told apart from {_names(level)}"


def _by_ratings(ratings: Ratings) -> str:
    if ratings.reason:
        return f"no result: {ratings.reason}"
    best, *others = ratings.models
    lead = f"a rating of {best.rating:.0f}"
    level = [m.model for m in others if (m.best_rank or 1) == 1]
    if best.worst_rank == 1 and not level:
        return f"{best.model} is best, with {lead}: its interval of ranks is 1 alone"
    level = level or [others[0].model]
    return f"undecided: {best.model} is ahead with {lead}, but not told apart from {_names(level)}"


def _names(models: Sequence[str]) -> str:
    """All of a few names, the first of many."""
    more = len(models) - NAMED
    return ", ".join(models[:NAMED]) + (f" and {more} more" if more > 0 else "")


def _cases(summary: RankingSummary) -> str:
    return f"{summary.cases} case{'s' * (summary.cases != 1)}"
