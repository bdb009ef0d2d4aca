"""One model's answers, read from a file."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from judgekit.io.case_columns import Columns
from judgekit.io.conversations import transcript
from judgekit.io.given import Input
from judgekit.io.intake import Counts, take_in
from judgekit.io.layout import Layout, Source
from judgekit.io.needs import NOTHING, Needs
from judgekit.io.row import BadRow, Row, Unit
from judgekit.types import Message

__all__ = ["PARTS", "Answer", "Answers", "load_answers", "read_answer_row", "stem"]

PARTS = ("id", "prompt", "response", "model", "reference", "category")


@dataclass(frozen=True, slots=True)
class Answer:
    """One row: `responses` are the model's answers, one per judged turn.

    `references` has as many entries (None where a turn has none), or is () where there is none
    at all. `messages` are those after the opening of a conversation that is judged as a whole;
    `responses` then is its text. `line` is the row's place in its file, counted from 1.
    """

    line: int
    id: str | None
    prompt: tuple[Message, ...]
    responses: tuple[str, ...]
    references: tuple[str | None, ...] = ()
    category: str | None = None
    model: str | None = None
    columns: Columns = ()
    messages: tuple[Message, ...] = ()

    @property
    def content(self) -> object:
        """Everything except its place: equal in rows with the same content."""
        return (
            self.prompt,
            self.responses,
            self.references,
            self.category,
            self.model,
            self.columns,
            self.messages,
        )


@dataclass(frozen=True)
class Answers:
    """One file of answers.

    `model` is the value of the model column if all rows have the same, else the file's name
    without its ending. `skipped` are the rows that could not be used, with the reason. `unit` is
    what `Answer.line` counts. `needs` is what was to be kept, `columns` the names of all
    columns where any further ones are needed.
    """

    file: Input
    model: str
    rows: list[Answer]
    skipped: list[BadRow]
    counts: Counts
    unit: Unit
    needs: Needs = NOTHING
    columns: tuple[str, ...] = ()


def load_answers(
    path: Input,
    *,
    columns: Mapping[str, str] | None = None,
    prompts: Path | None = None,
    references: Path | None = None,
    skip_bad_rows: bool = False,
    several: bool = False,
    needs: Needs = NOTHING,
) -> Answers:
    """Reads one model's answers.

    Args:
        path: The file, in any of the formats of `read_rows`.
        columns: The file's own names of columns: ``{"response": "text"}``.
        prompts: A file of prompts by id.
        references: A file of reference answers by id.
        skip_bad_rows: Leave out and count rows that cannot be used, instead of stopping.
        several: The file may have several answers to one prompt.
        needs: What is kept of each row beside prompt and answer.

    Raises:
        InputError: The file cannot be read, a row cannot be used, or two different rows have one
            id. The message names file and line, and says what to do.
    """
    source = Source(path, columns or {}, prompts, references, skip_bad_rows, needs=needs)
    intake = take_in(source, PARTS, ("response",), read_answer_row, several=several)
    models = {row.model for row in intake.kept}
    model = models.pop() if len(models) == 1 else None
    return Answers(
        path,
        model or stem(path),
        intake.kept,
        intake.skipped,
        intake.counts,
        intake.unit,
        needs,
        intake.columns,
    )


def read_answer_row(
    layout: Layout, row: Row, name: str | None, prompt: tuple[Message, ...], turns: int | None
) -> Answer:
    messages: tuple[Message, ...] = ()
    references = layout.references_of(row, name, turns or 1)
    if layout.conversations:
        prompt, messages = layout.conversation(row, "response", prompt, turns)
        responses: tuple[str, ...] = (transcript(messages),)
        references = references[-1:]
    else:
        responses = layout.answer(row, "response", turns)
    model = layout.optional(row, "model")
    return Answer(
        row.line,
        name,
        prompt,
        responses,
        references,
        layout.category_of(row, name),
        sys.intern(model) if isinstance(model, str) else None,  # one name, in every row
        layout.columns_of(row, name),
        messages,
    )


def stem(path: Input) -> str:
    """The file's name without its endings: ``a`` for ``a.jsonl.gz``."""
    name = path.name.removesuffix(".gz")
    return Path(name).stem or name
