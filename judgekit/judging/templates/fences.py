"""Fences: each text under judgement is shown between two lines that it cannot forge.

A fence is ``<answer-A MARK>`` … ``</answer-A MARK>``. The mark is a digest of all texts shown and
occurs in none of them, so no text can close its own fence or open another. It is the same in both
orders and in every process, so that equal calls stay equal.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence

from judgekit.judging.templates.head import Shows
from judgekit.types import Column, Message, Response, Trial, digest, message_parts

__all__ = ["column_variable", "fence_all", "fence_conversations", "unused_mark"]

_NO_TAG = re.compile(r"[^\w.-]+")
_MARK_BYTES = 6  # a short mark is safe because it occurs in none of the texts


def fence_all(
    trial: Trial, shows: Shows, reference: str, needs: Sequence[str] = ()
) -> dict[str, str]:
    """The fenced texts of a trial, by the variable that a prompt uses for them.

    Args:
        trial: The trial.
        shows: What the prompt shows.
        reference: The reference; empty for none.
        needs: The further columns that the prompt shows.

    Returns:
        Always ``prompt`` and ``reference`` (empty if `reference` is); ``first`` and ``second`` for
        a pair; ``answer`` for a single answer; each column under `column_variable` of its place.
    """
    case = trial.case
    columns = {name: case.column(name) for name in needs}
    shown: tuple[Response, ...] = () if shows == "question" else trial.shown
    # A question is asked once per case, so it must not depend on a trial's responses.
    asked = shown or case.responses
    same_past = all(response.earlier == asked[0].earlier for response in asked[1:])
    past = case.conversation(trial.order[0] if shown else 0) if same_past else case.prompt
    texts = [reference]
    for _, *message_texts in message_parts(past):
        texts += message_texts
    for response in shown:
        texts.append(response.text)
        if not same_past:
            texts += response.earlier
    mark = _mark(texts, columns)

    turns = sum(message.role == "user" for message in past)
    fenced = {
        "prompt": _fence("prompt", _conversation(past, turns, mark), mark),
        "reference": _fence("reference", reference, mark) if reference else "",
    }
    fenced |= _column_fences(columns, mark)
    for side, name, response in zip(("first", "second"), trial.names, shown, strict=False):
        text = response.text if same_past else _answers(response, turns, mark)
        if shows == "pair":
            fenced[side] = _fence(f"answer-{name}", text, mark)
        else:
            fenced["answer"] = _fence("answer", text, mark)
    return fenced


def fence_conversations(
    trial: Trial, shows: Shows, reference: str, needs: Sequence[str] = ()
) -> dict[str, str]:
    """As `fence_all`, for a prompt that shows whole conversations.

    Returns:
        Always ``reference``; ``first`` and ``second`` for a pair, ``conversation`` for a single
        one, each message below a line with its turn and role; the columns.
    """
    case = trial.case
    columns = {name: case.column(name) for name in needs}
    conversations = [case.full_conversation(index) for index in trial.order]
    texts = [reference]
    for messages in conversations:
        for _, *message_texts in message_parts(messages):
            texts += message_texts
    mark = _mark(texts, columns)
    fenced = {"reference": _fence("reference", reference, mark) if reference else ""}
    fenced |= _column_fences(columns, mark)
    sides = ("first", "second") if shows == "pair" else ("conversation",)
    for side, name, messages in zip(sides, trial.names, conversations, strict=True):
        turns = sum(message.role == "user" for message in messages)
        tag = f"conversation-{name}" if shows == "pair" else "conversation"
        fenced[side] = _fence(tag, _conversation(messages, turns, mark), mark)
    return fenced


def _mark(texts: list[str], columns: Mapping[str, Column]) -> str:
    """The mark of all texts shown; both orders of a case have the same."""
    for column in columns.values():
        texts += [column] if isinstance(column, str) else column
    texts.sort()
    return unused_mark(digest(*texts), texts)


def _column_fences(columns: Mapping[str, Column], mark: str) -> dict[str, str]:
    """The fenced columns, by the variables that stand for them."""
    fenced = {}
    for place, (name, column) in enumerate(columns.items()):
        text = column if isinstance(column, str) else _numbered(column, mark)
        fenced[column_variable(place)] = _fence(_NO_TAG.sub("-", name), text, mark)
    return fenced


def column_variable(place: int) -> str:
    """The variable that stands for ``column(NAME)`` in a compiled prompt.

    Args:
        place: The index of the name in the head's `needs`.
    """
    return f"column_{place}"


def _numbered(items: Sequence[str], mark: str) -> str:
    """The items of a list, each below a line with its number that none of them can forge."""
    lines: list[str] = []
    for number, item in enumerate(items, 1):
        lines += (f"[{number} {mark}]", item)
    return "\n".join(lines) if lines else f"[no items {mark}]"


def unused_mark(seed: str, texts: Sequence[str]) -> str:
    """The first mark derived from `seed` that occurs in none of `texts`."""
    for counter in itertools.count():
        mark = digest(seed, str(counter), size=_MARK_BYTES)
        if not any(mark in text for text in texts):
            break
    return mark


def _fence(tag: str, text: str, mark: str) -> str:
    return f"<{tag} {mark}>\n{text}\n</{tag} {mark}>"


def _conversation(messages: Sequence[Message], turns: int, mark: str) -> str:
    """A single plain user message as it is; else every message under a line with its role."""
    if len(messages) == 1 and messages[0] == Message("user", messages[0].content):
        return messages[0].content
    lines: list[str] = []
    turn = 0
    for message, (_, _, _, *extra) in zip(messages, message_parts(messages), strict=True):
        turn += message.role == "user"
        when = f"turn {turn}: " if turn and turns > 1 else ""
        if extra:  # a name, the id of a tool's call
            lines += (f"[{when}{message.role}, fields {mark}]", *extra)
        if message.content or not message.tool_calls:
            lines += (f"[{when}{message.role} {mark}]", message.content)
        if message.tool_calls:
            lines += (f"[{when}{message.role} calls tools {mark}]", message.tool_calls)
    return "\n".join(lines)


def _answers(response: Response, turns: int, mark: str) -> str:
    """A model's answers to all turns; the last one is to be judged."""
    lines: list[str] = []
    for turn, text in enumerate(response.earlier[: turns - 1], 1):
        lines += (f"[turn {turn}: answer {mark}]", text)
    lines += (f"[turn {turns}: answer, the one to judge {mark}]", response.text)
    return "\n".join(lines)
