"""A published set, read from the hub, from its repository or from a local file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from judgekit.errors import InputError
from judgekit.installing import install_hint
from judgekit.io.labelled_pairs import labelled_set
from judgekit.io.labelled_set import LabelledSet, SetSetup
from judgekit.io.names import with_known_names
from judgekit.io.row import Row, place
from judgekit.io.rows import read_rows
from judgekit.types import digest

__all__ = ["Published", "Repository", "assign_sides", "concatenate", "hub"]

LabelledRow = Mapping[str, Any]
"""A row in the layout of labelled pairs (`judgekit.io.labelled_pairs`)."""

Source = Callable[[], Iterable[Row]]
Convert = Callable[[Sequence[Row]], Iterator[tuple[Row, LabelledRow]]]


@dataclass(frozen=True)
class Published:
    """The factory of a published set.

    Attributes:
        source: The set's name and origin.
        licence: Its licence.
        fetch: Downloads its rows as published.
        convert: Turns published rows into the layout of labelled pairs, one by one or in groups.
        note: A remark for users.
        mark: A column that only the published layout has, where both have `response_a`.

    A local file may have either layout.
    """

    source: str
    licence: str
    fetch: Source
    convert: Convert
    note: str = ""
    mark: str = ""

    def __call__(self, setup: SetSetup) -> LabelledSet:
        origin = Path(setup.location or setup.name)
        rows = self._fetch_rows(setup.name) if setup.location is None else read_rows(origin)
        columns = rows[0].data
        labelled = setup.columns.get("response_a", "response_a") in columns
        if not labelled or self.mark in columns:
            rows = list(self._convert_rows(rows, origin, setup))
        return labelled_set(
            rows,
            origin,
            name=setup.name,
            source=self.source if setup.location is None else f"{self.source} ({origin})",
            licence=self.licence,
            note=self.note,
            columns=setup.columns,
            needs=setup.needs,
        )

    def _fetch_rows(self, name: str) -> list[Row]:
        way = f"give a file that you have: {name}=FILE"
        try:
            return [replace(row, data=with_known_names(row.data)) for row in self.fetch()]
        except ImportError as error:
            raise InputError(
                f"the set {name!r} is downloaded through `datasets`, which is not installed: "
                f"{install_hint('sets')}, or {way}"
            ) from error
        except (OSError, ValueError) as error:
            raise InputError(
                f"cannot download the set {name!r}: {error_text(error)}; {way}"
            ) from error

    def _convert_rows(self, rows: Sequence[Row], origin: Path, setup: SetSetup) -> Iterator[Row]:
        """The rows in the layout of labelled pairs, with the published columns that are needed."""
        further = {setup.columns.get(name, name) for name in setup.needs.columns}
        try:
            for row, pair in self.convert(rows):
                kept = {name: row.data[name] for name in further & row.data.keys()}
                yield Row(row.line, kept | dict(pair), row.unit, row.repaired)
        except KeyError as error:
            first = rows[0]
            raise InputError(
                f"{place(origin, first.unit, first.line)}: neither labelled pairs nor a row of "
                f"{setup.name!r} as published: it has no {error.args[0]!r}"
            ) from error


def error_text(error: BaseException) -> str:
    """An error's message, with its cause, because some libraries give the address alone."""
    message = " ".join(str(error).split())
    cause = error.__cause__ or error.__context__
    if cause is None:
        return message
    reason = " ".join(str(cause).split()) or type(cause).__name__
    return message if reason in message else f"{message} ({reason})"


def hub(
    identifier: str, *, split: str, config: str | None = None, revision: str = "main"
) -> Source:
    """The rows of one split of a data set on the hub, through `datasets`.

    Args:
        identifier: The data set's hub id.
        split: The split.
        config: The data set's configuration, if it has several.
        revision: A branch, tag or commit.
    """

    def fetch() -> Iterator[Row]:
        from datasets import load_dataset

        rows = load_dataset(identifier, config, split=split, revision=revision)
        return (Row(number, dict(data), "row") for number, data in enumerate(rows, 1))

    return fetch


@dataclass(frozen=True)
class Repository:
    """A public repository at one commit, for sets published as plain files."""

    name: str
    commit: str

    def file(self, path: str) -> Source:
        """The rows of one of its files, downloaded once (`datasets` caches downloads)."""

        def fetch() -> Iterable[Row]:
            from datasets import DownloadManager

            url = f"https://raw.githubusercontent.com/{self.name}/{self.commit}/{path}"
            return read_rows(Path(DownloadManager().download(url)))

        return fetch


def concatenate(**parts: Source) -> Source:
    """Several sources one after another; each row gets its part's name as `subset`."""

    def fetch() -> Iterator[Row]:
        for subset, source in parts.items():
            for row in source():
                yield Row(row.line, {**row.data, "subset": subset}, row.unit, row.repaired)

    return fetch


def assign_sides(prompt: str, better: str, worse: str) -> LabelledRow:
    """The two answers as a and b, by a coin that is a digest of the texts.

    For sets that name the better answer instead of two sides: the same in every run, and neither
    side is better more often.
    """
    if int(digest(prompt, better, worse, size=1), 16) % 2:
        return {"response_a": better, "response_b": worse, "label": "A"}
    return {"response_a": worse, "response_b": better, "label": "B"}
