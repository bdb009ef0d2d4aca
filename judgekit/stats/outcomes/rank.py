"""rank: judgements of n responses → a ranking.

Every two responses are folded as a comparison of these two, so a ranking of two says what
`judgekit compare` says. Of a judge of pairs, response i scores

    score_i = mean over j of (C_ij - C_ji), over all n responses, i itself with 0

which is PairRM's own rule (Jiang, Ren & Lin 2023, LLM-Blender, arXiv 2306.02561; `rank` of its
published code), C_ij being what the judge gave the first shown where i was shown before j. Where
the orders merge by the mean and every verdict has a probability, C is its log-odds: a judge that
makes its probability of a logit gets that logit back, to the precision of a double. Means of
probabilities would not do: they rank four responses otherwise in 6 to 15 of 100 random cases,
because a sigmoid flattens what is far apart. Of any other judge C is the probability, or 1, 1/2
and 0 of a choice. A judge of single answers ranks by its mean scores.

A pair with a showing that is not valid is unknown: the scores of its two responses go over what
else is known, and the ranking is not `complete`. Responses that are the same text are tied and
share every verdict.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from math import fsum, log, log1p
from typing import Literal

from judgekit.stats.outcomes.fold import (
    fold,
    identical_outcome,
    is_choice,
    is_score,
    sift,
    value_of_first,
)
from judgekit.stats.outcomes.lean import TOLERANCE, Merge
from judgekit.stats.outcomes.values import mirror
from judgekit.types import Case, Judgement, Outcome, Pair, Ranking, Verdict

__all__ = ["of_two", "rank", "ranks_of"]

Scale = Literal["points", "log_odds", "lead"]

NEAREST = 2.0**-53  # the nearest to 1 that a double comes: log-odds of 36.7


def rank(
    case: Case,
    judgements: Sequence[Judgement],
    *,
    arity: int,
    merge: Merge = "agree",
    tie_margin: float = 0.0,
    both_orders: bool = True,
    games: Collection[Pair] | None = None,
) -> Ranking:
    """One case's ranking from all its judgements, shown as `Plan` does with this `arity`.

    Args:
        case: Of two or more responses.
        judgements: All of the case, in any order.
        arity: How many responses a trial shows: 1 or 2.
        merge: As of `fold`.
        tie_margin: Scores of single answers no farther apart share a rank.
        both_orders: As of `fold`.
        games: The pairs that were to be compared; None: every two.

    Raises:
        ValueError: Fewer than two responses, or a pair without any judgement.
    """
    if len(case.responses) < 2:
        raise ValueError(f"case {case.id!r} has one response; a ranking takes two or more")
    pairs = sorted(combinations(range(len(case.responses)), 2) if games is None else games)
    of_pair = between_each(case, pairs, judgements, arity)
    both = both_orders and arity == 2
    folded = fold_pairs(case, of_pair, merge=merge, tie_margin=tie_margin, both_orders=both)
    compared = {pair: between(case, pair, folded) for pair in pairs}
    statuses, valid = sift(judgements, is_choice if arity == 2 else is_score)
    scale = scale_of(valid, arity, merge)
    scores = points(case, compared) if scale == "points" else leads(case, of_pair, folded, scale)
    beats = matrix(len(scores), compared)
    return Ranking(
        case=case.id,
        cluster=case.cluster or case.id,
        models=tuple(response.model for response in case.responses),
        ranks=(1,) * len(scores) if case.identical else ranks_of(scores, tie_margin),
        scores=scores,
        scale=scale,
        complete=not any(cell is None for row in beats for cell in row),
        beats=beats,
        comparisons=compared,
        originals=case.originals,
        statuses=statuses,
        category=case.category,
    )


def fold_pairs(
    case: Case,
    of_pair: Mapping[Pair, Sequence[Judgement]],
    *,
    merge: Merge,
    tie_margin: float,
    both_orders: bool,
) -> dict[Pair, Outcome]:
    """The outcome of every two responses that were shown, from their judgements."""
    return {
        pair: replace(  # criteria are of one response; its judgements keep them
            fold(
                of_two(case, pair), js, merge=merge, tie_margin=tie_margin, both_orders=both_orders
            ),
            criteria=(),
        )
        for pair, js in of_pair.items()
    }


def ranks_of(scores: Sequence[float | None], tie_margin: float = 0.0) -> tuple[int | None, ...]:
    """1 + how many score higher by more than `tie_margin`; None without a score."""
    numbers = [score for score in scores if score is not None]
    beyond = tie_margin + TOLERANCE
    return tuple(
        None if score is None else 1 + sum(other - score > beyond for other in numbers)
        for score in scores
    )


def of_two(case: Case, pair: Pair) -> Case:
    """The case as if it held these two responses only."""
    return replace(case, responses=tuple(case.responses[i] for i in pair))


def between_each(
    case: Case, pairs: Iterable[Pair], judgements: Sequence[Judgement], arity: int
) -> dict[Pair, list[Judgement]]:
    """For every two responses that were shown, their judgements as trials of these two alone.

    Of responses that are the same text only the first was shown.
    """
    originals = [sorted({case.originals[i], case.originals[j]}) for i, j in pairs]
    shown: dict[tuple[int, ...], list[Judgement]] = {}
    for judgement in judgements:
        shown.setdefault(judgement.trial.order, []).append(judgement)
    of_pair = {}
    for i, j in sorted({(pair[0], pair[1]) for pair in originals if len(pair) == 2}):
        two = of_two(case, (i, j))
        orders: dict[tuple[int, ...], tuple[int, ...]] = (
            {(i,): (0,), (j,): (1,)} if arity == 1 else {(i, j): (0, 1), (j, i): (1, 0)}
        )
        of_pair[i, j] = [
            replace(judgement, trial=replace(judgement.trial, case=two, order=order))
            for was, order in orders.items()
            for judgement in shown.get(was, ())
        ]
    return of_pair


def between(case: Case, pair: Pair, folded: Mapping[Pair, Outcome]) -> Outcome:
    """The outcome of two responses, also of those that are the same text as another."""
    one, other = (case.originals[i] for i in pair)
    if one == other:
        return identical_outcome(case)
    return folded[one, other] if one < other else mirror(folded[other, one])


def scale_of(valid: Sequence[Judgement], arity: int, merge: Merge) -> Scale:
    """The unit of the scores."""
    if arity == 1:
        return "points"
    soft = all(j.verdict.probability is not None for j in valid)
    return "log_odds" if merge == "mean" and soft else "lead"


def points(case: Case, compared: Mapping[Pair, Outcome]) -> tuple[float | None, ...]:
    """Each response's mean score, where more than half of its repeats have one."""
    scores: dict[int, float | None] = {}
    for pair, outcome in compared.items():
        scores |= zip(pair, outcome.scores, strict=False)  # none where the two are the same text
    return tuple(scores.get(i) for i in range(len(case.responses)))


def leads(
    case: Case,
    of_pair: Mapping[Pair, Sequence[Judgement]],
    folded: Mapping[Pair, Outcome],
    scale: Scale,
) -> tuple[float | None, ...]:
    """Each response's mean lead over the others, by the judgements of pairs.

    Near 0 and 1 the log-odds of probabilities that `fold` takes as equal lie far apart: who ties
    there leads by nothing here.
    """
    strength = log_odds_of_first if scale == "log_odds" else lead_of_first
    ahead_of = {
        pair: 0.0
        if scale == "log_odds" and folded[pair].winner == "tie"
        else lead(judgements, strength)
        for pair, judgements in of_pair.items()
        if folded[pair].decided
    }
    leads_of: dict[int, list[float]] = {}
    alike = Counter(case.originals)
    for (i, j), ahead in ahead_of.items():  # as often as there are answers of this text
        leads_of.setdefault(i, []).extend([ahead] * alike[j])
        leads_of.setdefault(j, []).extend([-ahead] * alike[i])
    return tuple(
        score(leads_of.get(original, ()), alike[original], len(case.responses))
        for original in case.originals
    )


def log_odds_of_first(verdict: Verdict) -> float:
    """The logit behind the probability, which is between 0 and 1."""
    p = min(max(value_of_first(verdict, soft=True), NEAREST), 1 - NEAREST)
    return log(p) - log1p(-p)


def lead_of_first(verdict: Verdict) -> float:
    """Half of how far the first shown is ahead, in -1/2 to 1/2."""
    return value_of_first(verdict, soft=True) - 0.5


def lead(judgements: Sequence[Judgement], strength: Callable[[Verdict], float]) -> float:
    """C_01 - C_10 of a decided pair; shown in one order, the other is taken to mirror it."""
    _, valid = sift(judgements, is_choice)
    of_order: dict[bool, list[float]] = {}
    for judgement in valid:
        swapped = judgement.trial.order[0] == 1
        value = strength(judgement.verdict)
        of_order.setdefault(swapped, []).append(-value if swapped else value)
    means = [fsum(values) / len(values) for values in of_order.values()]
    return 2 * fsum(means) / len(means)


def score(leads: Sequence[float], alike: int, responses: int) -> float | None:
    """The mean of a response's known leads, with 0 over itself and each that is `alike`.

    None where that is all there is, and there are others.
    """
    if not leads and alike < responses:
        return None
    return fsum(leads) / (len(leads) + alike)


def matrix(size: int, compared: Mapping[Pair, Outcome]) -> tuple[tuple[float | None, ...], ...]:
    """The probability that each is better than each."""
    cells: list[list[float | None]] = [[None] * size for _ in range(size)]
    for i in range(size):
        cells[i][i] = 0.5
    for (i, j), outcome in compared.items():
        probability = outcome.mean if outcome.decided else None
        cells[i][j] = probability
        cells[j][i] = None if probability is None else 1 - probability
    return tuple(map(tuple, cells))
