"""Folders of recorded judgements: which file holds what is told by its columns."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from judgekit.stats.outcomes.values import MaybeLabel

__all__ = ["LABELS", "Data", "DataError", "Known", "Row", "Table"]

Row = Mapping[str, Any]
Kind = Literal[
    "judgements", "preferences", "ratings", "repeats", "scores", "pairs", "answers", "votes"
]

LABELS: Mapping[str | None, MaybeLabel] = {"A": 0, "B": 1, "tie": "tie"}
COLUMNS: Mapping[Kind, frozenset[str]] = {  # the first that fits
    "judgements": frozenset({"pair_id", "order", "parsed"}),
    "preferences": frozenset({"id", "model", "preference"}),
    "ratings": frozenset({"pair_id", "scores_raw"}),
    "repeats": frozenset({"id", "scores", "feedbacks"}),
    "scores": frozenset({"id", "completion", "score"}),
    "pairs": frozenset({"id", "response_a", "response_b", "label"}),
    "answers": frozenset({"model", "output"}),
    "votes": frozenset({"judge", "model_a", "model_b", "question_id", "turn", "winner"}),
}


class DataError(Exception):
    """A folder or a file that cannot be read, in one line."""


@dataclass(frozen=True)
class Table:
    """A file of rows; `name` is its path within its folder."""

    path: Path
    name: str
    kind: Kind

    @property
    def stem(self) -> str:
        return self.path.name.removesuffix(".gz").removesuffix(".jsonl")

    def rows(self) -> Iterator[Row]:
        for number, line in enumerate(_lines(self.path), 1):
            if line.strip():
                try:
                    yield json.loads(line)
                except ValueError as error:
                    raise DataError(f"{self.path}:{number}: not JSON: {error}") from error


@dataclass(frozen=True)
class Known:
    """What is known of the pairs that were judged: the set they are from, labels, categories."""

    set: str
    labels: Mapping[str, MaybeLabel]
    categories: Mapping[str, str | None]


class Data:
    """The first folder holds judgements and what is expected of them; pairs and answers are
    looked up in all."""

    def __init__(self, folders: Sequence[Path]) -> None:
        for folder in folders:
            if not folder.is_dir():
                raise DataError(f"no folder at {str(folder)!r}; check --data")
        self.tables = tuple(_tables(folders[0]))
        self._all = (*self.tables, *(table for other in folders[1:] for table in _tables(other)))
        self._pairs: dict[Path, Known] = {}
        try:
            text = (folders[0] / "expected.json").read_text(encoding="utf-8")
            self.expected: Mapping[str, Any] = json.loads(text)
        except (OSError, ValueError) as error:
            raise DataError(f"{folders[0]}: no expected.json to compare with: {error}") from error
        if not isinstance(self.expected, dict):
            raise DataError(f"{folders[0] / 'expected.json'}: not an object of sections")

    def of(self, kind: Kind) -> list[Table]:
        return [table for table in self.tables if table.kind == kind]

    def find_set(self, ids: Collection[str], name: str) -> Known | None:
        """The set that holds the most of these pairs, of equal ones that whose name begins
        `name`; None where none holds any."""
        best: tuple[int, int, Known] | None = None
        for table in self._all:
            if table.kind != "pairs":
                continue
            if table.path not in self._pairs:
                self._pairs[table.path] = _known(table)
            pairs = self._pairs[table.path]
            count = sum(i in pairs.labels for i in ids)
            named = len(pairs.set) if name.startswith(pairs.set) else 0
            if count and (best is None or (count, named) > best[:2]):
                best = (count, named, pairs)
        return None if best is None else best[2]

    @cache  # noqa: B019 - one Data a run
    def lengths(self) -> Mapping[str, Sequence[int]]:
        """The lengths in characters of each model's answers, by model."""
        lengths: dict[str, list[int]] = {}
        for table in self._all:
            if table.kind == "answers":
                of_model: defaultdict[str, list[int]] = defaultdict(list)
                for row in table.rows():
                    of_model[row["model"]].append(len(str(row["output"])))
                lengths = dict(of_model) | lengths
        return lengths


def _known(table: Table) -> Known:
    labels: dict[str, MaybeLabel] = {}
    categories: dict[str, str | None] = {}
    for row in table.rows():
        labels[row["id"]] = LABELS.get(row["label"])
        categories[row["id"]] = row.get("category")
    return Known(table.stem, labels, categories)


def _tables(folder: Path) -> Iterator[Table]:
    for path in sorted((*folder.rglob("*.jsonl"), *folder.rglob("*.jsonl.gz"))):
        columns = _columns(path)
        kind = next((kind for kind, needed in COLUMNS.items() if needed <= columns), None)
        if kind is not None:
            yield Table(path, path.relative_to(folder).as_posix(), kind)


def _columns(path: Path) -> frozenset[str]:
    """Those of the first row; none where it is no row, which is not our business here."""
    try:
        row = json.loads(next(iter(_lines(path)), "null"))
    except (ValueError, RecursionError, DataError):
        return frozenset()
    return frozenset(row) if isinstance(row, dict) else frozenset()


def _lines(path: Path) -> Iterator[str]:
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8") as file:
            yield from file
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read: {error}") from error
