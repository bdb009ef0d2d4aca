"""What each line of a run's files holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from judgekit.types import Case, Judgement, Message, Outcome, Ranking

__all__ = ["SCHEMA", "case_row", "judgement_row", "outcome_row"]

SCHEMA = 1


def case_row(case: Case) -> dict[str, Any]:
    row: dict[str, Any] = {
        "schema": SCHEMA,
        "id": case.id,
        "cluster": case.cluster,
        "prompt": [message_row(m) for m in case.prompt],
        "responses": [
            {"model": r.model, "text": r.text} | ({"earlier": r.earlier} if r.earlier else {})
            for r in case.responses
        ],
    }
    if case.reference is not None:
        row["reference"] = case.reference
    if case.earlier_references:
        row["earlier_references"] = case.earlier_references
    if case.category is not None:
        row["category"] = case.category
    return row


def message_row(message: Message) -> dict[str, str]:
    row = {"role": message.role, "content": message.content}
    return row | {"tool_calls": message.tool_calls} if message.tool_calls else row


def judgement_row(judgement_id: str, judgement: Judgement) -> dict[str, Any]:
    trial, verdict = judgement.trial, judgement.verdict
    return {
        "schema": SCHEMA,
        "id": judgement_id,
        "case": trial.case.id,
        "order": trial.order,
        "names": trial.names,
        "repeat": trial.repeat,
        "status": verdict.status,
        "choice": verdict.choice,
        "score": verdict.score,
        "probability": verdict.probability,
        "reasoning": verdict.reasoning,
        "error": verdict.error,
        "calls": judgement.calls,
        "tokens_in": judgement.tokens_in,
        "tokens_out": judgement.tokens_out,
    }


def outcome_row(outcome: Outcome | Ranking, judgements: Sequence[str]) -> dict[str, Any]:
    if isinstance(outcome, Ranking):
        return ranking_row(outcome, judgements)
    return {
        "schema": SCHEMA,
        "case": outcome.case,
        "cluster": outcome.cluster,
        "category": outcome.category,
        "winner": outcome.winner,
        "decided": outcome.decided,
        "identical": outcome.identical,
        "position": outcome.position,
        "mean": outcome.mean,
        "margin": outcome.margin,
        "scores": outcome.scores,
        "statuses": outcome.statuses,
        "first": outcome.first,
        "second": outcome.second,
        "judgements": judgements,
    }


def ranking_row(ranking: Ranking, judgements: Sequence[str]) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "kind": "ranking",
        "case": ranking.case,
        "cluster": ranking.cluster,
        "category": ranking.category,
        "models": ranking.models,
        "ranks": ranking.ranks,
        "scores": ranking.scores,
        "scale": ranking.scale,
        "complete": ranking.complete,
        "beats": ranking.beats,
        "originals": ranking.originals,
        "comparisons": [comparison_row(*item) for item in ranking.comparisons.items()],
        "statuses": ranking.statuses,
        "judgements": judgements,
    }


def comparison_row(of: tuple[int, int], outcome: Outcome) -> dict[str, Any]:
    """Two responses of a ranking; the winner is named as the case names it."""
    return {
        "of": of,
        "winner": of[outcome.winner] if isinstance(outcome.winner, int) else outcome.winner,
        "decided": outcome.decided,
        "identical": outcome.identical,
        "position": outcome.position,
        "mean": outcome.mean,
        "margin": outcome.margin,
        "statuses": outcome.statuses,
        "first": outcome.first,
        "second": outcome.second,
    }
