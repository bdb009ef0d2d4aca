"""What one outcome is worth: response 0's value in it, and the label that it stands for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from judgekit.types import Label, Outcome, Status

__all__ = ["Inconsistent", "MaybeLabel", "counted", "label", "statuses", "value"]

Inconsistent = Literal["half", "drop"]
"""An inconsistent case counts as half a win for each side, or is left out."""

MaybeLabel = Label | None
"""A label, or None where a case has no verdict."""


def value(outcome: Outcome) -> float | None:
    """Response 0's: 1 won, 0.5 tied or inconsistent, 0 lost; None where undecided."""
    if not outcome.decided:
        return None
    return 0.5 if outcome.winner in (None, "tie") else 1.0 - float(outcome.winner)


def counted(outcome: Outcome, inconsistent: Inconsistent) -> float | None:
    """As `value`; with ``drop`` None of inconsistent cases, too: no win rate takes them in."""
    if outcome.winner is None and inconsistent == "drop":
        return None
    return value(outcome)


def label(outcome: Outcome) -> MaybeLabel:
    """A tie where the two orders disagree; None where undecided."""
    if not outcome.decided:
        return None
    return "tie" if outcome.winner is None else outcome.winner


def statuses(outcomes: Iterable[Outcome]) -> dict[str, int]:
    """How many trials ended how.

    Args:
        outcomes: Of comparisons or of scored answers.

    Returns:
        Trials by the name of their status, zeros included.
    """
    total = {status.value: 0 for status in Status}
    for outcome in outcomes:
        for status, n in outcome.statuses.items():
            total[status] += n
    return total
