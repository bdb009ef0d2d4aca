"""Single answers with people's scores or grades, one a row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from judgekit.errors import InputError
from judgekit.io.answers import PARTS, Answer, read_answer_row
from judgekit.io.cases import case_at
from judgekit.io.layout import Layout, Source, find_layout
from judgekit.io.names import MISSING, at
from judgekit.io.needs import NOTHING, Needs
from judgekit.io.row import BadRow, Row, RowError, is_blank, place, shown
from judgekit.io.rows import read_rows
from judgekit.types import Case, Message

__all__ = ["LabelledAnswers", "load_labelled_answers"]

MODEL = "answer"
LabelledAnswer = tuple[Case, float | str | None, tuple[float | str, ...]]


@dataclass(frozen=True)
class LabelledAnswers:
    """Cases of one response, each with what people gave it: a number, or the name of a grade.

    `labels` and `votes` are by case id; `votes` holds the labels of several people where a row has
    them. `left_out` counts rows that are no case, by reason.
    """

    cases: tuple[Case, ...]
    labels: Mapping[str, float | str]
    votes: Mapping[str, tuple[float | str, ...]]
    left_out: Mapping[str, int]


def load_labelled_answers(
    path: Path,
    *,
    columns: Mapping[str, str] | None = None,
    references: Path | None = None,
    needs: Needs = NOTHING,
) -> LabelledAnswers:
    """Answers with labels from a file.

    Args:
        path: A file of answers with a column `label`: a number, or the name of a grade. A column
            `labels` may hold a list of several people's.
        columns: The file's own names of columns, `label` and `labels` among them.
        references: A file of reference answers by id.
        needs: What is kept of each row beside prompt and answer.

    Raises:
        InputError: The file cannot be read, a row cannot be used, or no row has a label.
    """
    given = dict(columns or {})
    column, several = given.pop("label", "label"), given.pop("labels", "labels")
    rows = read_rows(path)
    layout = find_layout(
        rows, Source(path, given, references=references, needs=needs), PARTS, ("response",)
    )

    def read(
        layout: Layout, row: Row, name: str | None, prompt: tuple[Message, ...], turns: int | None
    ) -> LabelledAnswer:
        answer = read_answer_row(layout, row, name, prompt, turns)
        return case_of(answer), _label(at(row.data, column)), _votes(at(row.data, several))

    kept, left_out = _entries(rows, path, lambda row: layout.read(row, read))
    return LabelledAnswers(
        tuple(case for case, *_ in kept.values()),
        {name: label for name, (_, label, _) in kept.items() if label is not None},
        {name: votes for name, (*_, votes) in kept.items() if len(votes) > 1},
        dict(left_out),
    )


def _entries(
    rows: Sequence[Row], path: Path, entry_of: Callable[[Row], LabelledAnswer | BadRow]
) -> tuple[dict[str, LabelledAnswer], Counter[str]]:
    """The rows with a label by their cases' ids, and a count of the others by reason."""
    kept: dict[str, LabelledAnswer] = {}
    left_out: Counter[str] = Counter()
    for row in rows:
        entry = entry_of(row)
        where = place(path, row.unit, row.line)
        if isinstance(entry, BadRow) and not entry.empty:
            raise InputError(f"{where}: {entry.reason}; correct it")
        if isinstance(entry, BadRow) or entry[1] is None:
            left_out["empty prompt" if isinstance(entry, BadRow) else "no label"] += 1
            continue
        if kept.setdefault(entry[0].id, entry) is not entry:
            raise InputError(
                f"{where}: the id {entry[0].id!r} stands in an earlier {row.unit}; give each row "
                f"an id of its own, or leave the column out"
            )
    if not kept:
        raise InputError(
            f"{path}: no row has a label to align a judge with; the label is a number or a grade"
        )
    return kept, left_out


def case_of(answer: Answer) -> Case:
    """The case of a row's last turn."""
    return case_at(
        len(answer.responses) - 1,
        answer.id or f"row-{answer.line}",
        answer.prompt,
        (answer.responses,),
        (answer.model or MODEL,),
        answer.references,
        answer.category,
        answer.columns,
    )


def _votes(value: object) -> tuple[float | str, ...]:
    """Several people's labels; empty where the column is none of them. Raises `RowError`."""
    if not isinstance(value, list):
        return ()
    return tuple(label for entry in value if (label := _label(entry)) is not None)


def _label(value: object) -> float | str | None:
    """A label; None where there is none. Raises `RowError`."""
    if value is MISSING or is_blank(value):
        return None
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value.strip()
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RowError(f"the label is {shown(value)}; write a number or the name of a grade")
    return float(value)
