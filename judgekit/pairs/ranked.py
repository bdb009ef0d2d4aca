"""Which two answers of a ranking make a pair."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Literal

from judgekit import runs
from judgekit.stats.outcomes.rank import of_two
from judgekit.stats.outcomes.values import mirror
from judgekit.types import Case, Outcome, Ranking

__all__ = ["Pairing", "duels", "duels_of_run"]

Pairing = Literal["best-worst", "all"]
"""The best of a ranking against its worst, or each of its answers against each."""

Duel = tuple[Case, tuple[Outcome, Sequence[str]]]
"""A case of the two answers, its outcome, and the ids of the judgements that it rests on."""


def duels_of_run(folder: Path, pairing: Pairing) -> Iterator[Duel]:
    """The duels of a ranking run's cases, in order. ValueError where its files do not match."""
    rows = runs.read_rows(folder / "judgements.jsonl")
    for case, (ranking, ids) in zip(
        runs.read_cases(folder), runs.read_rankings(folder), strict=True
    ):
        own = list(islice(rows, len(ids)))
        if ranking.case != case.id or [row["id"] for row in own] != [*ids]:
            raise ValueError(f"the case {case.id!r} lacks its own ranking or judgements")
        shown = [(row["id"], row["order"]) for row in own]
        yield from duels(case, ranking, shown, pairing)


def duels(
    case: Case, ranking: Ranking, shown: Iterable[tuple[str, Sequence[int]]], pairing: Pairing
) -> Iterator[Duel]:
    """Comparisons of two, as `preference_pairs` takes them, out of a ranking.

    `shown`: each judgement's id and the responses that it showed. ``best-worst`` gives one, which
    rests on all judgements: undecided unless the ranking is complete, a tie where both have one
    rank, and without a winner where the worst won against the best. ``all`` gives one for every
    two, on their own judgements; those of an answer that is the same text as an earlier one count
    as identical, because the earlier one's stand for them.
    """
    shown = list(shown)
    if pairing == "best-worst":
        best, worst = ends(ranking)
        outcome = oriented(ranking, best, worst)
        if not ranking.complete:
            outcome = replace(outcome, winner=None, decided=False)
        elif ranking.ranks[best] == ranking.ranks[worst]:
            outcome = replace(outcome, winner="tie")
        elif outcome.winner == 1:
            outcome = replace(outcome, winner=None)
        yield of_two(case, (best, worst)), (outcome, [name for name, _ in shown])
        return
    for (i, j), outcome in ranking.comparisons.items():
        one, other = ranking.originals[i], ranking.originals[j]
        if (one, other) != (i, j):
            outcome = replace(outcome, identical=True)
        ids = [name for name, order in shown if set(order) <= {one, other}]
        yield of_two(case, (i, j)), (outcome, ids)


def ends(ranking: Ranking) -> tuple[int, int]:
    """The best and the worst response: of several, the one that stands first."""
    order = ranking.best_first
    last = max(rank or 0 for rank in ranking.ranks)
    worst = next((i for i in order if ranking.ranks[i] == last), order[-1])
    return order[0], worst if worst != order[0] else order[-1]


def oriented(ranking: Ranking, one: int, other: int) -> Outcome:
    """The outcome of two responses with `one` as its response 0."""
    if one < other:
        return ranking.comparisons[one, other]
    return mirror(ranking.comparisons[other, one])
