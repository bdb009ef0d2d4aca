"""Whole conversations: the opening, which all models share, and what each model made of it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from judgekit.io.row import EmptyRow, RowError
from judgekit.io.values import is_message, read_answer, read_messages
from judgekit.types import Message

__all__ = ["Conversation", "continued", "split_conversation", "transcript"]

Conversation = tuple[tuple[Message, ...], tuple[Message, ...]]
"""The opening, which ends with the first message of the user, and all messages after it."""


def split_conversation(messages: Sequence[Message]) -> Conversation:
    """The opening of a conversation and the rest, which is judged.

    Raises:
        EmptyRow: The first message of the user is blank.
        RowError: There is none, or nothing after it.
    """
    first = next((n for n, message in enumerate(messages) if message.role == "user"), None)
    if first is None:
        raise RowError("the conversation has no message of the user")
    if not messages[first].content.strip():
        raise EmptyRow("the first message of the user is empty")
    rest = tuple(messages[first + 1 :])
    if not rest:
        raise RowError("the conversation has nothing after the first message of the user")
    return tuple(messages[: first + 1]), rest


def continued(
    prompt: tuple[Message, ...], value: object, turns: int | None, name: str
) -> Conversation:
    """The conversation of a prompt and the answer in another column.

    Args:
        prompt: The prompt's messages.
        value: The answer: a text, one for each of the prompt's user turns, or the messages of
            model, tools and user that followed.
        turns: How many user turns the prompt lists, None where it is no such list.
        name: The answer's column, for messages.

    Raises:
        RowError: The value is none of these.
    """
    if isinstance(value, list) and value and all(map(is_message, value)):
        return split_conversation((*prompt, *read_messages(value)))
    answers = [Message("assistant", text) for text in read_answer(value, turns, name)]
    if turns is None:
        return split_conversation((*prompt, *answers))
    return split_conversation([*chain.from_iterable(zip(prompt, answers, strict=True))])


def transcript(messages: Sequence[Message]) -> str:
    """Messages as one text, each below its role: for people, and for judges of texts."""
    return "\n\n".join(f"[{message.role}]\n{message.text}" for message in messages)
