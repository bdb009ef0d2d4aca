"""Sources of training data: a file, or a data set of the hub read with `datasets`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from judgekit.errors import InputError
from judgekit.installing import install_hint
from judgekit.io.names import MISSING, NAMES, at, canonical
from judgekit.io.row import BadRow, Row
from judgekit.io.rows import scan
from judgekit.io.tables import is_saved
from judgekit.naming import unknown

__all__ = ["RowSource", "open_source"]

HUB = re.compile(r"(?P<name>[\w.-]+/[\w.-]+)(?:/(?P<subset>[\w./-]+?))?(?::(?P<split>[\w.-]+))?")
PARTS = (
    *("prompt", "chosen", "rejected", "response", "response_a", "response_b", "label", "winner"),
    *("model_a", "model_b", "margin", "probability", "cluster", "completions", "system"),
    *("history", "tools", "input", "score_chosen", "score_rejected"),
)
"""The parts of a row that ``--columns`` may name."""

FILES = (".jsonl", ".json", ".csv", ".parquet", ".gz", ".txt")


@dataclass(frozen=True)
class RowSource:
    """Rows to read, and the name of their source for messages.

    The user cannot correct the rows of a `public` data set, so unusable ones are counted instead of
    refused.
    """

    name: str
    rows: Iterable[Row | BadRow]
    public: bool


def open_source(source: str | Path, limit: int | None = None) -> RowSource:
    """Opens a file, or a data set ``OWNER/NAME[/SUBSET][:SPLIT]``.

    The default split is ``train``; a subset is one of the data set's configurations or folders. A
    local folder is one that `save_to_disk` wrote, else a copy of a data set of the hub.

    Args:
        source: The file or data set.
        limit: Read only the first N rows; of a data set no more are downloaded.

    Raises:
        InputError: There is neither a file nor a data set of that name.
    """
    name = str(source)
    if limit is not None and limit < 1:
        raise InputError(f"the limit of rows must be at least 1, not {limit!r}")
    path = Path(name).expanduser()
    if path.is_file() or is_saved(path):
        return RowSource(name, islice(scan(path), limit), public=False)
    copy = local_copy(name)
    if copy is not None:
        folder, split = copy
        if is_saved(folder):
            return RowSource(name, islice(scan(folder / split), limit), public=False)
        if (folder / "run.json").is_file():
            way = f"make pairs of it first: judgekit pairs {name} -o pairs.jsonl"
            raise InputError(f"{name!r} is a judged run; {way}")
        return RowSource(name, hub_rows(str(folder), None, split, limit, name), public=True)
    hub_name = HUB.fullmatch(name)
    if hub_name is None or name.lower().endswith(FILES):
        raise InputError(
            f"no file {name!r}; name a file of rows, or a data set of the hub as OWNER/NAME"
        )
    rows = hub_rows(hub_name["name"], hub_name["subset"], hub_name["split"] or "train", limit, name)
    return RowSource(name, rows, public=True)


def with_columns(source: RowSource, columns: Mapping[str, str]) -> RowSource:
    """The source with some parts of its rows under other names.

    Args:
        source: Rows.
        columns: For each part its column, or a path into one (`judgekit.io.names.at`).

    Raises:
        InputError: There is no such part; and, once all rows are read, no row had a column.
    """
    unknown_part = next((part for part in columns if part not in PARTS), None)
    if unknown_part is not None:
        raise InputError(f"{unknown('part', unknown_part, PARTS)} (--columns)")
    return replace(source, rows=rename_columns(source, columns)) if columns else source


def rename_columns(source: RowSource, columns: Mapping[str, str]) -> Iterator[Row | BadRow]:
    """The rows with the parts of `columns` under their own names, and no other column for them."""
    others = {name for part in columns for name in NAMES.get(part, (part,))}
    missing, seen = dict(columns), dict[str, None]()
    for row in source.rows:
        if isinstance(row, BadRow):
            yield row
            continue
        seen.update(dict.fromkeys(row.data))
        data = {name: value for name, value in row.data.items() if name not in others}
        for part, column in columns.items():
            for name in (column, canonical(column)):
                value = at(row.data, name)
                if value is not MISSING:
                    data[part] = value
                    missing.pop(part, None)
                    break
        yield replace(row, data=data)
    for column in missing.values():
        names = ", ".join(map(repr, seen))
        raise InputError(
            f"{source.name}: no row has the column {column!r} (--columns); the columns are {names}"
        )


def local_copy(name: str) -> tuple[Path, str] | None:
    """The folder and the split that ``FOLDER[:SPLIT]`` names; None if there is no folder."""
    before, _, after = name.rpartition(":")
    for folder, split in ((name, "train"), (before, after)):
        if folder and split and Path(folder).expanduser().is_dir():
            return Path(folder).expanduser(), split
    return None


def hub_rows(
    data: str, subset: str | None, split: str, limit: int | None, name: str
) -> Iterator[Row]:
    """The rows of a data set, counted from 1. Raises `InputError` if it cannot be loaded."""
    try:
        import datasets
    except ImportError as error:
        raise InputError(
            f"{name!r} is no file, and data sets of the hub need the package 'datasets'; "
            f"{install_hint('train')}"
        ) from error
    library: Any = datasets
    try:
        part = subset_arguments(library, data, subset)
        # Streaming downloads no more than is read, but caches nothing.
        rows = library.load_dataset(data, split=split, streaming=limit is not None, **part)
        for number, row in enumerate(islice(rows, limit), 1):
            yield Row(number, row, "row")
    except (OSError, ValueError, RuntimeError, library.exceptions.DatasetsError) as error:
        what = " ".join(str(error).split()) or type(error).__name__
        raise InputError(
            f"cannot load the data set {name!r}: {what:.200}; check the name (OWNER/NAME:SPLIT) "
            f"and the network, or download it and name its file"
        ) from error


def subset_arguments(library: Any, data: str, subset: str | None) -> Mapping[str, str]:
    """The arguments for a subset: a configuration, else a folder (as in hh-rlhf)."""
    if subset is None:
        return {}
    return {"name" if subset in library.get_dataset_config_names(data) else "data_dir": subset}
