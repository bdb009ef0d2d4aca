"""Prompts to be answered, read from a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from judgekit.io.given import Input
from judgekit.io.intake import Intake, take_in
from judgekit.io.layout import Layout, Source
from judgekit.io.row import Row, RowError, shown
from judgekit.types import Message

__all__ = ["Prompt", "load_prompts"]

_WANTED = ("id", "prompt", "reference", "category")


@dataclass(frozen=True, slots=True)
class Prompt:
    """One row: a prompt, and the columns that its answers keep.

    `given` is the prompt as the file has it: a text, a list of user turns, or a list of messages.
    `turns` is the number of answers that a list of user turns asks for, else None.
    """

    line: int
    id: str | None
    messages: tuple[Message, ...]
    turns: int | None
    given: Any
    references: tuple[str | None, ...] = ()
    category: str | None = None
    cluster: str | None = None

    @property
    def content(self) -> object:
        """Everything except its place: equal in rows with the same content."""
        return self.messages, self.turns, self.references, self.category, self.cluster


def load_prompts(
    path: Input, *, columns: Mapping[str, str] | None = None, skip_bad_rows: bool = False
) -> Intake[Prompt]:
    """Reads the prompts of a file of prompts, answers or pairs.

    Answers are ignored, including that in `messages`. Of rows with the same id and prompt
    (candidates) the first counts, and the others are duplicates.

    Args:
        path: The file.
        columns: As of `load_answers`.
        skip_bad_rows: As of `load_answers`.

    Raises:
        InputError: As of `load_answers`.
    """
    source = Source(path, columns or {}, skip_bad_rows=skip_bad_rows, unanswered=True)
    return take_in(source, _WANTED, ("prompt",), _prompt)


def _prompt(
    layout: Layout, row: Row, name: str | None, messages: tuple[Message, ...], turns: int | None
) -> Prompt:
    cluster = row.data.get("cluster")
    if cluster is not None and not isinstance(cluster, str):
        raise RowError(f"the cluster is {shown(cluster)}, not text")
    return Prompt(
        row.line,
        name,
        messages,
        turns,
        layout.prompt_value(row),
        layout.references_of(row, name, turns or 1),
        layout.category_of(row, name),
        cluster,
    )
