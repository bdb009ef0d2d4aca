"""Files beside the answers: prompts by id, and references by id."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from judgekit.errors import InputError
from judgekit.io.case_columns import Columns, find_needed, row_columns
from judgekit.io.columns import find_columns
from judgekit.io.names import MISSING, NAMES, at, canonical
from judgekit.io.row import EmptyRow, Row, RowError, place, shown
from judgekit.io.rows import read_rows
from judgekit.io.values import read_category, read_id, read_prompt
from judgekit.types import Message

__all__ = ["Question", "prompts_by_id", "references_by_id"]

_Entry = TypeVar("_Entry")


@dataclass(frozen=True, slots=True)
class Question:
    """A row of a prompts file; `turns` as `read_prompt` gives it, the reference as it stands.

    An empty prompt has no messages. `columns` are the further values that a judge needs.
    """

    prompt: tuple[Message, ...]
    turns: int | None
    reference: Any
    category: str | None
    columns: Columns = ()


def prompts_by_id(
    path: Path, given: Mapping[str, str], needs: tuple[str, ...] = ()
) -> dict[str, Question]:
    """Prompts with their references, categories and needed columns where there are any."""
    rows = read_rows(path)
    wanted = ("id", "prompt", "reference", "category")
    columns = find_columns(
        rows, path, wanted=wanted, needed=("id", "prompt"), given=_fitting(given, wanted, rows)
    )

    needed = find_needed(rows, path, needs, {**columns, **given})

    def question(row: Row) -> Question:
        try:
            prompt, turns = read_prompt(_value(row, columns["prompt"]))
        except EmptyRow:
            prompt, turns = (), None
        category = read_category(_value(row, columns.get("category", "")))
        reference = _value(row, columns.get("reference", ""))
        return Question(prompt, turns, reference, category, row_columns(row, needed))

    return _by_id(rows, path, columns["id"], question)


def references_by_id(path: Path, given: Mapping[str, str]) -> dict[str, Any]:
    """Reference answers: a column `reference`, else that of a model's answers
    (FastChat's `reference_answer`, which has `choices` or `turns`)."""
    rows = read_rows(path)
    wanted = ("id", "reference")
    fitting = _fitting(given, wanted, rows)
    columns = find_columns(rows, path, wanted=wanted, needed=("id",), given=fitting)
    column = columns.get("reference") or _answers_column(rows, path)
    return _by_id(rows, path, columns["id"], lambda row: _value(row, column))


def _answers_column(rows: list[Row], path: Path) -> str:
    seen = {name for row in rows for name in row.data}
    names = [name for name in ("turns", *NAMES["response"]) if name in seen]
    if len(names) != 1:
        what = " and ".join(repr(name) for name in names) if names else "no such column"
        raise InputError(f"{path}: the references should be in 'reference', but there is {what}")
    return names[0]


def _fitting(given: Mapping[str, str], wanted: Collection[str], rows: list[Row]) -> dict[str, str]:
    """The columns of --columns, which names those of the answers, that this file has as well."""
    return {
        part: name
        for part, name in given.items()
        if part in wanted
        and any(at(row.data, n) is not MISSING for row in rows for n in (name, canonical(name)))
    }


def _value(row: Row, column: str) -> Any:
    value = at(row.data, column)
    return None if value is MISSING else value


def _by_id(
    rows: list[Row], path: Path, id_column: str, entry: Callable[[Row], _Entry]
) -> dict[str, _Entry]:
    entries: dict[str, tuple[int, _Entry]] = {}
    for row in rows:
        where = place(path, row.unit, row.line)
        try:
            name, value = read_id(_value(row, id_column)), entry(row)
        except RowError as error:
            raise InputError(f"{where}: {error}; correct that row") from error
        line, first = entries.setdefault(name, (row.line, value))
        if first != value:
            raise InputError(
                f"{where}: the id {shown(name)} stands for another in {row.unit} {line}; keep one"
            )
    return {name: value for name, (_, value) in entries.items()}
