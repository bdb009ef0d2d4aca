"""Where a checkpoint's files are, and what they are: a folder, or a name of the hub's."""

from __future__ import annotations

import hashlib
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from judgekit.errors import InputError
from judgekit.types import digest

__all__ = ["find_folder", "folder_digest", "one_line"]

READ = (".json", ".jinja", ".model", ".safetensors", ".txt")  # never a pickle, never code
LFS_NAME = re.compile(r"[0-9a-f]{64}")  # a large file's SHA-256, its name in the hub's cache


def find_folder(what: str, name: str) -> Path:
    """The folder itself, or the hub's files of that name in its cache.

    `what` is the word for it in messages. Raises `InputError` where there is none, or none with
    safetensors.
    """
    folder = Path(name).expanduser()
    if not folder.is_dir():
        from huggingface_hub import snapshot_download

        try:
            found = snapshot_download(
                name,
                allow_patterns=[f"*{end}" for end in READ],
                # Folders hold other formats; the consolidated file is the weights once more.
                ignore_patterns=["*/*", "consolidated*"],
            )
        except (OSError, ValueError) as error:
            raise InputError(
                f"no {what} {name!r}: no such folder, and the hub says: {one_line(error)}"
            ) from error
        folder = Path(found)
    if not any(folder.glob("*.safetensors")):
        raise InputError(f"no weights as *.safetensors in {name!r}; pickles are not read")
    return folder


def folder_digest(folder: Path) -> str:
    """Hex digest of the names and bytes of a checkpoint's files, wherever it lies."""
    files = sorted(f for f in folder.iterdir() if f.suffix in READ and f.is_file())
    with ThreadPoolExecutor() as pool:  # hashing lets go of the interpreter's lock
        contents = list(pool.map(sha256, files))
    return digest(*(file.name for file in files), *contents)


def sha256(path: Path) -> str:
    """Hex SHA-256 of a file; the hub's cache has it in the name of the file linked to."""
    target = path.resolve()
    if path.is_symlink() and target.parent.name == "blobs" and LFS_NAME.fullmatch(target.name):
        return target.name
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def one_line(error: BaseException) -> str:
    """The first line of an error's text."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
