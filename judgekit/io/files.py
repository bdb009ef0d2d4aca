"""How every file is written: whole or not at all.

The content goes into a temporary file beside the target, reaches the disk, and then takes the
target's place in one step. Whatever fails or is killed before that leaves the old bytes. Secrets
that this process holds are redacted.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from judgekit.errors import InputError
from judgekit.io.processes import is_running
from judgekit.redaction import redact_bytes
from judgekit.types import digest

__all__ = [
    "is_leftover",
    "keep_inputs",
    "make_parents",
    "new_folder",
    "partial_beside",
    "safe_name",
    "write_file",
    "write_files",
]

PARTIAL = ".partial"
MARK = f"{os.urandom(4).hex()}-"  # of this process

Content = bytes | Iterable[bytes]


def safe_name(text: str) -> str:
    """A text as part of a file's name: at most 80 bytes (file systems count those)."""
    safe = re.sub(r"[^\w.+=-]+", "_", text).encode("utf-8")[:80].decode("utf-8", "ignore")
    return safe.strip("._") or "_"


def write_file(path: Path, content: Content) -> None:
    """Replaces a file by new content, in one step.

    Args:
        path: The file. Its folder has to exist. A link stays, and what it points to is replaced;
            a pipe or a device, which cannot be replaced, is written to.
        content: The bytes, or parts of them as they come.

    Raises:
        InputError: The file cannot be written. What was there before is unchanged.
    """
    write_files({path: content})


def write_files(contents: Mapping[Path, Content]) -> None:
    """Replaces several files as `write_file` does; none before all are written.

    Raises:
        InputError: One of the files cannot be written. Unless that is noticed while they are put
            in place, all are unchanged.
    """
    partial: dict[Path, Path] = {}
    try:
        for path, content in contents.items():
            parts = map(redact_bytes, [content] if isinstance(content, bytes) else content)
            with _writing(path):
                target = Path(os.path.realpath(path))
                if target.exists() and not (target.is_file() or target.is_dir()):
                    with target.open("wb") as stream:
                        stream.writelines(parts)
                    continue
                if target.is_dir():
                    raise IsADirectoryError("it is a folder")
                partial[path] = partial_beside(target)
                _write_through(partial[path], parts)
                if target.exists():
                    shutil.copymode(target, partial[path])
        for path, written in partial.items():
            with _writing(path):
                written.replace(os.path.realpath(path))
    finally:
        for leftover in partial.values():
            with suppress(OSError):  # the first error is the one to tell
                leftover.unlink(missing_ok=True)


def _write_through(path: Path, parts: Iterable[bytes]) -> None:
    """A new file whose bytes are on the disk: a power cut must not leave a name without them."""
    with path.open("xb") as file:
        file.writelines(parts)
        file.flush()
        os.fsync(file.fileno())


def make_parents(path: Path) -> None:
    """Makes the folders above a file that is to be written. Raises `InputError`."""
    with _writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """A folder to fill, which takes its name at the end of the block, unless that raises.

    Raises:
        InputError: Something has that name already, or the folder cannot be made or filled.
    """
    if path.exists():
        raise InputError(f"{str(path)!r} exists already; choose another name")
    with _writing(path, "make the folder"):
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = partial_beside(path)
        try:
            partial.mkdir()
            yield partial
            partial.rename(path)
        finally:
            shutil.rmtree(partial, ignore_errors=True)


def partial_beside(path: Path) -> Path:
    """A name beside a file or folder for what is to take its place; not yet there.

    What killed processes of this machine left under such names is removed. Who writes stands in
    the name, so that it can be told from what is still being written; a process that had the same
    number, as in a container that is started anew, by the mark behind it.
    """
    beside = f".judgekit-{digest(path.name, platform.node(), size=6)}"
    for leftover in path.parent.glob(f"{beside}-*{PARTIAL}"):
        writer, _, rest = leftover.name.removeprefix(f"{beside}-").partition("-")
        if not writer.isdecimal():
            continue
        reused = int(writer) == os.getpid() and not rest.startswith(MARK)
        if reused or not is_running(int(writer)):
            if leftover.is_dir() and not leftover.is_symlink():
                shutil.rmtree(leftover, ignore_errors=True)
            else:
                leftover.unlink(missing_ok=True)
    return path.parent / f"{beside}-{os.getpid()}-{MARK}{os.urandom(4).hex()}{PARTIAL}"


def is_leftover(name: str) -> bool:
    """Whether a name in a folder is that of something that never took its place."""
    return name.endswith(PARTIAL)


def keep_inputs(path: Path, inputs: Iterable[Path], *, flag: str = "--out") -> None:
    """Refuses to write over a file that the same command reads.

    Args:
        path: The file to write.
        inputs: The files that are read. Those that do not exist are ignored.
        flag: The option that names the file to write, for the message.

    Raises:
        InputError: `path` is one of them, under this name or another.
    """
    if path.exists() and any(file.exists() and path.samefile(file) for file in inputs):
        raise InputError(f"{str(path)!r} is read by this command; name another file with {flag}")


@contextmanager
def _writing(path: Path, action: str = "write") -> Iterator[None]:
    """Turns what the file system refuses into one line."""
    try:
        yield
    except OSError as error:
        raise InputError(f"cannot {action} {str(path)!r}: {error.strerror or error}") from error
