"""What one outcome is worth: response 0's value in it, and the label that it stands for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Literal

from judgekit.types import Case, Label, Outcome, Ranking, Status

__all__ = [
    "Inconsistent",
    "MaybeLabel",
    "counted",
    "in_name_order",
    "label",
    "mirror",
    "mirror_label",
    "names_reversed",
    "statuses",
    "value",
    "value_of",
]

Inconsistent = Literal["half", "drop"]
"""An inconsistent case counts as half a win for each side, or is left out."""

MaybeLabel = Label | None
"""A label, or None where a case has no verdict."""


def value(outcome: Outcome) -> float | None:
    """Response 0's value: 1 won, 0.5 tied or inconsistent, 0 lost; None without a verdict."""
    return value_of(label(outcome))


def value_of(label: MaybeLabel) -> float | None:
    """Response 0's value by a label: 1 won, 0.5 tied, 0 lost; None without one."""
    if label is None:
        return None
    return 0.5 if label == "tie" else 1.0 - label


def counted(outcome: Outcome, inconsistent: Inconsistent) -> float | None:
    """As `value`; with ``drop`` None of inconsistent cases too, which no win rate counts."""
    if outcome.winner is None and inconsistent == "drop":
        return None
    return value(outcome)


def label(outcome: Outcome) -> MaybeLabel:
    """The winner; a tie where the two orders disagree, None without a verdict."""
    if not outcome.decided:
        return None
    return "tie" if outcome.winner is None else outcome.winner


def mirror(outcome: Outcome) -> Outcome:
    """The same comparison with its two responses named the other way round."""
    return replace(
        outcome,
        winner=mirror_label(outcome.winner),
        mean=None if outcome.mean is None else 1 - outcome.mean,
        scores=outcome.scores[::-1],
        criteria=outcome.criteria[::-1],
    )


def mirror_label(label: MaybeLabel) -> MaybeLabel:
    """A label of two responses that are named the other way round."""
    return 1 - label if isinstance(label, int) else label


def names_reversed(case: Case) -> bool:
    """Whether the second of a case's two models has the name that sorts first."""
    models = [response.model for response in case.responses]
    return len(models) == 2 and models[1] < models[0]


def in_name_order(case: Case, label: MaybeLabel) -> MaybeLabel:
    """A label of a case as if its two models stood in the order of their names.

    Kappa and alpha depend on which model is called which, so wherever cases may be of several
    pairs of models, each rater's label goes through here first.
    """
    return mirror_label(label) if names_reversed(case) else label


def statuses(outcomes: Iterable[Outcome | Ranking]) -> dict[str, int]:
    """How many trials ended how.

    Args:
        outcomes: Of comparisons, of scored answers or of rankings.

    Returns:
        Trials by the name of their status, zeros included but for `not_applicable`, which few
        judges know.
    """
    total = {status.value: 0 for status in Status if status is not Status.NOT_APPLICABLE}
    for outcome in outcomes:
        for status, n in outcome.statuses.items():
            total[status] = total.get(status, 0) + n
    return total
