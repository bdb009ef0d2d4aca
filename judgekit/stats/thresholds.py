"""A threshold for a wanted precision or recall, chosen on one half of the labels.

It is reported on the other half: on the labels that chose it a threshold looks better than it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

from judgekit.stats.intervals import Rate, clustered_rate

__all__ = ["Goal", "Threshold", "choose_threshold", "is_choosing"]

Goal = Literal["precision", "recall"]
Row = tuple[str, float, bool]


@dataclass(frozen=True, slots=True)
class Threshold:
    """A threshold: an answer counts as of the class where its score is at least this.

    `chosen_on` and `reported_on` count labelled answers of the two halves. `precision` and `recall`
    are those on the second half. `value` is None where no threshold reaches the goal on the first;
    `reason` says so.
    """

    goal: Goal
    wanted: float
    value: float | None
    precision: Rate
    recall: Rate
    chosen_on: int
    reported_on: int
    reason: str = ""


def choose_threshold(rows: Iterable[Row], goal: Goal, wanted: float) -> Threshold:
    """Chooses a threshold on the half of the labels that the hash of the prompt names.

    For a wanted precision it is the one with the highest recall among those that reach it; for a
    wanted recall the highest one that reaches it.

    Args:
        rows: Triples (cluster, score, whether people label it as of the class).
        goal: What is wanted.
        wanted: How much of it, in 0 to 1.

    Returns:
        The threshold, with precision and recall on the other half.
    """
    triples = list(rows)
    first = [row for row in triples if is_choosing(row[0])]
    second = [row for row in triples if not is_choosing(row[0])]
    value = _choose(first, goal, wanted)
    reason = "" if value is not None else f"no threshold reaches a {goal} of {wanted:g}"
    if not any(truth for *_, truth in first):
        reason = "no label of the class is in the half that chooses"
    taken = [row for row in second if value is not None and row[1] >= value]
    recalled = [row for row in second if row[2] and value is not None]
    return Threshold(
        goal,
        wanted,
        value,
        precision=clustered_rate((c, truth, 1) for c, _, truth in taken),
        recall=clustered_rate((c, value is not None and x >= value, 1) for c, x, _ in recalled),
        chosen_on=len(first),
        reported_on=len(second),
        reason=reason,
    )


def is_choosing(cluster: str) -> bool:
    """Whether a prompt's labels choose the threshold; neither order nor other rows change it."""
    return sha256(b"threshold\0" + cluster.encode()).digest()[0] < 128


def _choose(rows: Sequence[Row], goal: Goal, wanted: float) -> float | None:
    positives = sum(truth for *_, truth in rows)
    if not positives:
        return None
    best: float | None = None
    ordered = sorted(rows, key=lambda row: -row[1])
    hits = 0
    for place, (_, score, truth) in enumerate(ordered, 1):
        hits += truth
        if place < len(ordered) and ordered[place][1] == score:
            continue  # equal scores go together
        if goal == "recall" and hits / positives >= wanted:
            return score
        if goal == "precision" and hits and hits / place >= wanted:
            best = score  # a lower threshold has at least the recall
    return best
