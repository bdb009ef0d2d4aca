"""Labelled pairs as rows: read into a set, and written as a file that jobs read.

Beside the columns of a file of pairs a row has `label` (or `winner`), and may have `language`,
`group` (`judgekit.io.labelled_set.LabelledSet.groups`) and `labels`, the list of several people's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from judgekit.errors import InputError, PluginError
from judgekit.io.case_columns import column_names, lacking
from judgekit.io.files import make_parents, safe_name, write_file
from judgekit.io.jsonl import json_line
from judgekit.io.labelled_set import LabelledSet
from judgekit.io.labels import agreeing, read_label
from judgekit.io.layout import Layout, Source, find_layout
from judgekit.io.names import MISSING, at, canonical
from judgekit.io.needs import NOTHING, Needs
from judgekit.io.pairs import PARTS, SIDES, Pair, read_pair
from judgekit.io.row import BadRow, Row, RowError, place, shown
from judgekit.io.rows import read_rows
from judgekit.types import Case, Label, Message, Response, digest

__all__ = ["LEFT_OUT", "LETTERS", "keep_labelled", "label_of", "labelled_set", "load_labelled"]

LEFT_OUT = "left_out"
"""A column with the reason why its row is no case; such rows are counted by reason."""

UNLABELLED = "no label"
EMPTY = "empty prompt"
LETTERS: Mapping[Label, str] = {0: "A", 1: "B", "tie": "tie"}


@dataclass(frozen=True, slots=True)
class _Labelled:
    pair: Pair
    label: Label | None
    language: str | None
    group: str | None
    votes: tuple[Label, ...] = ()


def load_labelled(
    path: Path,
    name: str,
    *,
    columns: Mapping[str, str] | None = None,
    needs: Needs = NOTHING,
) -> LabelledSet:
    """A labelled set from a file of labelled pairs.

    Its source is the value of the column `source` if all rows have the same; its licence is not
    known.

    Args:
        path: The file, in any of the formats of `judgekit.io.read_rows`.
        name: The set's name.
        columns: The file's own names of columns, `label`, `labels`, `language` and `group` among
            them.
        needs: Further columns that the cases keep (`Case.columns`), where the file has them.

    Raises:
        InputError: The file cannot be read, or a row cannot be used.
    """
    rows = read_rows(path)
    sources = {row.data.get("source") for row in rows}
    source = sources.pop() if len(sources) == 1 else None
    origin = f"{source} ({path})" if isinstance(source, str) and source else str(path)
    return labelled_set(
        rows, path, name=name, source=origin, licence="", columns=columns, needs=needs
    )


def labelled_set(
    rows: Iterable[Row],
    origin: Path,
    *,
    name: str,
    source: str,
    licence: str,
    note: str = "",
    columns: Mapping[str, str] | None = None,
    needs: Needs = NOTHING,
) -> LabelledSet:
    """A labelled set from rows.

    Rows without a label and repeated rows are left out and counted.

    Args:
        rows: The rows of a file.
        origin: The file, for messages.
        name: The set's name.
        source: Where the set is from.
        licence: The set's licence, empty where it is not known.
        note: What a reader of its metrics has to know.
        columns: As of `load_labelled`.
        needs: As of `load_labelled`.

    Raises:
        InputError: A row cannot be used, an id has two contents, or no row is left.
    """
    given = list(rows)
    kept, left_out = _labelled_entries(given, Source(origin, columns or {}, needs=needs))
    if not kept:
        raise InputError(
            f"{origin}: no row has a label to judge a judge by; the label is A, B, tie"
        )
    _check_needed([entry.pair for entry in kept.values()], given, origin, needs.columns)
    return LabelledSet(
        name,
        tuple(entry.pair.case for entry in kept.values()),
        {case: entry.label for case, entry in kept.items() if entry.label is not None},
        source,
        licence,
        {case: entry.language for case, entry in kept.items() if entry.language is not None},
        {case: entry.group for case, entry in kept.items() if entry.group is not None},
        dict(left_out),
        note,
        {case: entry.votes for case, entry in kept.items() if len(entry.votes) > 1},
    )


def _labelled_entries(
    given: Sequence[Row], source: Source
) -> tuple[dict[str, _Labelled], Counter[str]]:
    """The rows with a label by their cases' ids, and a count of the others by reason."""
    left_out = Counter(str(row.data[LEFT_OUT]) for row in given if LEFT_OUT in row.data)
    kept: dict[str, _Labelled] = {}
    for row, entry in _entries([r for r in given if LEFT_OUT not in r.data], source):
        if entry is None:
            left_out[EMPTY] += 1
            continue
        case = entry.pair.case
        first = kept.get(case.id)
        if first is not None:
            _check_same(first, entry, place(source.path, row.unit, row.line), row.unit)
        if entry.label is None:
            left_out[UNLABELLED] += 1
        elif first is not None:
            left_out["duplicate"] += 1
        else:
            kept[case.id] = entry
    return kept, left_out


def _check_needed(
    pairs: Sequence[Pair], rows: Sequence[Row], origin: Path, needs: Sequence[str]
) -> None:
    """Raises `InputError` where a pair has no value in a column that the judges need."""
    for name in needs:
        absent = [pair for pair in pairs if name not in dict(pair.columns)]
        if absent:
            where = place(origin, rows[0].unit, absent[0].line)
            raise lacking(where, name, "a judge", column_names(rows), len(absent) - 1)


def _check_same(first: _Labelled, again: _Labelled, where: str, unit: str) -> None:
    """Raises `InputError` where one id names two contents, or one content with two labels."""
    if (first.pair.content, first.label) != (again.pair.content, again.label):
        raise InputError(
            f"{where}: the id {again.pair.case.id!r} stands in {unit} {first.pair.line} with other "
            f"content or another label; give each row an id of its own"
        )


def keep_labelled(labelled: LabelledSet, folder: Path) -> Path:
    """Writes the set as a file of labelled pairs, named by its content's digest.

    Args:
        labelled: The set.
        folder: The folder for the file; it is made if necessary.

    Returns:
        The file's path.

    Raises:
        InputError: The file cannot be written.
    """
    rows = [pair_row(case, labelled) for case in labelled.cases]
    data = b"".join(json_line(row) for row in rows)
    name = f"{safe_name(labelled.name)}-{digest(data.decode(), size=4)}"
    path = folder / f"{name}.jsonl"
    if not path.is_file():
        make_parents(path)
        write_file(path, data)
    return path


def pair_row(case: Case, labelled: LabelledSet) -> dict[str, Any]:
    """A case as a row of labelled pairs (`judgekit.io.labelled_pairs`)."""
    a, b = case.responses
    turns = bool(a.earlier or b.earlier)
    if turns and any(message.role != "user" for message in case.prompt):
        raise PluginError(
            f"case {case.id!r} of the set {labelled.name!r} has answers to earlier turns beside "
            f"messages of another role; its prompt then is user turns alone"
        )
    prompt = [m.content for m in case.prompt] if turns else [m.as_dict() for m in case.prompt]
    references = [*(r or None for r in case.earlier_references), case.reference]
    return (
        dict[str, Any](case.columns)
        | {
            "id": case.id,
            "prompt": prompt,
            "response_a": response_value(a, turns=turns),
            "response_b": response_value(b, turns=turns),
            "model_a": a.model,
            "model_b": b.model,
            "label": label_text(labelled.labels[case.id], (a.model, b.model)),
            "reference": references if len(references) > 1 else case.reference,
            "category": case.category,
            "language": labelled.languages.get(case.id),
            "group": labelled.groups.get(case.id),
        }
        | votes_row(case, labelled)
    )


def votes_row(case: Case, labelled: LabelledSet) -> dict[str, list[str]]:
    """The column with several people's labels, of cases that have them."""
    names = tuple(response.model for response in case.responses)
    votes = labelled.votes.get(case.id, ())
    return {"labels": [label_text(vote, names) for vote in votes]} if votes else {}


def response_value(response: Response, *, turns: bool) -> Any:
    """A response as a row holds it: a text, the texts of all turns, or messages."""
    if response.messages:
        return [message.as_dict() for message in response.messages]
    return [*response.earlier, response.text] if turns else response.text


def label_text(label: Label, models: Sequence[str]) -> str:
    """The label as text: its letter, unless the other model has that name."""
    if label == "tie" or models[1 - label].casefold() != LETTERS[label].casefold():
        return LETTERS[label]
    return f"response_{LETTERS[label].casefold()}"


def _entries(rows: Sequence[Row], source: Source) -> Iterable[tuple[Row, _Labelled | None]]:
    """The rows with what they say; None for an empty prompt."""
    origin, columns = source.path, source.columns
    parts = ("label", "labels", "language", "group")
    label_columns = {part: columns.get(part, part) for part in parts}
    if "label" not in columns and not any("label" in row.data for row in rows):
        label_columns["label"] = "winner"
    if rows and all(_value(row, label_columns["label"]) is MISSING for row in rows):
        way = "name it with --columns label=NAME"
        raise InputError(f"{origin}: no column says which answer is better (label); {way}")
    of_pair = {part: column for part, column in columns.items() if part not in label_columns}
    layout = find_layout(rows, replace(source, columns=of_pair), PARTS, SIDES)

    def read(
        layout: Layout, row: Row, name: str | None, prompt: tuple[Message, ...], turns: int | None
    ) -> _Labelled:
        pair = read_pair(layout, row, name, prompt, turns)
        return _Labelled(
            pair,
            label_of(row, label_columns["label"], pair.models),
            _text(row, label_columns["language"]),
            _text(row, label_columns["group"]),
            votes_of(row, label_columns["labels"], pair.models, named="labels" in columns),
        )

    for row in rows:
        entry = layout.read(row, read)
        if isinstance(entry, BadRow) and entry.empty:
            yield row, None
            continue
        if isinstance(entry, BadRow):
            raise InputError(f"{place(origin, row.unit, row.line)}: {entry.reason}; correct it")
        yield row, entry


def _value(row: Row, column: str) -> Any:
    value = at(row.data, column)
    return at(row.data, canonical(column)) if value is MISSING else value


def label_of(row: Row, column: str, models: Sequence[str]) -> Label | None:
    """The label in a column of a row; None if it is empty. Raises `RowError`."""
    value: Any = _value(row, column)
    if value is MISSING or value is None or value == "":
        return None
    if not isinstance(value, str):  # some sets count from 0, some from 1, some call the tie 0
        raise RowError(f"the label is {shown(value)}; write A, B or tie, or null for none")
    try:
        label = read_label(value, models)
        return agreeing(label, row.data, models) if column == "label" else label
    except ValueError as error:
        raise RowError(str(error)) from error


def votes_of(row: Row, column: str, models: Sequence[str], *, named: bool) -> tuple[Label, ...]:
    """The labels of several people in a row's list; empty without one.

    A column that the user has not `named` may hold anything. Raises `RowError` of one that is.
    """
    value: Any = _value(row, column)
    if value is MISSING or value is None:
        return ()
    texts = isinstance(value, list) and all(isinstance(vote, str) for vote in value)
    if not texts and named:
        raise RowError(f"{column} is {shown(value)}; write a list of A, B or tie")
    try:
        return tuple(read_label(vote, models) for vote in value) if texts else ()
    except ValueError as error:
        if named:
            raise RowError(str(error)) from error
        return ()


def _text(row: Row, column: str) -> str | None:
    value: Any = _value(row, column)
    if value is MISSING or value is None or value == "":
        return None
    if isinstance(value, str):
        return value
    raise RowError(f"the {column} is {shown(value)}, not text")
