"""Conversations written as one text, as in hh-rlhf.

Each turn begins with a blank line and its speaker's name: ``\\n\\nHuman: …\\n\\nAssistant: …``. A
row of that data set has two whole transcripts and no prompt (Bai et al. 2022, arXiv:2204.05862).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from judgekit.io.row import RowError
from judgekit.train.data.preference import Preference, UnusableRow
from judgekit.train.data.rows import Conversation
from judgekit.types import Message

__all__ = [
    "format_transcript",
    "is_transcript",
    "parse_transcript",
    "read_transcripts",
    "split_transcript",
]

ANSWER = "\n\nAssistant:"
TURN = re.compile(r"(?:\A\s*|\n\n)(Human|Assistant):")
SPEAKERS = {"user": "Human", "assistant": "Assistant", "tool": "Tool"}


def is_transcript(text: str) -> bool:
    """Whether a text is a conversation with at least one human turn and one answer."""
    return "Human:" in text and ANSWER in with_unix_newlines(text)


def split_transcript(text: str) -> tuple[str, str]:
    """Splits a transcript after its last ``\\n\\nAssistant:`` into prompt and answer.

    Nothing is stripped. Raises `RowError` if there is no answer.
    """
    text = with_unix_newlines(text)
    before, mark, after = text.rpartition(ANSWER)
    if not mark:
        raise RowError("the transcript has no turn of the assistant ('\\n\\nAssistant:')")
    return before + mark, after


def parse_transcript(prompt: str) -> Conversation | None:
    """The messages of a transcript that ends with ``Assistant:``; None for any other text.

    Turns are stripped, empty ones are dropped, and consecutive turns of one speaker are joined:
    chat templates need alternating roles.
    """
    text = with_unix_newlines(prompt)
    if not text.endswith(ANSWER):
        return None
    opening, *pieces = TURN.split(text.removesuffix(ANSWER))
    if opening.strip() or not pieces or pieces[0] != "Human":
        return None
    turns: list[Message] = []
    for speaker, turn_text in zip(pieces[::2], pieces[1::2], strict=True):
        role, content = "user" if speaker == "Human" else "assistant", turn_text.strip()
        if not content:
            continue
        if turns and turns[-1].role == role:
            content = f"{turns.pop().content}\n\n{content}"
        turns.append(Message("user" if role == "user" else "assistant", content))
    if not turns or turns[0].role != "user" or turns[-1].role != "user":
        return None
    return tuple(turns)


def format_transcript(prompt: Conversation) -> str:
    """Messages as a transcript that ends with ``\\n\\nAssistant:``; a system prompt comes first."""
    parts = []
    for message in prompt:
        text = message.text
        speaker = SPEAKERS.get(message.role)
        parts.append(f"\n\n{speaker}: {text}" if speaker else text)
    return "".join(parts) + ANSWER


def read_transcripts(data: Mapping[str, Any]) -> Preference:
    """A row of two transcripts.

    Its defects are the data set's own, so an `UnusableRow` is lasting: nobody could correct it.
    Raises `RowError`.
    """
    prompt, chosen = split_transcript(data["chosen"])
    other, rejected = split_transcript(data["rejected"])
    if prompt != other:
        why = "the two transcripts differ before the last answer"
        raise UnusableRow("different_prompts", why, lasting=True)
    for answer in (chosen, rejected):
        if not answer.strip():
            raise UnusableRow("empty", "an answer is empty", lasting=True)
        if "\n\nHuman:" in answer:
            raise UnusableRow("human_last", "a transcript ends with a human turn", lasting=True)
    if chosen.strip() == rejected.strip():
        raise UnusableRow("identical", "both answers are the same", lasting=True)
    return Preference(prompt, chosen, rejected)


def with_unix_newlines(text: str) -> str:
    """The text with ``\\n`` line ends, if it is a transcript with those of Windows."""
    return text if ANSWER in text else text.replace("\r\n", "\n")
