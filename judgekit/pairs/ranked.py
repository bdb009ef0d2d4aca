"""Which two answers of a ranking make a pair."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

from judgekit.pairs.judged_pair import JudgedPair, mean_probability
from judgekit.runs import CaseResult
from judgekit.stats.outcomes.rank import of_two
from judgekit.stats.outcomes.values import mirror
from judgekit.types import Outcome, Ranking

__all__ = ["Pairing", "pairs_of_ranking"]

Pairing = Literal["best-worst", "all"]
"""The best of a ranking against its worst, or each of its answers against each."""


def pairs_of_ranking(result: CaseResult, pairing: Pairing) -> Iterator[JudgedPair]:
    """The comparisons of two answers that a ranking holds.

    Args:
        result: A case with its ranking and judgements.
        pairing: ``best-worst`` gives one pair, which rests on all judgements. It has no verdict
            unless the ranking is complete, is a tie where both have one rank, and has no winner
            where the worst beat the best. ``all`` gives a pair for every two answers, on their own
            judgements; an answer with the text of an earlier one shares its judgements, and the
            two are identical.

    Raises:
        TypeError: The result is of a comparison.
    """
    ranking = result.outcome
    if not isinstance(ranking, Ranking):
        raise TypeError(f"the case {result.case.id!r} has no ranking")
    if pairing == "best-worst":
        yield best_and_worst(result, ranking)
        return
    for (i, j), outcome in ranking.comparisons.items():
        shown = one, other = ranking.originals[i], ranking.originals[j]
        if shown != (i, j):
            outcome = replace(outcome, identical=True)
        ids = [
            stored.id
            for stored in result.stored
            if set(stored.judgement.trial.order) <= {one, other}
        ]
        probability = mean_probability(result.judgements, shown)
        yield JudgedPair(of_two(result.case, (i, j)), outcome, tuple(ids), probability)


def best_and_worst(result: CaseResult, ranking: Ranking) -> JudgedPair:
    """The pair of the best and the worst answer."""
    best, worst = ends(ranking)
    outcome = comparison_of(ranking, best, worst)
    if not ranking.complete:
        outcome = replace(outcome, winner=None, decided=False)
    elif ranking.ranks[best] == ranking.ranks[worst]:
        outcome = replace(outcome, winner="tie")
    elif outcome.winner == 1:
        outcome = replace(outcome, winner=None)
    shown = ranking.originals[best], ranking.originals[worst]
    return JudgedPair(
        of_two(result.case, (best, worst)),
        outcome,
        result.judgement_ids,
        mean_probability(result.judgements, shown),
    )


def ends(ranking: Ranking) -> tuple[int, int]:
    """The best and the worst response; of several, the first one in the case."""
    order = ranking.best_first
    last = max(rank or 0 for rank in ranking.ranks)
    worst = next((i for i in order if ranking.ranks[i] == last), order[-1])
    return order[0], worst if worst != order[0] else order[-1]


def comparison_of(ranking: Ranking, one: int, other: int) -> Outcome:
    """The outcome of two responses with `one` as its response 0."""
    if one < other:
        return ranking.comparisons[one, other]
    return mirror(ranking.comparisons[other, one])
