"""A published set: its rows from the hub, from its repository or from a local file, as cases."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from judgekit.errors import InputError
from judgekit.installing import install_hint
from judgekit.io.labelled_pairs import labelled_set
from judgekit.io.labelled_set import LabelledSet, SetSetup
from judgekit.io.row import Row, place
from judgekit.io.rows import read_rows
from judgekit.types import digest

__all__ = ["Published", "Repository", "hub", "sides", "taken"]

Plain = Mapping[str, Any]
"""A row in the layout of labelled pairs (`judgekit.io.labelled_pairs`)."""

Source = Callable[[], Iterable[Row]]
Convert = Callable[[Sequence[Row]], Iterator[tuple[Row, Plain]]]


@dataclass(frozen=True)
class Published:
    """A set's factory. `fetch` gives its rows as they are published, `convert` each of them (or
    several together) in the layout of labelled pairs. A local file may be in either layout."""

    source: str
    licence: str
    fetch: Source
    convert: Convert
    note: str = ""

    def __call__(self, setup: SetSetup) -> LabelledSet:
        origin = Path(setup.location or setup.name)
        rows = self._fetched(setup.name) if setup.location is None else read_rows(origin)
        if setup.columns.get("response_a", "response_a") not in rows[0].data:
            rows = list(self._converted(rows, origin, setup.name))
        return labelled_set(
            rows,
            origin,
            name=setup.name,
            source=self.source if setup.location is None else f"{self.source} ({origin})",
            licence=self.licence,
            note=self.note,
            columns=setup.columns,
        )

    def _fetched(self, name: str) -> list[Row]:
        way = f"give a file that you have: {name}=FILE"
        try:
            return list(self.fetch())
        except ImportError as error:
            raise InputError(
                f"the set {name!r} is downloaded through `datasets`, which is not installed: "
                f"{install_hint('sets')}, or {way}"
            ) from error
        except (OSError, ValueError) as error:
            raise InputError(f"cannot download the set {name!r}: {why(error)}; {way}") from error

    def _converted(self, rows: Sequence[Row], origin: Path, name: str) -> Iterator[Row]:
        try:
            for row, plain in self.convert(rows):
                yield Row(row.line, dict(plain), row.unit, row.repaired)
        except KeyError as error:
            first = rows[0]
            raise InputError(
                f"{place(origin, first.unit, first.line)}: neither labelled pairs nor a row of "
                f"{name!r} as published: it has no {error.args[0]!r}"
            ) from error


def why(error: BaseException) -> str:
    """What an error says, and what caused it: some libraries say the address alone."""
    said = " ".join(str(error).split())
    cause = error.__cause__ or error.__context__
    if cause is None:
        return said
    reason = " ".join(str(cause).split()) or type(cause).__name__
    return said if reason in said else f"{said} ({reason})"


def hub(
    identifier: str, *, split: str, config: str | None = None, revision: str = "main"
) -> Source:
    """The rows of one split of a data set on the hub, through `datasets`."""

    def fetch() -> Iterator[Row]:
        from datasets import load_dataset

        rows = load_dataset(identifier, config, split=split, revision=revision)
        return (Row(number, dict(data), "row") for number, data in enumerate(rows, 1))

    return fetch


@dataclass(frozen=True)
class Repository:
    """A public repository at one commit, for sets that are published as plain files."""

    name: str
    commit: str

    def file(self, path: str) -> Source:
        """The rows of one file of it, downloaded once (`datasets` keeps what it downloads)."""

        def fetch() -> Iterable[Row]:
            from datasets import DownloadManager

            url = f"https://raw.githubusercontent.com/{self.name}/{self.commit}/{path}"
            return read_rows(Path(DownloadManager().download(url)))

        return fetch


def taken(**parts: Source) -> Source:
    """Several sources one after the other, each row with its part's name as `subset`."""

    def fetch() -> Iterator[Row]:
        for subset, source in parts.items():
            for row in source():
                yield Row(row.line, {**row.data, "subset": subset}, row.unit, row.repaired)

    return fetch


def sides(prompt: str, better: str, worse: str) -> Plain:
    """Two answers as a and b by a coin that their texts decide, for sets that name the better one
    instead of showing two sides: the same in every run, and no side is the better one oftener."""
    if int(digest(prompt, better, worse, size=1), 16) % 2:
        return {"response_a": better, "response_b": worse, "label": "A"}
    return {"response_a": worse, "response_b": better, "label": "B"}
