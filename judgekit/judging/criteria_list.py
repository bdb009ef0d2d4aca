"""How criteria are put to a judge: their order, the list in the prompt, the schema of a reply."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from judgekit.judging.rubrics import Criterion
from judgekit.types import digest

__all__ = ["criteria_text", "drawn_order", "reply_schema"]


def drawn_order(criteria: Sequence[Criterion], seed: int, case: str) -> tuple[Criterion, ...]:
    """The criteria in an order drawn for a case, the same in every process.

    Args:
        criteria: All criteria.
        seed: Another seed draws another order.
        case: The case's id.
    """
    return tuple(
        sorted(criteria, key=lambda criterion: digest(str(seed), case, criterion.called, size=8))
    )


def criteria_text(criteria: Sequence[Criterion]) -> str:
    """The criteria as a prompt shows them: a line each, which no text of a criterion can break.

    Args:
        criteria: In the order in which they are shown.
    """
    return "\n".join(
        f"{c.called} ({c.scale.in_words()}): {' '.join(c.text.split())}" for c in criteria
    )


def reply_schema(criteria: Sequence[Criterion]) -> dict[str, Any]:
    """The field ``response_format`` that makes a server enforce a reply on each criterion.

    Args:
        criteria: In the order in which they are shown.

    Returns:
        A JSON schema in the strict form of OpenAI's API: a reason and a verdict per criterion.
    """
    members = {criterion.called: member_schema(criterion) for criterion in criteria}
    schema = {"name": "verdicts", "strict": True, "schema": closed_object(members)}
    return {"type": "json_schema", "json_schema": schema}


def member_schema(criterion: Criterion) -> dict[str, Any]:
    """What may be said of one criterion, the reason before the verdict."""
    words = criterion.scale.words
    if criterion.scale.kind == "numbers":
        verdict: dict[str, Any] = {"type": "integer", "enum": [int(word) for word in words]}
    else:
        verdict = {"type": "string", "enum": list(words)}
    return closed_object({"reason": {"type": "string"}, "verdict": verdict})


def closed_object(members: dict[str, Any]) -> dict[str, Any]:
    """An object with all of these members and no others."""
    return {
        "type": "object",
        "properties": members,
        "required": list(members),
        "additionalProperties": False,
    }
