"""What each line of a run's files holds: cases, judgements and outcomes as rows, and back.

What reads a row raises KeyError, TypeError or ValueError where that is damaged; the reader says
which file it is of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from judgekit.stats.outcomes.values import MaybeLabel
from judgekit.types import (
    Case,
    Choice,
    CriterionMean,
    CriterionVerdict,
    Judgement,
    Message,
    Outcome,
    Position,
    Ranking,
    Response,
    Status,
    Trial,
    Verdict,
)

__all__ = [
    "SCHEMA",
    "Row",
    "case_row",
    "judgement_row",
    "outcome_row",
    "read_case",
    "read_judgement",
    "read_outcome",
    "read_ranking",
]

Row = Mapping[str, Any]
"""A line of a run's file."""

SCHEMA = 1


def case_row(case: Case) -> dict[str, Any]:
    """A row of ``cases.jsonl``."""
    row: dict[str, Any] = {
        "schema": SCHEMA,
        "id": case.id,
        "cluster": case.cluster,
        "prompt": [message_row(m) for m in case.prompt],
        "responses": [
            {"model": r.model, "text": r.text}
            | ({"earlier": r.earlier} if r.earlier else {})
            | ({"messages": [message_row(m) for m in r.messages]} if r.messages else {})
            for r in case.responses
        ],
    }
    if case.reference is not None:
        row["reference"] = case.reference
    if case.earlier_references:
        row["earlier_references"] = case.earlier_references
    if case.category is not None:
        row["category"] = case.category
    if case.columns:
        row["columns"] = dict(case.columns)
    return row


def message_row(message: Message) -> dict[str, str]:
    """One message of a prompt."""
    row = {"role": message.role, "content": message.content}
    more = {"tool_calls": message.tool_calls, "extra": message.extra}
    return row | {name: text for name, text in more.items() if text}


def judgement_row(judgement_id: str, judgement: Judgement, judge: str = "") -> dict[str, Any]:
    """A row of ``judgements.jsonl``; `judge` names which of several judges it is of."""
    trial, verdict = judgement.trial, judgement.verdict
    row = {
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
    if verdict.label is not None:
        row["label"] = verdict.label
    if verdict.probabilities:
        row["probabilities"] = dict(verdict.probabilities)
    if verdict.criteria:
        row["criteria"] = [asdict(criterion) for criterion in verdict.criteria]
    return row | {"judge": judge} if judge else row


def outcome_row(
    outcome: Outcome | Ranking,
    judgements: Sequence[str],
    votes: Mapping[str, MaybeLabel] | None = None,
) -> dict[str, Any]:
    """A row of ``outcomes.jsonl``.

    Args:
        outcome: Of a comparison, a scored answer or a ranking.
        judgements: The ids of its judgements.
        votes: The label of each juror, by its name in the run, where several judged.
    """
    if isinstance(outcome, Ranking):
        return ranking_row(outcome, judgements)
    row: dict[str, Any] = {
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
    if outcome.criteria:
        row["criteria"] = [[asdict(c) for c in response] for response in outcome.criteria]
    if outcome.labels:
        row["labels"] = outcome.labels
    if outcome.probabilities:
        row["probabilities"] = outcome.probabilities
    return row | {"votes": dict(votes)} if votes else row


def ranking_row(ranking: Ranking, judgements: Sequence[str]) -> dict[str, Any]:
    """A row of ``outcomes.jsonl``, of a ranking."""
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


def read_case(row: Row) -> Case:
    """The case of a row of ``cases.jsonl``."""
    return Case(
        id=row["id"],
        prompt=read_messages(row["prompt"]),
        responses=tuple(
            Response(
                r["text"],
                r["model"],
                tuple(r.get("earlier", ())),
                read_messages(r.get("messages", ())),
            )
            for r in row["responses"]
        ),
        reference=row.get("reference"),
        category=row.get("category"),
        cluster=row["cluster"],
        earlier_references=tuple(row.get("earlier_references", ())),
        columns=tuple(
            (name, value if isinstance(value, str) else tuple(value))
            for name, value in row.get("columns", {}).items()
        ),
    )


def read_messages(rows: Sequence[Row]) -> tuple[Message, ...]:
    """The messages of a prompt, or of a conversation after it."""
    return tuple(
        Message(m["role"], m["content"], m.get("tool_calls", ""), m.get("extra", "")) for m in rows
    )


def read_judgement(case: Case, row: Row) -> Judgement:
    """The judgement of a row of ``judgements.jsonl``, on its case."""
    verdict = Verdict(
        Status(row["status"]),
        choice=None if row["choice"] is None else Choice(row["choice"]),
        score=row["score"],
        probability=row["probability"],
        reasoning=row["reasoning"],
        error=row["error"],
        label=row.get("label"),
        probabilities=tuple(row.get("probabilities", {}).items()),
        criteria=tuple(
            CriterionVerdict(**{**criterion, "status": Status(criterion["status"])})
            for criterion in row.get("criteria", ())
        ),
    )
    return Judgement(
        Trial(case, tuple(row["order"]), tuple(row["names"]), row["repeat"]),
        verdict,
        calls=tuple(row["calls"]),
        tokens_in=row["tokens_in"],
        tokens_out=row["tokens_out"],
    )


def read_outcome(row: Row) -> Outcome:
    """The outcome of a row of ``outcomes.jsonl``, of a comparison or of scored answers."""
    return Outcome(
        case=row["case"],
        cluster=row["cluster"],
        winner=row["winner"],
        decided=row["decided"],
        position=None if row["position"] is None else Position(row["position"]),
        mean=row["mean"],
        margin=row["margin"],
        scores=tuple(row["scores"]),
        statuses=row["statuses"],
        first=row["first"],
        second=row["second"],
        identical=row["identical"],
        category=row["category"],
        criteria=tuple(
            tuple(CriterionMean(**criterion) for criterion in response)
            for response in row.get("criteria", ())
        ),
        labels=tuple(row.get("labels", ())),
        probabilities=tuple(row.get("probabilities", ())),
    )


def read_ranking(row: Row) -> Ranking:
    """The ranking of a row of ``outcomes.jsonl``."""
    return Ranking(
        case=row["case"],
        cluster=row["cluster"],
        models=tuple(row["models"]),
        ranks=tuple(row["ranks"]),
        scores=tuple(row["scores"]),
        scale=row["scale"],
        complete=row["complete"],
        beats=tuple(map(tuple, row["beats"])),
        comparisons={(c["of"][0], c["of"][1]): read_comparison(row, c) for c in row["comparisons"]},
        originals=tuple(row["originals"]),
        statuses=row["statuses"],
        category=row["category"],
    )


def read_comparison(row: Row, comparison: Row) -> Outcome:
    """The outcome of two responses, from a ranking's row and its own."""
    of, winner = comparison["of"], comparison["winner"]
    scored = row["scale"] == "points" and not comparison["identical"]
    return Outcome(
        case=row["case"],
        cluster=row["cluster"],
        winner=of.index(winner) if isinstance(winner, int) else winner,
        decided=comparison["decided"],
        position=None if comparison["position"] is None else Position(comparison["position"]),
        mean=comparison["mean"],
        margin=comparison["margin"],
        scores=tuple(row["scores"][i] for i in of) if scored else (),
        statuses=comparison["statuses"],
        first=comparison["first"],
        second=comparison["second"],
        identical=comparison["identical"],
        category=row["category"],
    )
