"""The sentence of a ranking's summary."""

from __future__ import annotations

from collections.abc import Sequence

from judgekit.stats.ratings import Ratings
from judgekit.stats.summaries.ranking import RankingSummary

__all__ = ["ranking_sentence"]

NAMED = 8  # models in a sentence


def ranking_sentence(summary: RankingSummary) -> str:
    """Which model is best, or which others may be; then what to beware of."""
    result = _result(summary)
    if summary.incomplete:
        result += f"; comparisons without a verdict in {summary.incomplete} of {_cases(summary)}"
    return result


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
    return _inconclusive(best.model, mean, level)


def _by_ratings(ratings: Ratings) -> str:
    if ratings.reason:
        return f"no result: {ratings.reason}"
    best, *others = ratings.models
    lead = f"a rating of {best.rating:.0f}"
    level = [m.model for m in others if (m.best_rank or 1) == 1]
    if best.worst_rank == 1 and not level:
        return f"{best.model} is best, with {lead}: its interval of ranks is 1 alone"
    level = level or [others[0].model]
    return _inconclusive(best.model, lead, level)


def _inconclusive(best: str, lead: str, level: Sequence[str]) -> str:
    return f"inconclusive: {best} is ahead with {lead}, but not distinguished from {_names(level)}"


def _names(models: Sequence[str]) -> str:
    """All of a few names, the first of many."""
    more = len(models) - NAMED
    return ", ".join(models[:NAMED]) + (f" and {more} more" if more > 0 else "")


def _cases(summary: RankingSummary) -> str:
    return f"{summary.cases} case{'s' * (summary.cases != 1)}"
