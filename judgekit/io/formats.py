"""Formats that are not read, known by their first bytes, and what to do about each."""

from __future__ import annotations

from pathlib import Path

from judgekit.errors import InputError

__all__ = ["check_format"]

_UNPACK = "unpack it, and name the file inside"
_EXPORT = "write its rows as JSON Lines, CSV or Parquet"
_SAVE = "save it as CSV (UTF-8)"
_KNOWN: tuple[tuple[bytes, str, str], ...] = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Excel workbook or another Office file", _SAVE),
    (b"BZh", "packed with bzip2", "unpack it (bunzip2)"),
    (b"\x28\xb5\x2f\xfd", "packed with zstd", "unpack it (unzstd)"),
    (b"\xfd7zXZ\x00", "packed with xz", "unpack it (unxz)"),
    (b"\x04\x22\x4d\x18", "packed with lz4", "unpack it (unlz4)"),
    (b"\x1f\x9d", "packed with compress", "unpack it (uncompress)"),
    (b"\xff\x06\x00\x00sNaPpY", "packed with snappy", "unpack it"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", _UNPACK),
    (b"Rar!\x1a\x07", "a RAR archive", _UNPACK),
    (b"SQLite format 3\x00", "an SQLite database", _EXPORT),
    (b"FEA1", "a Feather file of version 1", _EXPORT),
    (b"ORC", "an ORC file", _EXPORT),
    (b"Obj\x01", "an Avro file", _EXPORT),
    (b"\x93NUMPY", "an array of NumPy", _EXPORT),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file", _EXPORT),
    *((b"\x80" + bytes([n]), "a Python pickle", _EXPORT) for n in range(2, 6)),
    (b"%PDF-", "a PDF document", _EXPORT),
    (b"{\\rtf", "a document in rich text", "save it as plain text"),
    (b"version https://git-lfs.", "a pointer of Git LFS, not the file", "run git lfs pull"),
    (b"<?xml", "XML", _EXPORT),
    (b"<!doctype html", "a web page", "download the file itself"),
    (b"<html", "a web page", "download the file itself"),
)
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_WORKBOOKS = (".xlsx", ".xlsm", ".xlsb", ".ods", ".numbers")
_PARTS_OF_WORKBOOKS = (b"xl/", b"[Content_Types].xml", b"opendocument.spreadsheet")
_UTF32 = (b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff")
_TAR = 257, b"ustar"


def check_format(head: bytes, path: Path) -> None:
    """Raises `InputError` where the first bytes of a file show a format that is not read.

    Args:
        head: The first bytes, at least 262 of a longer file, unpacked where they were gzipped.
        path: The file.
    """
    foreign = _format_of(head, path)
    if foreign is not None:
        what, way = foreign
        raise InputError(f"{path}: it is {what}, which judgekit does not read; {way}")


def _format_of(head: bytes, path: Path) -> tuple[str, str] | None:
    if head.startswith(_ZIP):
        workbook = path.name.lower().endswith(_WORKBOOKS)
        if workbook or any(part in head for part in _PARTS_OF_WORKBOOKS):
            return "an Excel or OpenDocument workbook", _SAVE
        return "a zip archive", _UNPACK
    place, mark = _TAR
    if head[place:].startswith(mark):
        return "a tar archive", _UNPACK
    if head.startswith(_UTF32):
        return "text in UTF-32", "save it as UTF-8"
    if len(head) > 1 and 0 in head[:2] and 32 < max(head[:2]) < 127:
        return "text in UTF-16 without a byte order mark", "save it as UTF-8"
    plain = head[:64].lstrip().lower()
    for start, what, way in _KNOWN:
        if head.startswith(start) or (start.startswith(b"<") and plain.startswith(start)):
            return what, way
    return None
