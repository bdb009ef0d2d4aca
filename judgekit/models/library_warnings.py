"""Hides a warning of a library that users of judgekit cannot act on."""

from __future__ import annotations

import logging

__all__ = ["hide_kernel_warning"]

# When first imported, bitsandbytes warns that it could not fetch a CPU kernel from the hub. It
# works without the kernel, and judgekit runs no code from the hub.
LOGGER = logging.getLogger("bitsandbytes.backends.cpu.ops")
WARNING = "Failed to load CPU gemm_4bit_forward"


def hide_kernel_warning() -> None:
    """Filters out bitsandbytes' warning about its CPU kernel, for the rest of the process."""
    LOGGER.addFilter(is_other_record)  # adding the same filter twice has no effect


def is_other_record(record: logging.LogRecord) -> bool:
    """Whether a log record is anything but that warning."""
    return not str(record.msg).startswith(WARNING)
