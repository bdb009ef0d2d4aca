"""What the files of a run hold, in numbers: lines and a digest, for who reads them later."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

__all__ = ["FileContent", "WrittenRows", "content_of"]

SIZE = 16  # bytes of a digest
CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class FileContent:
    """A file's number of lines, and the hex digest (BLAKE2b) of its bytes."""

    rows: int
    digest: str


def content_of(path: Path) -> FileContent:
    """What a file holds now. Raises `OSError`."""
    hasher = hashlib.blake2b(digest_size=SIZE)
    rows = 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            hasher.update(chunk)
            rows += chunk.count(b"\n")
    return FileContent(rows, hasher.hexdigest())


class WrittenRows:
    """A file of rows that is being written; it knows its content without reading it again."""

    def __init__(self, path: Path) -> None:
        self._file: BinaryIO = path.open("wb", buffering=CHUNK)
        self._digest = hashlib.blake2b(digest_size=SIZE)
        self._rows = 0

    def write(self, row: bytes) -> None:
        """Adds a row, which ends with the line."""
        self._file.write(row)
        self._digest.update(row)
        self._rows += 1

    def close(self) -> None:
        """Writes out what is left, and closes the file."""
        self._file.close()

    @property
    def content(self) -> FileContent:
        """What was written so far."""
        return FileContent(self._rows, self._digest.hexdigest())
