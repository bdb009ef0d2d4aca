"""Checkpoints that are whole or do not count.

A checkpoint counts once it holds its seal, which is written last and lists every file with its size
and digest. A process killed at any moment leaves the older sealed ones, and perhaps one without a
seal, which is ignored. What was damaged after it was sealed is found when it is read.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import orjson
import torch

from judgekit.errors import TrainingError
from judgekit.io.files import write_file
from judgekit.models.library_errors import one_line

__all__ = [
    "Seal",
    "by_step",
    "drop_older",
    "load_adapter",
    "load_whole",
    "read_seal",
    "reading",
    "save_whole",
    "seal",
]

SEAL = "complete.json"
NAME = re.compile(r"checkpoint-([0-9]{1,15})")
ADAPTER, MODEL = "adapter_model.safetensors", "model.safetensors"


@dataclass(frozen=True)
class Seal:
    """What a checkpoint held when it was sealed.

    Attributes:
        sizes: The size of each file in bytes.
        digests: The hex SHA-256 of each file; None in a checkpoint of an earlier version.
    """

    sizes: Mapping[str, int]
    digests: Mapping[str, str] | None

    def lost(self, checkpoint: Path) -> str | None:
        """What is wrong with the first file that is missing or of another size; reads nothing."""
        for name, size in self.sizes.items():
            file = checkpoint / name
            if not file.is_file():
                return f"{os.fspath(file)!r} is missing"
            if (actual := file.stat().st_size) != size:
                return f"{os.fspath(file)!r} has {actual} bytes, and {size} were saved"
        return None

    def altered(self, checkpoint: Path) -> Path | None:
        """The first file with other bytes than were saved; None if none, or if it is not known."""
        saved_sums = self.digests or {}
        files = [checkpoint / name for name in saved_sums]
        pairs = zip(files, digests(files), saved_sums.values(), strict=True)
        return next((file for file, actual, saved in pairs if actual != saved), None)


def seal(checkpoint: Path) -> None:
    """Writes the seal, once every file has reached the disk."""
    files = sorted(f for f in checkpoint.rglob("*") if f.is_file() and f.name != SEAL)
    for file in files:
        with file.open("r+b") as stream:
            os.fsync(stream.fileno())
    names = [file.relative_to(checkpoint).as_posix() for file in files]
    content = {
        "files": dict(zip(names, [file.stat().st_size for file in files], strict=True)),
        "sha256": dict(zip(names, digests(files), strict=True)),
    }
    write_file(checkpoint / SEAL, orjson.dumps(content, option=orjson.OPT_INDENT_2))


def digests(files: Iterable[Path]) -> list[str]:
    """The hex SHA-256 of each file; hashing releases the interpreter's lock."""

    def sha256(file: Path) -> str:
        with file.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()

    with ThreadPoolExecutor() as pool:
        return list(pool.map(sha256, files))


def is_sealed(checkpoint: Path) -> bool:
    """Whether a checkpoint was ever finished, damaged since or not."""
    return os.path.lexists(checkpoint / SEAL)


def read_seal(checkpoint: Path) -> Seal | None:
    """A checkpoint's seal; None where the file is not one."""
    try:
        content = orjson.loads((checkpoint / SEAL).read_bytes())
    except (OSError, ValueError):
        return None
    if not isinstance(content, dict):
        return None
    sizes, saved = content.get("files"), content.get("sha256")
    if not (isinstance(sizes, dict) and sizes):
        return None
    if not all(type(size) is int and within(name) for name, size in sizes.items()):
        return None
    if saved is None:
        return Seal(sizes, None)
    if not (isinstance(saved, dict) and saved.keys() == sizes.keys()):
        return None
    return Seal(sizes, saved)


def within(name: str) -> bool:
    """Whether a name is that of a file in the checkpoint's folder."""
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and "\0" not in name


def by_step(folder: Path) -> list[tuple[int, Path]]:
    """The checkpoints of a folder that were sealed, the newest first, damaged or not."""
    return [(step, entry) for step, entry in all_by_step(folder) if is_sealed(entry)]


def all_by_step(folder: Path) -> list[tuple[int, Path]]:
    if not folder.is_dir():
        return []
    matches = [(NAME.fullmatch(entry.name), entry) for entry in folder.iterdir() if entry.is_dir()]
    return sorted(((int(m[1]), entry) for m, entry in matches if m), reverse=True)


def drop_older(folder: Path, keep: int) -> None:
    """Removes all but the `keep` newest checkpoints whose files are there, and all others."""
    count = 0
    for _, entry in all_by_step(folder):
        contents = read_seal(entry)
        if count < keep and contents and contents.lost(entry) is None:
            count += 1
            continue
        (entry / SEAL).unlink(missing_ok=True)  # first: half removed, it must not count
        entry.unlink() if entry.is_symlink() else shutil.rmtree(entry)


@contextmanager
def reading(checkpoint: Path) -> Iterator[None]:
    """Turns whatever libraries raise on a damaged file into one line.

    Raises:
        TrainingError: The files cannot be loaded.
    """
    try:
        yield
    except (TrainingError, torch.OutOfMemoryError):
        raise
    except Exception as error:  # torch, its unpickler and numpy raise nothing narrower
        raise TrainingError(
            f"cannot load the checkpoint {os.fspath(checkpoint)!r} ({one_line(error)}); remove "
            f"that folder to continue from an older one, or start again with --force"
        ) from error


def save_whole(model: Any, folder: Path) -> None:
    """Writes a model that is trained as a whole, each weight under its own name."""
    import safetensors.torch

    folder.mkdir(parents=True, exist_ok=True)
    model.config.save_pretrained(folder)
    safetensors.torch.save_model(model, str(folder / MODEL), metadata={"format": "pt"})


def load_whole(model: Any, folder: Path) -> None:
    """Loads what `save_whole` wrote."""
    import safetensors.torch

    safetensors.torch.load_model(model, str(folder / MODEL))


def load_adapter(model: Any, folder: Path) -> None:
    """Loads an adapter into the model that it was saved from."""
    import peft
    import safetensors.torch

    library: Any = peft
    state = safetensors.torch.load_file(folder / ADAPTER)
    result = library.set_peft_model_state_dict(model, state, adapter_name="default")
    missing = [name for name in result.missing_keys if ".lora_" in name and ".default" in name]
    if odd := [*result.unexpected_keys, *missing]:
        raise TrainingError(
            f"the checkpoint {os.fspath(folder)!r} does not fit the model, see {odd[0]!r}; start "
            f"again with --force"
        )
