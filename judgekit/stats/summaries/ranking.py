"""The summary of a run that ranked n responses: what `judgekit rank` reports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from judgekit.stats.intervals import Rate, clustered_mean, clustered_rate
from judgekit.stats.metric import metric
from judgekit.stats.outcomes.values import Inconsistent, counted, statuses
from judgekit.stats.position import Positions, positions
from judgekit.stats.ratings import Game, Ratings
from judgekit.stats.summaries.context import RunContext
from judgekit.types import Outcome, Ranking, RunKind

__all__ = ["ModelRank", "RankingSummary", "games_of", "summarise_rankings"]


@dataclass(frozen=True, slots=True)
class ModelRank:
    """One model over the cases in which it has an answer."""

    model: str = field(metadata=metric("the model's name"))
    cases: int = field(metadata=metric("the cases in which the model has an answer", unit="cases"))
    mean_rank: Rate = field(
        metadata=metric(
            "the model's mean rank; 1 is best, ties share the better rank",
            unit="rank",
            denominator="cases in which the model has a rank",
        )
    )
    mean_score: Rate = field(
        metadata=metric(
            "the model's mean score, in the unit that `scale` names",
            denominator="cases in which the model has a score",
        )
    )


@dataclass(frozen=True, slots=True, repr=False)
class RankingSummary(RunContext):
    """A run of rankings: ``cases = complete + incomplete``.

    `models` and `win_rates` are empty where a case holds two answers of one model. Whom a model
    met in a run that chose its games was chosen to be close, so a mean over its games says little:
    such a run has `ratings`, and no mean ranks and scores.
    """

    SCHEMA: ClassVar[str] = "judgekit.ranking/1"
    KIND: ClassVar[RunKind] = "rank"
    BRIEF: ClassVar[tuple[str, ...]] = ("judge", "cases", "complete")

    judge: str = field(metadata=metric("the judge's name"))
    model: str | None = field(
        metadata=metric("the model that judged; null of judges that ask none")
    )
    cases: int = field(metadata=metric("the cases that were ranked", unit="cases"))
    complete: int = field(
        metadata=metric("the cases whose comparisons all have a verdict", unit="cases")
    )
    incomplete: int = field(
        metadata=metric("the cases with a comparison that has no verdict", unit="cases")
    )
    identical: int = field(
        metadata=metric(
            "the complete cases whose answers are all the same text; no judge saw them",
            unit="cases",
        )
    )
    responses: int = field(metadata=metric("the answers of all cases", unit="answers"))
    comparisons: int = field(
        metadata=metric("the pairs of different answers that were compared", unit="pairs")
    )
    scale: str | None = field(
        metadata=metric(
            "the unit of scores: points, log_odds or lead (-1 to 1); null where cases differ"
        )
    )
    models: tuple[ModelRank, ...] = field(metadata=metric("the models, as the cases name them"))
    win_rates: tuple[tuple[Rate | None, ...], ...] = field(
        metadata=metric(
            "row i, column j: the win rate of model i against model j, ties counting half; null "
            "where they never met",
            unit="share",
            denominator="cases in which both models were compared and have a verdict",
        )
    )
    position: Positions = field(metadata=metric("what the position of an answer does"))
    statuses: Mapping[str, int] = field(metadata=metric("how the trials ended", unit="trials"))
    ratings: Ratings | None = field(
        default=None,
        metadata=metric("Bradley-Terry ratings of a run with --games; null otherwise"),
    )


def summarise_rankings(
    rankings: Sequence[Ranking],
    *,
    judge: str,
    model: str | None,
    inconsistent: Inconsistent = "half",
    ratings: Ratings | None = None,
) -> RankingSummary:
    """All metrics of a run of rankings.

    Args:
        rankings: One per case; models are listed in the order in which these name them.
        judge: The judge's name.
        model: The model that judged, where the judge asks one.
        inconsistent: What a comparison counts for in which the two orders disagree.
        ratings: Of the same games, where the run chose which models met.

    Returns:
        The summary without what only a run knows: what was planned, and why it ended.
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
        statuses=statuses(rankings),
        ratings=ratings,
    )


def games_of(ranking: Ranking, inconsistent: Inconsistent) -> Iterator[Game]:
    """The comparisons of two models that count, as `ratings` takes them."""
    for (i, j), outcome in ranking.comparisons.items():
        v = counted(outcome, inconsistent)
        if v is not None and ranking.models[i] != ranking.models[j]:
            yield ranking.cluster, ranking.models[i], ranking.models[j], v


def names_of(rankings: Sequence[Ranking]) -> list[str]:
    """The models, if they identify the responses of every case."""
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
    places = [(r, r.models.index(name)) for r in rankings if name in r.models]
    ranks = [(r.cluster, float(rank), 1.0) for r, i in places if (rank := r.ranks[i]) is not None]
    scores = [(r.cluster, score, 1.0) for r, i in places if (score := r.scores[i]) is not None]
    return ModelRank(
        name, len(places), clustered_mean(ranks), clustered_mean(scores) if scored else Rate()
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
