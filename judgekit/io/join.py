"""Files of answers joined into cases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from judgekit.errors import InputError
from judgekit.io.answers import Answer, Answers, stem
from judgekit.io.case_columns import Columns, join_columns
from judgekit.io.cases import Joined, case_at, label
from judgekit.io.row import BadRow, place, shown
from judgekit.types import Case

__all__ = [
    "cases_of",
    "check_equal",
    "check_ids",
    "columns_of",
    "join",
    "lacking_columns",
    "placed",
    "reference_of",
]


def join(files: Sequence[Answers], *, how: Literal["strict", "inner"] = "strict") -> Joined:
    """Joins files of answers into one case per judged turn that every file answers.

    Files with ids are joined by id, and equal ids need equal prompts; others are joined by prompt,
    repeated prompts in their order. A case has the row's id, or ``row-N`` (its line in the first
    file) where no file has ids, with ``/1``, ``/2`` … for the judged turns of a chat.

    Args:
        files: One file gives cases of one response, several give a response for each.
        how: What to do with rows that have no partner in another file: ``strict`` refuses them,
            ``inner`` leaves them out. Rows whose partner was skipped are left out in any case.

    Returns:
        The cases in the order of the first file, with counts of all rows.

    Raises:
        InputError: The files have no prompts in common, or do not match.
    """
    by_id = all(row.id is not None for file in files for row in file.rows)
    keyed = [_Keyed.of(file, by_id=by_id) for file in files]
    common = set(keyed[0].rows)
    for other in keyed[1:]:
        common &= other.rows.keys()
    unmatched = _unmatched(keyed, common, how)
    if not common:
        what = "ids" if by_id else "prompts"
        names = ", ".join(str(file.file) for file in files)
        raise InputError(f"{names} have no {what} in common; compare files of the same prompts")
    models = _display_names(files)
    cases: list[Case] = []
    lacking: dict[str, str] = {}
    for key in keyed[0].rows:
        if key in common:
            group = [file.rows[key] for file in keyed]
            check_equal(group, files)
            made = list(
                cases_of(group, models, reference_of(group, files), columns_of(group, files))
            )
            cases += placed(made, group, files)
            lacking |= lacking_columns(made, group[0], files[0])
    check_ids(cases)
    counts = tuple(
        replace(file.counts, used=len(common), left_out=len(file.rows) - len(common))
        for file in files
    )
    columns = dict.fromkeys(name for file in files for name in file.columns)
    return Joined(cases, models, counts, unmatched, lacking, tuple(columns))


@dataclass(frozen=True)
class _Keyed:
    """A file's rows by what they are joined by: the id, or the prompt and how often it stood
    before. `skipped`: the same of the rows that could not be used, as far as it is known."""

    file: Answers
    rows: dict[Hashable, Answer]
    skipped: frozenset[Hashable]

    @classmethod
    def of(cls, file: Answers, *, by_id: bool) -> _Keyed:
        before: Counter[Hashable] = Counter()

        def keys(rows: Iterable[Answer | BadRow]) -> Iterable[Hashable]:
            for row in rows:
                if by_id:
                    yield row.id
                else:
                    yield row.prompt, before[row.prompt]
                    before[row.prompt] += 1

        rows = dict(zip(keys(file.rows), file.rows, strict=True))
        return cls(file, rows, frozenset(keys(file.skipped)))


def _unmatched(
    keyed: Sequence[_Keyed], common: set[Hashable], how: Literal["strict", "inner"]
) -> dict[str, int]:
    """How many rows have no partner, by reason. Raises `InputError` where none may lack one."""
    paths = [file.file.file for file in keyed]
    counts: Counter[str] = Counter()
    missing: list[tuple[Answers, Answer, Answers]] = []
    for side in keyed:
        for key, row in side.rows.items():
            if key in common:
                continue
            other = next(file for file in keyed if key not in file.rows)
            name = label(other.file.file, paths)
            if key in other.skipped:
                reason = f"unusable in {name}"
            else:
                reason = f"not in {name}"
                missing.append((side.file, row, other.file))
            counts[f"{label(side.file.file, paths)}: {reason}"] += 1
    if missing and how == "strict":
        file, row, absent = missing[0]
        what = f"{_named(row)} is not in {absent.file} ({len(missing)} rows have no partner)"
        raise InputError(f"{_where(file, row)}: {what}; join what there is with --join inner")
    return dict(counts)


def check_equal(group: Sequence[Answer], files: Sequence[Answers]) -> None:
    """Raises `InputError` unless rows that are joined answer the same."""
    first = group[0]
    for file, row in zip(files[1:], group[1:], strict=True):
        where, there = _where(file, row), _where(files[0], first)
        if row.prompt != first.prompt:
            what = f"{_named(row)} has another prompt than in {there}"
            raise InputError(f"{where}: {what}; equal ids must have equal prompts, correct one")
        if len(row.responses) != len(first.responses):
            turns = f"{len(row.responses)}, but {len(first.responses)} in {there}"
            raise InputError(f"{where}: judged turns of {_named(row)}: {turns}; correct one")


def reference_of(group: Sequence[Answer], files: Sequence[Answers]) -> tuple[str | None, ...]:
    """The references of joined rows: any file may hold them, no two may differ."""
    held = [(row, file) for row, file in zip(group, files, strict=True) if row.references]
    for row, file in held[1:]:
        first = held[0]
        if row.references != first[0].references:
            what = f"{_named(row)} has another reference than in {_where(first[1], first[0])}"
            way = "correct one, or give the right ones with --references"
            raise InputError(f"{_where(file, row)}: {what}; {way}")
    return held[0][0].references if held else ()


def columns_of(group: Sequence[Answer], files: Sequence[Answers]) -> Columns:
    """The further columns of joined rows: any file may hold them, no two may differ."""
    return join_columns(
        [(row.columns, _where(file, row)) for row, file in zip(group, files, strict=True)]
    )


def placed(
    cases: Sequence[Case], group: Sequence[Answer], files: Sequence[Answers]
) -> Sequence[Case]:
    """The cases with the places of their rows, where whole conversations are judged."""
    if not files[0].needs.conversations:
        return cases
    where = " and ".join(_where(file, row) for row, file in zip(group, files, strict=True))
    return [replace(case, place=where) for case in cases]


def lacking_columns(cases: Iterable[Case], row: Answer, file: Answers) -> dict[str, str]:
    """The row's place by the id of each of its cases, where a needed column has no value."""
    where = _where(file, row)
    return {case.id: where for case in cases if len(case.columns) < len(file.needs.columns)}


def cases_of(
    group: Sequence[Answer],
    models: tuple[str, ...],
    references: tuple[str | None, ...],
    columns: Columns = (),
) -> Iterable[Case]:
    """A case per judged turn of rows that answer the same, a response per row."""
    first = group[0]
    name = next((row.id for row in group if row.id is not None), f"row-{first.line}")
    category = next((row.category for row in group if row.category is not None), None)
    answers = [row.responses for row in group]
    messages = [row.messages for row in group]
    turns = len(first.responses)
    for turn in range(turns):
        case_id = name if turns == 1 else f"{name}/{turn + 1}"
        yield case_at(
            turn, case_id, first.prompt, answers, models, references, category, columns, messages
        )


def check_ids(cases: Sequence[Case]) -> None:
    """Raises `InputError` where two cases have one id."""
    counts = Counter(case.id for case in cases)
    if len(counts) < len(cases):
        name = counts.most_common(1)[0][0]
        raise InputError(f"two cases would have the id {name!r}; rename one of the rows")


def _display_names(files: Sequence[Answers]) -> tuple[str, ...]:
    """The models' names, with the file's where two are the same, numbered where that is too."""
    plain = [file.model for file in files]
    names = [
        name if plain.count(name) == 1 else f"{name} ({stem(file.file)})"
        for name, file in zip(plain, files, strict=True)
    ]
    if len(set(names)) < len(names):
        names = [f"{name} ({number})" for number, name in enumerate(plain, 1)]
    return tuple(names)


def _where(file: Answers, row: Answer) -> str:
    return place(file.file, file.unit, row.line)


def _named(row: Answer) -> str:
    if row.id is not None:
        return f"the id {shown(row.id)}"
    return f"the prompt {shown(row.prompt[-1].content)}"
