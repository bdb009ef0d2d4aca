"""Where a file has each part of a row: its columns, and the files beside it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from judgekit.errors import InputError
from judgekit.io.case_columns import Columns, column_names, find_needed, row_columns
from judgekit.io.columns import find_columns
from judgekit.io.conversations import Conversation, continued, split_conversation
from judgekit.io.given import Input
from judgekit.io.names import CONVERSATIONS, MISSING, at
from judgekit.io.needs import NOTHING, Needs
from judgekit.io.row import BadRow, EmptyRow, Row, RowError, is_blank, shown
from judgekit.io.sheets import Question, prompts_by_id, references_by_id
from judgekit.io.values import (
    ends_answered,
    is_message,
    read_answer,
    read_category,
    read_id,
    read_messages,
    read_prompt,
    read_references,
)
from judgekit.types import Message

__all__ = ["Build", "Layout", "Source", "find_layout"]

_Entry = TypeVar("_Entry")


@dataclass(frozen=True, slots=True)
class Source:
    """A file, and what the user said of it: `columns` as part → column (``--columns``), files
    that hold prompts or references by id, whether rows that cannot be used are left out.

    `unanswered`: its rows are prompts, and an answer that ends their `messages` is none of it.
    `needs`: what is kept of a row beside prompt and answer.
    """

    path: Input
    columns: Mapping[str, str]
    prompts: Path | None = None
    references: Path | None = None
    skip_bad_rows: bool = False
    unanswered: bool = False
    needs: Needs = NOTHING


@dataclass(frozen=True)
class Layout:
    """`columns`: part (`prompt`) → column. `questions` and `references` stand by id.

    `needed`: a further name that a judge needs → column. `all_columns` are the names of the file's
    columns where any are needed. `conversations`: whole conversations are judged.
    """

    columns: Mapping[str, str]
    questions: Mapping[str, Question]
    references: Mapping[str, Any]
    unanswered: bool = False
    needed: Mapping[str, str] = field(default_factory=dict)
    all_columns: tuple[str, ...] = ()
    conversations: bool = False

    def read(self, row: Row, build: Build[_Entry]) -> _Entry | BadRow:
        """`build` of this layout, the row, its id, its prompt and how many user turns it lists.

        A row whose prompt is empty is an empty row, whatever else it lacks.
        """
        name = prompt = None
        try:
            name = self._id(row)
            prompt, turns = self._prompt(row, name)
            return build(self, row, name, prompt, turns)
        except RowError as error:
            empty = isinstance(error, EmptyRow)
            return BadRow(row.line, row.unit, str(error), name, prompt, empty)

    def _id(self, row: Row) -> str | None:
        try:
            return read_id(self.value(row, "id")) if "id" in self.columns else None
        except RowError as error:
            if "prompt" in self.columns and is_blank(self.value(row, "prompt")):
                raise EmptyRow("neither id nor prompt") from error
            raise

    def value(self, row: Row, part: str) -> Any:
        """The row's value of a part that the file has. Raises `RowError` where it has none."""
        column = self.columns[part]
        value = at(row.data, column)
        if value is MISSING:
            raise RowError(f"the {part} is missing (there is no {column!r} in it)")
        return value

    def optional(self, row: Row, part: str) -> Any:
        """As `value`, but None where file or row has none."""
        value = at(row.data, self.columns[part]) if part in self.columns else None
        return None if value is MISSING else value

    def answer(self, row: Row, part: str, turns: int | None) -> tuple[str, ...]:
        """One model's answers; those of a conversation are its last message.

        Args:
            row: The row.
            part: The part that holds them.
            turns: How many user turns the prompt lists, None where it is no such list.
        """
        value = self.value(row, part)
        if part == "response" and self.columns[part] == self.columns.get("prompt"):
            if not isinstance(value, list):
                raise RowError(f"the response is null, as {self.columns[part]!r} is no list")
            return read_answer(value[-1:], turns, part, number=len(value))
        return read_answer(value, turns, part)

    def conversation(
        self, row: Row, part: str, prompt: tuple[Message, ...], turns: int | None
    ) -> Conversation:
        """The whole conversation of a row: `prompt` is all of it, or what the answer followed.

        Args:
            row: The row.
            part: The part that holds the answer.
            prompt: The prompt as it was read, with the answer where one column holds both.
            turns: How many user turns the prompt lists, None where it is no such list.
        """
        if self.columns[part] == self.columns.get("prompt"):
            return split_conversation(prompt)
        return continued(prompt, self.value(row, part), turns, part)

    def references_of(self, row: Row, name: str | None, count: int) -> tuple[str | None, ...]:
        """From --references, else the row's own, else from --prompts; one per turn, or ()."""
        question = self._question(name)
        references: Any = self.references.get(name) if name is not None else None
        if references is None:
            references = self.optional(row, "reference")
        if references is None and question is not None:
            references = question.reference
        return read_references(references, count)

    def category_of(self, row: Row, name: str | None) -> str | None:
        """The row's own, else from --prompts."""
        category = read_category(self.optional(row, "category"))
        question = self._question(name)
        return question.category if category is None and question is not None else category

    def columns_of(self, row: Row, name: str | None) -> Columns:
        """The further values that a judge needs: the row's own, and those of --prompts.

        Raises `RowError` where both have a column with different values.
        """
        values = dict(row_columns(row, self.needed))
        question = self._question(name)
        for column, value in question.columns if question is not None else ():
            if values.setdefault(column, value) != value:
                raise RowError(
                    f"another value in the column {column!r} than the file of prompts has for the "
                    f"id {shown(name)}"
                )
        return tuple(sorted(values.items()))

    def _question(self, name: str | None) -> Question | None:
        return self.questions.get(name) if name is not None else None

    def prompt_value(self, row: Row) -> Any:
        """The row's own prompt as the file has it, without an answer after it."""
        value = self.value(row, "prompt")
        if self.columns.get("response") == self.columns["prompt"] and isinstance(value, list):
            value = value[:-1]
        if self.unanswered and self.columns["prompt"] in CONVERSATIONS and ends_answered(value):
            value = value[:-1]
        if "input" in self.columns:
            value = _with_input(value, row.data.get("input"))
        return value

    def _prompt(self, row: Row, name: str | None) -> tuple[tuple[Message, ...], int | None]:
        if "prompt" not in self.columns:
            question = self._question(name)
            if question is None:
                raise RowError(f"the id {shown(name)} is not in the file of prompts")
            if not question.prompt:
                raise EmptyRow("its prompt in the file of prompts is empty")
            return question.prompt, question.turns
        if self.conversations and self.columns["prompt"] == self.columns.get("response"):
            return self._messages(row), None
        return read_prompt(self.prompt_value(row))

    def _messages(self, row: Row) -> tuple[Message, ...]:
        """All messages of a row that holds a whole conversation."""
        value = self.value(row, "prompt")
        if not isinstance(value, list) or not value or not all(map(is_message, value)):
            raise RowError(f"the conversation is {shown(value)}, not a list of messages")
        return read_messages(value)


Build = Callable[[Layout, Row, str | None, tuple[Message, ...], int | None], _Entry]


def find_layout(
    rows: Sequence[Row], source: Source, wanted: Collection[str], needed: Collection[str]
) -> Layout:
    """The layout of a file of answers or pairs. Raises `InputError` as `find_columns` does."""
    path, given, needs = source.path, source.columns, source.needs.columns
    columns = find_columns(rows, path, wanted=wanted, needed=needed, given=given, others=needs)
    if "prompt" not in columns and source.prompts is None:
        way = "name it with --columns prompt=NAME, or give a file of prompts with --prompts"
        raise InputError(f"{path}: no column for the prompt; {way}")
    if "id" not in columns and (source.prompts is not None or source.references is not None):
        way = "name it with --columns id=NAME"
        raise InputError(f"{path}: --prompts and --references go by id, and it has none; {way}")
    return Layout(
        columns,
        prompts_by_id(source.prompts, given, needs) if source.prompts is not None else {},
        references_by_id(source.references, given) if source.references is not None else {},
        source.unanswered,
        find_needed(rows, path, needs, {**columns, **given}),
        column_names(rows) if needs else (),
        source.needs.conversations,
    )


def _with_input(instruction: object, given: object) -> object:
    """Alpaca's layout: the input, if there is one, below the instruction."""
    if given is None or given == "" or not isinstance(instruction, str):
        return instruction
    if not isinstance(given, str):
        raise RowError(f"the input is {shown(given)}, not text")
    return f"{instruction}\n\n{given}"
