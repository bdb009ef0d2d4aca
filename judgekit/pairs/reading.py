"""Preference pairs read from files, as `write_pairs` writes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from judgekit import io
from judgekit.errors import InputError
from judgekit.io.values import is_message, read_messages
from judgekit.pairs.pair import PreferencePair
from judgekit.types import Message

__all__ = ["read_pairs"]


def read_pairs(path: str | Path) -> list[PreferencePair]:
    """The pairs of a file in one of TRL's preference formats, in the order of the file.

    Columns beside prompt, chosen and rejected may be missing, so other people's files work too.

    Args:
        path: JSON Lines, or any other format that judgekit reads.

    Raises:
        InputError: A row is not a pair; the message names its line.
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
        probability=_probability(row.get("probability")),
    )


def _probability(value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError(f"the probability is {value!r}; it is that of chosen, from 0 to 1")
    return float(value)


def _prompt(value: object) -> tuple[Message, ...]:
    if isinstance(value, str):
        return (Message("user", value),)
    if not isinstance(value, list) or not value:
        raise ValueError("the prompt is neither text nor messages")
    return _messages(value)


def _messages(value: Sequence[Any]) -> tuple[Message, ...]:
    for item in value:
        if not is_message(item):
            raise TypeError(f"{item!r:.60} is not a message")
    return read_messages(value)


def _answer(value: object) -> str:
    """A text, or one assistant's message."""
    if isinstance(value, list) and len(value) == 1:
        return _messages(value)[0].content
    return _text(value)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r:.60} is not text")
    return value
