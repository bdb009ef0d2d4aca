"""One preference pair."""

from __future__ import annotations

from dataclasses import dataclass

from judgekit.types import Message

__all__ = ["PreferencePair"]


@dataclass(frozen=True, slots=True)
class PreferencePair:
    """Two answers to one conversation: the preferred one and the other.

    `prompt` is the whole conversation before the answers. `margin` is the outcome's: 0 to 1 for
    choices, points for scores. `probability`, in 0 to 1, is the judge's that `chosen` is better,
    averaged over orders and repeats; None where the judge gave none. `run` is the identity of the
    run in its ``run.json``, and `judgements` are the ids of the judgements there.
    """

    prompt: tuple[Message, ...]
    chosen: str
    rejected: str
    chosen_model: str
    rejected_model: str
    margin: float
    case: str
    cluster: str
    category: str | None = None
    judgements: tuple[str, ...] = ()
    judge: str = ""
    model: str | None = None
    run: str = ""
    probability: float | None = None
