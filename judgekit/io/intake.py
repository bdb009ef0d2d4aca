"""All rows of one file: those that are used, and a count of the others."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Generic, Protocol, TypeVar

from judgekit.errors import InputError
from judgekit.io.given import GivenRows, Input
from judgekit.io.layout import Build, Source, find_layout
from judgekit.io.row import BadRow, Row, Unit, place, shown
from judgekit.io.rows import scan

__all__ = ["Counts", "Intake", "take_in"]


class _Kept(Protocol):
    @property
    def line(self) -> int: ...
    @property
    def id(self) -> str | None: ...
    @property
    def content(self) -> object: ...


_Entry = TypeVar("_Entry", bound=_Kept)
_NAMED = 3  # how many skipped rows are named beside their count


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts of a file's rows: ``rows = used + skipped + empty + duplicates + left_out``.

    `skipped` rows could not be used, `empty` ones hold nothing to judge (no value, or no prompt),
    `duplicates` repeat an id with the same content, and `left_out` have no partner in another file.
    In `repaired` rows lone surrogates were replaced. `why_skipped` and `why_empty` have place and
    reason of the first few.
    """

    file: Input
    rows: int
    used: int
    skipped: int = 0
    duplicates: int = 0
    left_out: int = 0
    repaired: int = 0
    why_skipped: tuple[str, ...] = ()
    empty: int = 0
    why_empty: tuple[str, ...] = ()


@dataclass(frozen=True)
class Intake(Generic[_Entry]):
    """The used rows of a file in their order, and those that could not be used or are empty.

    `columns` are the names of the file's columns where a judge needs some of them.
    """

    kept: list[_Entry]
    skipped: list[BadRow]
    counts: Counts
    unit: Unit
    columns: tuple[str, ...] = ()


def take_in(
    source: Source,
    wanted: Collection[str],
    needed: Collection[str],
    build: Build[_Entry],
    *,
    several: bool = False,
) -> Intake[_Entry]:
    """Reads a file whose rows have the parts `wanted`, `needed` ones at least, into entries.

    Raises `InputError` at the first row that cannot be used, unless such rows are skipped; where
    none is left; and where an id stands for two different rows, unless there may be `several`:
    then only what a row says tells whether it is a duplicate.
    """
    path = source.path
    rows, skipped = _rows(source)
    layout = find_layout(rows, source, wanted, needed)
    count, unit = len(rows) + len(skipped), rows[0].unit
    repaired = sum(row.repaired for row in rows)
    kept: list[_Entry] = []
    held: dict[object, _Entry] = {}
    rows.reverse()
    while rows:  # emptied on the way, so that no row is held twice
        entry = layout.read(rows.pop(), build)
        if isinstance(entry, BadRow):
            _skip(entry, skipped, source)
            continue
        key = (entry.id, entry.content) if several else entry.id
        first = held.setdefault(key, entry) if key is not None else entry
        if first is entry:
            kept.append(entry)
        elif first.content != entry.content:
            raise InputError(
                f"{place(path, unit, entry.line)}: the id {shown(entry.id)} stands in {unit} "
                f"{first.line} with other content; give each row an id of its own"
            )
    if not kept:
        raise _nothing(path, skipped)
    if source.references is not None and not any(row.id in layout.references for row in kept):
        raise InputError(f"{source.references}: it has none of the ids of {path}; check the ids")
    skipped.sort(key=lambda row: row.line)
    duplicates = count - len(kept) - len(skipped)
    counts = replace(
        _counts(path, count, skipped), used=len(kept), duplicates=duplicates, repaired=repaired
    )
    return Intake(kept, skipped, counts, unit, layout.all_columns)


def _counts(path: Input, count: int, skipped: list[BadRow]) -> Counts:
    """The counts of the rows that are not used."""
    empty = [row for row in skipped if row.empty]
    unusable = [row for row in skipped if not row.empty]
    return Counts(
        path,
        count,
        0,
        skipped=len(unusable),
        why_skipped=_first(unusable),
        empty=len(empty),
        why_empty=_first(empty),
    )


def _rows(source: Source) -> tuple[list[Row], list[BadRow]]:
    """The file's rows, and those that cannot be read and are skipped."""
    rows: list[Row] = []
    skipped: list[BadRow] = []
    for row in scan(source.path):
        if isinstance(row, Row):
            rows.append(row)
        else:
            _skip(row, skipped, source)
    if not rows:
        raise _nothing(source.path, skipped)
    return rows, skipped


def _first(rows: list[BadRow]) -> tuple[str, ...]:
    return tuple(f"{row.unit} {row.line}: {row.reason}" for row in rows[:_NAMED])


def _skip(row: BadRow, skipped: list[BadRow], source: Source) -> None:
    """Leaves the row out if it is empty or that is allowed, else raises `InputError`."""
    if not (row.empty or source.skip_bad_rows):
        way = f"correct the {row.unit}, or leave such rows out with --skip-bad-rows"
        raise InputError(f"{place(source.path, row.unit, row.line)}: {row.reason}; {way}")
    skipped.append(row)


def _nothing(path: Input, bad: list[BadRow]) -> InputError:
    if not bad:
        way = (
            "give one at least" if isinstance(path, GivenRows) else "write one JSON object per line"
        )
        return InputError(f"{path}: no rows; {way}")
    first = f"{bad[0].unit} {bad[0].line}: {bad[0].reason}"
    return InputError(f"{path}: none of its {len(bad)} rows can be used; the first is {first}")
