"""What the library remarks while it works, as lines on stderr."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["remarks_shown"]

LOGGER = logging.getLogger("judgekit")


class RemarkHandler(logging.Handler):
    """Prints each message once: a file may be read several times by one command."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._printed: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        """Prints the record's message, unless it was printed before."""
        from judgekit.cli.render.console import safe

        text = safe(record.getMessage())
        if text not in self._printed:
            self._printed.add(text)
            print(text, file=sys.stderr)


@contextmanager
def remarks_shown() -> Iterator[None]:
    """Shows the remarks that are logged within the block."""
    handler = RemarkHandler()
    LOGGER.addHandler(handler)
    try:
        yield
    finally:
        LOGGER.removeHandler(handler)
