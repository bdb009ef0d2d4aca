"""Files with both answers in each row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from judgekit.io.case_columns import Columns
from judgekit.io.cases import Joined, case_at
from judgekit.io.conversations import transcript
from judgekit.io.given import Input
from judgekit.io.intake import take_in
from judgekit.io.layout import Layout, Source
from judgekit.io.names import MISSING, at, canonical
from judgekit.io.needs import NOTHING, Needs
from judgekit.io.row import Row, RowError, place, shown
from judgekit.io.rows import scan
from judgekit.types import Case, Message

__all__ = ["PARTS", "SIDES", "Pair", "holds_pairs", "load_pairs", "read_pair"]

SIDES = ("response_a", "response_b")
PARTS = ("id", "prompt", *SIDES, "model_a", "model_b", "reference", "category")


@dataclass(frozen=True, slots=True)
class Pair:
    """One row with two answers, each of as many turns as the prompt has."""

    line: int
    id: str | None
    prompt: tuple[Message, ...]
    answers: tuple[tuple[str, ...], ...]
    models: tuple[str, ...]
    references: tuple[str | None, ...]
    category: str | None
    columns: Columns = ()
    messages: tuple[tuple[Message, ...], ...] = ()

    @property
    def content(self) -> object:
        return (
            self.prompt,
            self.answers,
            self.models,
            self.references,
            self.category,
            self.columns,
            self.messages,
        )

    @property
    def case(self) -> Case:
        """The case of the last turn; the turns before it are its history."""
        return case_at(
            len(self.answers[0]) - 1,
            self.id or f"row-{self.line}",
            self.prompt,
            self.answers,
            self.models,
            self.references,
            self.category,
            self.columns,
            self.messages,
        )


def holds_pairs(path: Input, *, columns: Mapping[str, str] | None = None) -> bool:
    """Whether a file holds pairs: its first readable row has the first of two answers."""
    column = (columns or {}).get("response_a", "response_a")
    for row in scan(path):
        if isinstance(row, Row):
            return any(at(row.data, n) is not MISSING for n in (column, canonical(column)))
    return False


def load_pairs(
    path: Input,
    *,
    columns: Mapping[str, str] | None = None,
    prompts: Path | None = None,
    references: Path | None = None,
    skip_bad_rows: bool = False,
    needs: Needs = NOTHING,
) -> Joined:
    """Reads a file of pairs: each row is one case.

    If the prompt is a list of user turns, each response is a list of as many answers: the last is
    judged, and the others are its history. The models' names are in the columns `model_a` and
    `model_b` (or keys of `meta`), else they are ``a`` and ``b``.

    Args:
        path: The file.
        columns: As of `load_answers`.
        prompts: As of `load_answers`.
        references: As of `load_answers`.
        skip_bad_rows: As of `load_answers`.
        needs: As of `load_answers`.

    Raises:
        InputError: As of `load_answers`.
    """
    source = Source(path, columns or {}, prompts, references, skip_bad_rows, needs=needs)
    intake = take_in(source, PARTS, SIDES, read_pair)
    models = {pair.models for pair in intake.kept}
    places = [place(path, intake.unit, pair.line) for pair in intake.kept]
    cases = [pair.case for pair in intake.kept]
    if needs.conversations:
        cases = [replace(case, place=where) for case, where in zip(cases, places, strict=True)]
    return Joined(
        cases,
        models.pop() if len(models) == 1 else ("a", "b"),
        (intake.counts,),
        lacking={
            case.id: where
            for case, where in zip(cases, places, strict=True)
            if len(case.columns) < len(needs.columns)
        },
        columns=intake.columns,
    )


def read_pair(
    layout: Layout, row: Row, name: str | None, prompt: tuple[Message, ...], turns: int | None
) -> Pair:
    """A pair from a row, as `Layout.read` calls it. Raises `RowError`."""
    messages: tuple[tuple[Message, ...], ...] = ()
    references = layout.references_of(row, name, turns or 1)
    if layout.conversations:
        opened = [layout.conversation(row, side, prompt, turns) for side in SIDES]
        prompt, messages = opened[0][0], tuple(rest for _, rest in opened)
        answers: tuple[tuple[str, ...], ...] = tuple((transcript(rest),) for rest in messages)
        references = references[-1:]
    else:
        answers = tuple(layout.answer(row, side, turns) for side in SIDES)
    return Pair(
        row.line,
        name,
        prompt,
        answers,
        _models(layout, row),
        references,
        layout.category_of(row, name),
        layout.columns_of(row, name),
        messages,
    )


def _models(layout: Layout, row: Row) -> tuple[str, ...]:
    """The two models' names, made unique."""
    meta = row.data.get("meta")
    names = []
    for side, default in (("model_a", "a"), ("model_b", "b")):
        name = layout.optional(row, side)
        if name is None and isinstance(meta, dict):
            name = meta.get(side)
        if name is not None and not isinstance(name, str):
            raise RowError(f"the {side} is {shown(name)}, not text")
        names.append(name or default)
    a, b = names
    return (a, b) if a != b else (f"{a} (a)", f"{b} (b)")
