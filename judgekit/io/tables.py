"""Rows from tables with types, through pyarrow (the extra `parquet`): Parquet, Arrow, datasets.

`datasets` writes a folder per split (`save_to_disk`): `state.json` names its Arrow files in their
order. Several splits are folders beside each other, which `dataset_dict.json` names.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from judgekit.errors import InputError
from judgekit.installing import install_hint
from judgekit.io.row import Row, place, shown

__all__ = ["arrow_rows", "is_arrow", "is_saved", "parquet_rows", "saved_files"]

_ARROW_FILE = b"ARROW1"
_ARROW_STREAM = b"\xff\xff\xff\xff"
_STATE, _SPLITS = "state.json", "dataset_dict.json"


def is_arrow(head: bytes) -> bool:
    """Whether the first bytes are those of an Arrow file or stream."""
    return head.startswith((_ARROW_FILE, _ARROW_STREAM))


def parquet_rows(stream: BinaryIO, path: Path) -> Iterator[Row]:
    """The rows of a Parquet file."""
    arrow = _arrow(path, "Parquet")
    from pyarrow.parquet import ParquetFile

    yield from _rows(arrow, lambda: ParquetFile(stream).iter_batches(), path, "Parquet")


def arrow_rows(stream: BinaryIO, path: Path, *, first: int = 1) -> Iterator[Row]:
    """The rows of an Arrow file or stream, counted from `first`."""
    arrow = _arrow(path, "Arrow")
    from pyarrow import ipc

    def batches() -> Iterator[Any]:
        head = stream.peek(len(_ARROW_FILE)) if hasattr(stream, "peek") else b""
        if not head.startswith(_ARROW_FILE):
            yield from ipc.open_stream(stream)
            return
        reader = ipc.open_file(stream)
        for number in range(reader.num_record_batches):
            yield reader.get_batch(number)

    yield from _rows(arrow, batches, path, "Arrow", first)


def is_saved(folder: Path) -> bool:
    """Whether this is a folder that `save_to_disk` wrote, of one split or several."""
    return (folder / _STATE).is_file() or (folder / _SPLITS).is_file()


def saved_files(folder: Path) -> list[Path]:
    """The Arrow files of a folder of `save_to_disk`, in their order.

    Raises:
        InputError: It is no such folder, or one of several splits.
    """
    splits = _json(folder / _SPLITS).get("splits") if (folder / _SPLITS).is_file() else None
    if isinstance(splits, list) and splits:
        if len(splits) > 1:
            named = ", ".join(str(folder / str(name)) for name in splits)
            raise InputError(f"{folder}: it holds several splits; name one of them: {named}")
        return saved_files(folder / str(splits[0]))
    if not (folder / _STATE).is_file():
        way = "name a file of rows, or a folder that save_to_disk of the datasets library wrote"
        raise InputError(f"{folder}: it is a folder; {way}")
    files = _json(folder / _STATE).get("_data_files")
    names = [one.get("filename") if isinstance(one, dict) else None for one in files or ()]
    if not names or not all(isinstance(name, str) and Path(name).name == name for name in names):
        raise InputError(f"{folder / _STATE}: it names no data files; save the data set again")
    return [folder / str(name) for name in names]


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}; check the path") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not JSON; save the data set again") from error
    return content if isinstance(content, dict) else {}


def _arrow(path: Path, name: str) -> Any:
    try:
        import pyarrow
    except ImportError as error:
        how = install_hint("parquet")
        raise InputError(f"{path}: reading {name} needs pyarrow; {how}") from error
    return pyarrow


def _rows(arrow: Any, batches: Any, path: Path, name: str, first: int = 1) -> Iterator[Row]:
    number = first - 1
    try:
        for batch in batches():
            for data in batch.to_pylist():
                number += 1
                yield Row(number, data, "row")
    except (arrow.ArrowException, OSError, ValueError, OverflowError) as error:
        where = place(path, "row", number + 1)
        message = shown(" ".join(str(error).split()))
        raise InputError(f"{where}: not readable as {name} ({message}); write it again") from error
