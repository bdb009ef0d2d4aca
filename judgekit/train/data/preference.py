"""Reads one preference from a row, in judgekit's layout or TRL's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from judgekit.io.row import RowError, shown
from judgekit.io.values import read_answer, read_prompt
from judgekit.train.data.rows import Conversation

__all__ = [
    "Preference",
    "UnusableRow",
    "checked_prompt",
    "number_in",
    "read_preference",
    "split_conversation",
]


@dataclass(frozen=True, slots=True)
class Preference:
    """A row's texts and numbers, without its place and cluster."""

    prompt: Conversation | str
    chosen: str
    rejected: str
    margin: float | None = None
    probability: float | None = None


class UnusableRow(RowError):  # noqa: N818 (counted, not an error)
    """A row that can be read but holds nothing to learn from; it is counted under `name`.

    A `lasting` one is counted even in a file that its owner could correct: a tie is no mistake.
    """

    def __init__(self, name: str, reason: str, *, lasting: bool = False) -> None:
        super().__init__(reason)
        self.name = name
        self.lasting = lasting


def read_preference(data: Mapping[str, Any]) -> Preference:
    """Reads a row with `chosen` and `rejected`: two answers to a prompt, or two conversations.

    An answer is a text or one assistant message. Conversations end with the answer; what precedes
    it is the prompt, and a `prompt` column beside them must be part of it. Raises `RowError`.
    """
    margin, probability = _margin(data), number_in(data, "probability")
    if probability is not None and not 0 <= probability <= 1:
        raise RowError(f"the probability is {probability!r}; it must be from 0 to 1, for chosen")
    given = data.get("prompt")
    sides = [data["chosen"], data["rejected"]]
    prompt: Conversation | str
    if given is None or any(_is_long(side) for side in sides):
        prompt, chosen, rejected = _conversations(sides, given)
    else:
        prompt = checked_prompt(given)
        chosen = read_answer(sides[0], None, "chosen answer")[0]
        rejected = read_answer(sides[1], None, "rejected answer")[0]
    return Preference(prompt, chosen, rejected, margin, probability)


def checked_prompt(value: object) -> Conversation | str:
    """A prompt: a text as it is, or messages that end with a user's or a tool's.

    Raises `RowError` for anything else, `EmptyRow` for an empty prompt.
    """
    messages = as_messages(value)
    return value if isinstance(value, str) else messages


def as_messages(value: object) -> Conversation:
    messages, turns = read_prompt(value)
    if turns is not None and turns > 1:
        raise RowError(f"the prompt lists {turns} user turns without the answers between them")
    return messages


def split_conversation(value: Sequence[Any], name: str) -> tuple[Conversation, str]:
    """Splits messages into the prompt and the answer that ends them. Raises `RowError`."""
    answer = read_answer([value[-1]], None, f"last message of {name}")[0]
    if len(value) == 1:
        raise RowError(f"{name} is an answer without a prompt")
    return as_messages(list(value[:-1])), answer


def number_in(data: Mapping[str, Any], column: str) -> float | None:
    """A column's number; None if it is missing or empty. CSV files hold numbers as text."""
    value = data.get(column)
    if value is None or value == "":
        return None
    found = None
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        try:
            found = float(value)
        except (ValueError, OverflowError):
            found = None
    if found is None or not isfinite(found):
        raise RowError(f"the {column} is {shown(value)}, not a number")
    return found


def _margin(data: Mapping[str, Any]) -> float | None:
    """The margin, or the difference of the two scores; None if the row has neither."""
    margin = number_in(data, "margin")
    if margin is None:
        chosen, rejected = number_in(data, "score_chosen"), number_in(data, "score_rejected")
        if chosen is None or rejected is None:
            return None
        margin = chosen - rejected
    if margin < 0:
        raise RowError(f"the margin is {margin!r}, so the rejected answer is better")
    return margin


def _is_long(side: object) -> bool:
    return isinstance(side, list) and len(side) > 1


def _conversations(sides: Sequence[Any], given: object) -> tuple[Conversation, str, str]:
    """The prompt and the two answers of two whole conversations."""
    read = []
    for side, name in zip(sides, ("chosen", "rejected"), strict=True):
        if not isinstance(side, list) or not side or isinstance(side[0], str):
            what = "a whole conversation (a list of messages), as there is no prompt beside it"
            if given is not None:
                what = "a whole conversation, as the other answer is"
            raise RowError(f"{name} is {shown(side)}, not {what}")
        read.append(split_conversation(side, name))
    (prompt, chosen), (other, rejected) = read
    if prompt != other:
        raise UnusableRow("different_prompts", "chosen and rejected answer different conversations")
    if given is not None:
        inside = checked_prompt(given)
        texts = [message.content for message in prompt]
        if inside != prompt and inside not in texts:
            raise RowError("the prompt is not part of the conversations of chosen and rejected")
    return prompt, chosen, rejected
