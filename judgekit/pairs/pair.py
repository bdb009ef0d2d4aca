"""One preference pair."""

from __future__ import annotations

from dataclasses import dataclass

from judgekit.types import Message

__all__ = ["PreferencePair"]


@dataclass(frozen=True, slots=True)
class PreferencePair:
    """Of two answers to one conversation, the one preferred and the other.

    `prompt` is the whole conversation as both answers saw it. `margin` is the outcome's: 0 to 1
    for choices, points for scores. `run` is the identity of the run it is from (in its
    ``run.json``), `judgements` the ids there of what it rests on.
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
