"""Finds a checkpoint's files, in a folder or on the hub, and computes their digest."""

from __future__ import annotations

import hashlib
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from judgekit.errors import InputError
from judgekit.models.folder_checks import SUFFIXES, check_folder
from judgekit.models.library_errors import one_line
from judgekit.types import digest

__all__ = ["find_folder", "folder_digest"]

LFS_NAME = re.compile(r"[0-9a-f]{64}")  # large files' names in the hub's cache: their SHA-256


def find_folder(what: str, name: str) -> Path:
    """Finds a checkpoint: a local folder, or a hub id, which is downloaded to the hub's cache.

    Args:
        what: The word for it in messages, such as ``"model"``.
        name: The folder or the hub id.

    Returns:
        The folder with the files.

    Raises:
        InputError: There is no such checkpoint, it has no `*.safetensors`, or it is not whole, see
            `check_folder`.
    """
    folder = Path(name).expanduser()
    if not folder.is_dir():
        from huggingface_hub import snapshot_download

        try:
            snapshot = snapshot_download(
                name,
                allow_patterns=[f"*{end}" for end in SUFFIXES],
                # Subfolders hold other formats, `consolidated*` the same weights again.
                ignore_patterns=["*/*", "consolidated*"],
            )
        except (OSError, ValueError) as error:
            raise InputError(
                f"no {what} {name!r}: no such folder, and the hub says: {one_line(error)}"
            ) from error
        folder = Path(snapshot)
    if not any(folder.glob("*.safetensors")):
        raise InputError(f"no weights as *.safetensors in {name!r}; pickles are not read")
    check_folder(name, folder)
    return folder


def folder_digest(folder: Path) -> str:
    """Hex digest of the names and contents of a checkpoint's files, wherever they are."""
    files = sorted(f for f in folder.iterdir() if f.suffix in SUFFIXES and f.is_file())
    with ThreadPoolExecutor() as pool:  # hashing releases the interpreter's lock
        contents = list(pool.map(sha256, files))
    return digest(*(file.name for file in files), *contents)


def sha256(path: Path) -> str:
    """Hex SHA-256 of a file; files in the hub's cache are links whose target is named by it."""
    target = path.resolve()
    if path.is_symlink() and target.parent.name == "blobs" and LFS_NAME.fullmatch(target.name):
        return target.name
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
