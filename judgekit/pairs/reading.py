"""Pairs from files, as `write_pairs` writes them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from judgekit import io
from judgekit.errors import InputError
from judgekit.pairs.pair import PreferencePair
from judgekit.types import Message

__all__ = ["read_pairs"]


def read_pairs(path: str | Path) -> list[PreferencePair]:
    """The pairs of a file in either of TRL's preference formats, in its order.

    Columns beside prompt, chosen and rejected may be missing, so files of others are read too.
    Raises `InputError`, naming the line, for a row that is no pair.
    """
    pairs = []
    for row in io.read_rows(Path(path)):
        try:
            pairs.append(_pair(row.data))
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(
                f"{path}, {row.unit} {row.line}: no preference pair ({error!r}); each row needs "
                f"prompt, chosen and rejected, as `judgekit pairs` writes them"
            ) from error
    return pairs


def _pair(row: Mapping[str, Any]) -> PreferencePair:
    return PreferencePair(
        prompt=_prompt(row["prompt"]),
        chosen=_answer(row["chosen"]),
        rejected=_answer(row["rejected"]),
        chosen_model=row.get("chosen_model", ""),
        rejected_model=row.get("rejected_model", ""),
        margin=float(row.get("margin", 0.0)),
        case=row.get("case", ""),
        cluster=row.get("cluster", ""),
        category=row.get("category") or None,
        judgements=tuple(row.get("judgements", ())),
        judge=row.get("judge", ""),
        model=row.get("model") or None,
        run=row.get("run", ""),
    )


def _prompt(value: object) -> tuple[Message, ...]:
    if isinstance(value, str):
        return (Message("user", value),)
    if not isinstance(value, list) or not value:
        raise ValueError("the prompt is neither a text nor messages")
    return tuple(_message(item) for item in value)


def _message(item: object) -> Message:
    if not isinstance(item, Mapping):
        raise TypeError(f"{item!r:.60} is no message")
    calls = item.get("tool_calls")
    return Message(
        item["role"], _text(item["content"]), orjson.dumps(calls).decode() if calls else ""
    )


def _answer(value: object) -> str:
    """A text, or one assistant's message."""
    if isinstance(value, list) and len(value) == 1:
        return _message(value[0]).content
    return _text(value)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r:.60} is no text")
    return value
