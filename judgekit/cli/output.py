"""What a process prints: its output may end early, as a reader goes away or a disk is full, and
nothing that it prints holds a secret."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from judgekit.redaction import redact

__all__ = ["UNWRITTEN", "guarded_output"]

UNWRITTEN = 4  # the exit code where the output could not be written


class Guarded(io.RawIOBase):
    """Passes bytes on until that fails; keeps the error, and drops what comes after it."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw
        self.error: OSError | None = None

    def write(self, data: Any, /) -> int | None:
        """Writes, or drops, the bytes."""
        if self.error is None:
            try:
                written: int | None = self._raw.write(data)
            except OSError as error:
                self.error = error
            else:
                return written
        return len(data)

    def writable(self) -> bool:
        """Always."""
        return True

    def fileno(self) -> int:
        """The number of the stream's file."""
        return int(self._raw.fileno())

    def isatty(self) -> bool:
        """Whether the stream is a terminal."""
        return bool(self._raw.isatty())


class Redacted(io.TextIOWrapper):
    """A stream of text without the secrets that this process holds."""

    def write(self, text: str, /) -> int:
        """Writes the text, redacted."""
        return super().write(redact(text))


@contextmanager
def guarded_output() -> Iterator[None]:
    """Lets a command end as it would, whatever becomes of its standard output.

    Raises:
        SystemExit: With 4 where the output could not be written. A reader who closed the pipe has
            what it wanted: that prints nothing, and the command's own exit code stays.
    """
    stdout = sys.stdout
    if not isinstance(stdout, io.TextIOWrapper) or stdout is not sys.__stdout__:
        yield
        return
    guard = Guarded(getattr(stdout.buffer, "raw", stdout.buffer))
    sys.stdout = Redacted(
        io.BufferedWriter(guard),
        encoding=stdout.encoding,
        errors=stdout.errors,
        line_buffering=stdout.line_buffering,
    )
    try:
        yield
    finally:
        sys.stdout.flush()
        if guard.error is not None and not isinstance(guard.error, BrokenPipeError):
            why = guard.error.strerror or guard.error
            print(f"judgekit: cannot write the output: {why}", file=sys.stderr)
            sys.exit(UNWRITTEN)
