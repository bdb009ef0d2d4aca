"""Figures from outcomes: pure functions, the standard library only."""

from judgekit.stats.intervals import Rate, clustered_mean, clustered_rate, expected_half_width
from judgekit.stats.outcomes.values import Inconsistent
from judgekit.stats.position import Positions, positions
from judgekit.stats.summaries.comparison import Summary, statuses, summarise
from judgekit.stats.summaries.ranking import ModelRank, RankingSummary, summarise_rankings
from judgekit.stats.summaries.scores import Bin, ScoreSummary, histogram, summarise_scores
from judgekit.stats.summaries.sentence import score_sentence, sentence, unjudged
from judgekit.stats.win_rate import (
    Bounds,
    Counts,
    bounds,
    counts,
    mean_scores,
    win_rate,
    win_rate_mean,
)

__all__ = [
    "Bin",
    "Bounds",
    "Counts",
    "Inconsistent",
    "ModelRank",
    "Positions",
    "RankingSummary",
    "Rate",
    "ScoreSummary",
    "Summary",
    "bounds",
    "clustered_mean",
    "clustered_rate",
    "counts",
    "expected_half_width",
    "histogram",
    "mean_scores",
    "positions",
    "score_sentence",
    "sentence",
    "statuses",
    "summarise",
    "summarise_rankings",
    "summarise_scores",
    "unjudged",
    "win_rate",
    "win_rate_mean",
]
