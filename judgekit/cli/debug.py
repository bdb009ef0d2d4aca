"""What `judgekit --debug` shows: the package's log, tracebacks included, on stderr."""

from __future__ import annotations

import logging

from judgekit.cli.render.console import safe
from judgekit.redaction import redact_message

__all__ = ["log_to_stderr"]


class SafeFormatter(logging.Formatter):
    """Formats a record, without secrets or anything that a terminal would act on."""

    def format(self, record: logging.LogRecord) -> str:
        """The record's lines."""
        return safe(redact_message(super().format(record)))


def log_to_stderr() -> None:
    """Shows every record of the package's loggers on stderr."""
    handler = logging.StreamHandler()
    handler.setFormatter(SafeFormatter("%(name)s: %(message)s"))
    package = logging.getLogger("judgekit")
    package.addHandler(handler)
    package.setLevel(logging.DEBUG)
