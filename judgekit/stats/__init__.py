"""Metrics from outcomes, as pure functions.

What this package exports needs the standard library alone; modules that need numpy are imported
by their own names.
"""

from judgekit.stats.intervals import Rate, clustered_mean, clustered_rate, expected_half_width
from judgekit.stats.outcomes.values import Inconsistent, statuses
from judgekit.stats.position import Positions, positions
from judgekit.stats.summaries.adaptive import AdaptiveMetrics
from judgekit.stats.summaries.comparison import Summary, summarise
from judgekit.stats.summaries.document import sentence
from judgekit.stats.summaries.jury import JurorMetrics, JuryMetrics
from judgekit.stats.summaries.ranking import ModelRank, RankingSummary, summarise_rankings
from judgekit.stats.summaries.scores import Bin, ScoreSummary, histogram, summarise_scores
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
    "AdaptiveMetrics",
    "Bin",
    "Bounds",
    "Counts",
    "Inconsistent",
    "JurorMetrics",
    "JuryMetrics",
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
    "sentence",
    "statuses",
    "summarise",
    "summarise_rankings",
    "summarise_scores",
    "win_rate",
    "win_rate_mean",
]
