"""``summary.json``: a summary with its sentence, as it is written and read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from judgekit.stats.summaries.comparison import Summary
from judgekit.stats.summaries.ranking import RankingSummary
from judgekit.stats.summaries.ranking_sentence import ranking_sentence
from judgekit.stats.summaries.scores import ScoreSummary
from judgekit.stats.summaries.sentence import comparison_sentence, score_sentence, unjudged
from judgekit.types import RunKind

__all__ = ["AnySummary", "document", "read_summary", "sentence"]

AnySummary = Summary | ScoreSummary | RankingSummary

OF_KIND: Mapping[RunKind, type[AnySummary]] = {
    summary.KIND: summary for summary in (Summary, ScoreSummary, RankingSummary)
}


def sentence(summary: AnySummary) -> str:
    """What a summary means, in one plain sentence.

    Args:
        summary: Of any kind of run, finished or stopped.

    Returns:
        Who is better or how far that is from decided, then warnings, separated by semicolons.
    """
    if summary.stop is not None and not summary.cases:
        planned = summary.cases_planned or 0
        return unjudged(planned, planned, summary.stop.text)
    match summary:
        case Summary():
            return comparison_sentence(summary)
        case ScoreSummary():
            return score_sentence(summary)
        case RankingSummary():
            return ranking_sentence(summary)


def document(summary: AnySummary) -> dict[str, Any]:
    """What ``summary.json`` holds.

    Args:
        summary: Of any kind of run, finished or stopped.
    """
    payload = summary.to_dict()
    return {"schema": payload.pop("schema"), "sentence": sentence(summary), **payload}


def read_summary(payload: Mapping[str, Any], kind: RunKind) -> AnySummary:
    """The summary that `document` made `payload` from, in this release or the one before.

    Args:
        payload: What a run's ``summary.json`` holds.
        kind: The kind of the run.

    Raises:
        KeyError, TypeError, ValueError: `payload` is no summary of this kind.
    """
    return OF_KIND[kind].from_dict(payload)
