"""Where training data comes from: a file, or a data set of the hub through `datasets`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from judgekit.errors import InputError
from judgekit.installing import install_hint
from judgekit.io.row import BadRow, Row
from judgekit.io.rows import scan

__all__ = ["RowSource", "open_source"]

HUB = re.compile(r"(?P<name>[\w.-]+/[\w.-]+)(?:/(?P<subset>[\w./-]+?))?(?::(?P<split>[\w.-]+))?")
FILES = (".jsonl", ".json", ".csv", ".parquet", ".gz", ".txt")


@dataclass(frozen=True)
class RowSource:
    """Rows to be read, `name` for messages. A data set is `public`: its rows are not the user's to
    correct, so those that cannot be used are counted instead of refused."""

    name: str
    rows: Iterable[Row | BadRow]
    public: bool


def open_source(source: str | Path, limit: int | None = None) -> RowSource:
    """The first `limit` rows of a file, or of a data set ``OWNER/NAME[/SUBSET][:SPLIT]``.

    The split is ``train`` unless named; a subset is one of the data set's configurations, or a
    folder of it. A local folder is read as the hub's copy of a data set. With a limit no more than
    the rows needed are fetched. Raises `InputError` where there is neither.
    """
    name = str(source)
    if limit is not None and limit < 1:
        raise InputError(f"the limit of rows is {limit!r}; it is at least 1")
    path = Path(name).expanduser()
    if path.is_file():
        return RowSource(name, islice(scan(path), limit), public=False)
    copy = local_copy(name)
    if copy is not None:
        folder, split = copy
        if (folder / "run.json").is_file():
            way = f"make pairs of it first: judgekit pairs {name} -o pairs.jsonl"
            raise InputError(f"{name!r} is a judged run; {way}")
        return RowSource(name, hub_rows(str(folder), None, split, limit, name), public=True)
    found = HUB.fullmatch(name)
    if found is None or name.lower().endswith(FILES):
        raise InputError(
            f"no file {name!r}; name a file of rows, or a data set of the hub as OWNER/NAME"
        )
    rows = hub_rows(found["name"], found["subset"], found["split"] or "train", limit, name)
    return RowSource(name, rows, public=True)


def local_copy(name: str) -> tuple[Path, str] | None:
    """The folder and the split that ``FOLDER[:SPLIT]`` names; None where there is no folder."""
    before, _, after = name.rpartition(":")
    for folder, split in ((name, "train"), (before, after)):
        if folder and split and Path(folder).expanduser().is_dir():
            return Path(folder).expanduser(), split
    return None


def hub_rows(
    data: str, subset: str | None, split: str, limit: int | None, name: str
) -> Iterator[Row]:
    """The rows of a data set, counted from 1. Raises `InputError` where it cannot be loaded."""
    try:
        import datasets
    except ImportError as error:
        raise InputError(
            f"{name!r} is no file, and data sets of the hub need the package 'datasets'; "
            f"{install_hint('train')}"
        ) from error
    library: Any = datasets
    try:
        part = which(library, data, subset)
        # Streaming fetches no more than is read, but keeps nothing for the next time.
        rows = library.load_dataset(data, split=split, streaming=limit is not None, **part)
        for number, row in enumerate(islice(rows, limit), 1):
            yield Row(number, row, "row")
    except (OSError, ValueError, RuntimeError, library.exceptions.DatasetsError) as error:
        what = " ".join(str(error).split()) or type(error).__name__
        raise InputError(
            f"cannot load the data set {name!r}: {what:.200}; check the name (OWNER/NAME:SPLIT) "
            f"and the network, or download it and name its file"
        ) from error


def which(library: Any, data: str, subset: str | None) -> Mapping[str, str]:
    """How `datasets` is told of a subset: a configuration, else a folder (as hh-rlhf has them)."""
    if subset is None:
        return {}
    return {"name" if subset in library.get_dataset_config_names(data) else "data_dir": subset}
