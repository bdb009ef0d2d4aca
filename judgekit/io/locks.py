"""A lock on what one process at a time may write: held until it is let go, or the process ends."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from judgekit.errors import InputError
from judgekit.types import digest

__all__ = ["sole_writer"]

WITHOUT_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)


@contextmanager
def sole_writer(folder: Path) -> Iterator[None]:
    """Locks the folder of a run, which need not exist, for the block.

    The system lets the lock go when the process ends, however it does. On Windows,
    and on file systems that lock no files, nothing is locked.

    Args:
        folder: The folder. Those above it are made.

    Raises:
        InputError: Somebody else holds it, or the lock's file cannot be made.
    """
    try:
        import fcntl
    except ImportError:
        yield
        return
    path = folder.parent / f".judgekit-lock-{digest(folder.name, size=6)}.partial"
    while True:
        descriptor = open_lock(path, folder)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(descriptor, 20).decode("ascii", "replace")
            os.close(descriptor)
            raise InputError(
                f"{str(folder)!r} is being written by another run (process "
                f"{holder or 'unknown'}); wait for its end, or choose another --out"
            ) from error
        except OSError as error:
            os.close(descriptor)
            path.unlink(missing_ok=True)
            if error.errno not in WITHOUT_LOCKS:
                raise
            yield
            return
        if is_still(path, descriptor):
            break
        os.close(descriptor)  # its holder removed the file meanwhile: the lock is on nothing
    try:
        os.ftruncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(descriptor)


def open_lock(path: Path, folder: Path) -> int:
    """A descriptor of a folder's lock file, which is made. Raises `InputError`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise InputError(
            f"cannot write the run {str(folder)!r}: {error.strerror or error}; choose another "
            f"folder with --out"
        ) from error


def is_still(path: Path, descriptor: int) -> bool:
    """Whether a path still names the file that a descriptor is of."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
