"""Reads one preference from a row, in judgekit's layout or TRL's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from judgekit.io.jsonl import json_text, json_value
from judgekit.io.names import CONVERSATIONS, NAMES
from judgekit.io.row import RowError, shown
from judgekit.io.values import ends_answered, is_message, read_answer, read_prompt
from judgekit.train.data.rows import Conversation
from judgekit.types import Message

__all__ = [
    "Preference",
    "UnusableRow",
    "as_conversation",
    "checked_prompt",
    "find_column",
    "number_in",
    "read_asked",
    "read_preference",
    "read_tools",
    "split_conversation",
    "with_input",
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
    it is the prompt, and a prompt beside them must be part of it. Raises `RowError`.
    """
    margin, probability = _margin(data), number_in(data, "probability")
    if probability is not None and not 0 <= probability <= 1:
        raise RowError(f"the probability is {probability!r}; it must be from 0 to 1, for chosen")
    prompt = read_asked(data)
    read = [read_side(data[name], name, prompt) for name in ("chosen", "rejected")]
    (context, chosen), (other_context, rejected) = read
    if as_conversation(context) != as_conversation(other_context):
        raise UnusableRow("different_prompts", "chosen and rejected answer different conversations")
    if prompt is not None and context != prompt:
        texts = [message.content for message in as_conversation(context)]
        if as_conversation(prompt) != context and prompt not in texts:
            raise RowError("the prompt is not part of the conversations of chosen and rejected")
    return Preference(context, chosen, rejected, margin, probability)


def read_asked(data: Mapping[str, Any]) -> Conversation | str | None:
    """The prompt of a row under its usual names; None if it has none.

    Beside it may stand a `system` prompt, earlier turns (`history`: pairs of texts) and, as in
    Alpaca's layout, the `input` of an `instruction`.
    """
    column = find_column(data, "prompt")
    if column is None:
        return None
    prompt = checked_prompt(with_input(data, column))
    system, history = data.get("system"), data.get("history")
    before: list[Message] = []
    if isinstance(system, str) and system.strip():
        before.append(Message("system", system))
    if history:
        before += _earlier_turns(history)
    if not before:
        return prompt
    asked = as_conversation(prompt)
    if before[0].role == "system" and asked[0].instructs:
        raise RowError("a column system stands beside a prompt with a system message; keep one")
    return (*before, *asked)


def read_tools(data: Mapping[str, Any]) -> str:
    """JSON text of the tools of a row, a list of objects or its JSON; empty if it has none."""
    value = data.get("tools")
    if isinstance(value, str) and value.strip():
        try:
            value = json_value(value.encode())
        except RowError as error:
            raise RowError(f"the tools are {error}") from error
    if not value or (isinstance(value, str) and not value.strip()):
        return ""
    if not isinstance(value, list) or not all(isinstance(tool, dict) for tool in value):
        raise RowError(f"the tools are {shown(value)}, not a list of objects, or its JSON")
    try:
        return json_text(value)
    except TypeError as error:
        raise RowError(f"the tools are not JSON ({error})") from error


def with_input(data: Mapping[str, Any], column: str) -> Any:
    """The value of a prompt's column, with the `input` below an `instruction` (Alpaca)."""
    asked, given = data[column], data.get("input")
    if column == "instruction" and isinstance(asked, str) and isinstance(given, str):
        return f"{asked}\n\n{given}".strip()
    return asked


def find_column(data: Mapping[str, Any], part: str) -> str | None:
    """The column of a part of the row, by its usual names. Raises `RowError` if there are two."""
    names = [name for name in NAMES[part] if data.get(name) is not None]
    if part == "prompt" and names[:2] == ["instruction", "input"]:
        names.remove("input")
    names = [name for name in names if name not in CONVERSATIONS] or names
    if len(names) > 1:
        choice = " or ".join(map(repr, names))
        way = f"say which with --columns {part}={names[0]}"
        raise RowError(f"the {part} could be the column {choice}; {way}")
    return names[0] if names else None


def _earlier_turns(history: object) -> list[Message]:
    messages: list[Message] = []
    for turn in history if isinstance(history, list) else [history]:
        if not isinstance(turn, list) or [type(text) for text in turn] != [str, str]:
            raise RowError(f"the history has {shown(turn)}, not a pair of texts")
        messages += (Message("user", turn[0]), Message("assistant", turn[1]))
    return messages


def as_conversation(prompt: Conversation | str) -> Conversation:
    """A prompt as messages."""
    return (Message("user", prompt),) if isinstance(prompt, str) else prompt


def read_side(
    value: object, name: str, prompt: Conversation | str | None
) -> tuple[Conversation | str, str]:
    """The prompt and the answer of one side: an answer to the row's prompt, or a conversation."""
    several = isinstance(value, list) and len(value) > 1
    if not several:
        if prompt is not None:
            return prompt, read_answer(value, None, f"{name} answer")[0]
        if isinstance(value, list) and value and is_message(value[0]):
            return split_conversation(value, name)
        way = "name the column of the prompt with --columns prompt=NAME"
        raise RowError(
            f"{name} is {shown(value)}, not a whole conversation (a list of messages), and there "
            f"is no prompt beside it; {way}"
        )
    messages: Sequence[Any] = value if isinstance(value, list) else ()
    if prompt is not None and ends_answered(messages[:1]):
        raise RowError(
            f"{name} has {len(messages)} messages, and one answer is learned: join them into one "
            f"message, or move all but the last to the end of the prompt"
        )
    return split_conversation(messages, name)


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
    last = f"last message of {name}"
    answer = read_answer([value[-1]], None, last, number=len(value))[0]
    if len(value) == 1:
        raise RowError(f"{name} is an answer without a prompt")
    return as_messages(list(value[:-1])), answer


def number_in(data: Mapping[str, Any], column: str) -> float | None:
    """A column's number; None if it is missing or empty. CSV files hold numbers as text."""
    value = data.get(column)
    if value is None or value == "":
        return None
    number = None
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        try:
            number = float(value)
        except (ValueError, OverflowError):
            number = None
    if number is None or not isfinite(number):
        raise RowError(f"the {column} is {shown(value)}, not a number")
    return number


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
