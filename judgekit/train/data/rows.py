"""Rows of training data as they were read: texts and messages, before any tokenizer."""

from __future__ import annotations

from dataclasses import dataclass

from judgekit.types import Message

__all__ = ["Conversation", "PairRow", "TextRow"]

Conversation = tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class PairRow:
    """Two answers to one prompt, the chosen one preferred.

    `prompt` is a conversation, or a text where the file had no messages (TRL's standard format, a
    transcript of hh-rlhf); `place` names file and row, for messages. `margin` is how clearly it
    was preferred, as judgekit's pairs and UltraFeedback's scores say; `probability` that chosen is
    better, where a judge gave one; None where the file has none. `cluster` names the prompt: rows
    of one cluster stay on one side of a train/test split.
    """

    prompt: Conversation | str
    chosen: str
    rejected: str
    place: str
    cluster: str
    margin: float | None = None
    probability: float | None = None


@dataclass(frozen=True, slots=True)
class TextRow:
    """One answer to one prompt that is to be imitated (SFT)."""

    prompt: Conversation | str
    answer: str
    place: str
    cluster: str
