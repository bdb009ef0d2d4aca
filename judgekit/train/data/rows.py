"""Rows of training data: texts and messages, before they are encoded."""

from __future__ import annotations

from dataclasses import dataclass

from judgekit.types import Message

__all__ = ["Conversation", "PairRow", "TextRow"]

Conversation = tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class PairRow:
    """Two answers to one prompt, the chosen one preferred.

    Attributes:
        prompt: A conversation, or a text if the file had no messages (TRL's standard format, a
            transcript of hh-rlhf).
        chosen: The better answer.
        rejected: The other answer.
        place: File and row, for messages.
        cluster: Names the prompt; rows of one cluster stay on one side of a train/test split.
        margin: How clearly chosen was preferred, from judgekit's pairs or UltraFeedback's scores;
            None if the file has none.
        probability: That chosen is better, if a judge gave one, else None.
        tools: JSON text of the list of tools that the model is told of; empty for none.
    """

    prompt: Conversation | str
    chosen: str
    rejected: str
    place: str
    cluster: str
    margin: float | None = None
    probability: float | None = None
    tools: str = ""


@dataclass(frozen=True, slots=True)
class TextRow:
    """A prompt with the answer to learn (SFT); `tools` as in `PairRow`."""

    prompt: Conversation | str
    answer: str
    place: str
    cluster: str
    tools: str = ""
