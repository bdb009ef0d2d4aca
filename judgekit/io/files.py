"""Files that are written: their names."""

from __future__ import annotations

import re

__all__ = ["safe_name"]


def safe_name(text: str) -> str:
    """A text as part of a file's name: at most 80 bytes (file systems count those)."""
    safe = re.sub(r"[^\w.+=-]+", "_", text).encode("utf-8")[:80].decode("utf-8", "ignore")
    return safe.strip("._") or "_"
