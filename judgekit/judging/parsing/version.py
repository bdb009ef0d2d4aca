"""The version of the parsers, which a run keeps."""

from __future__ import annotations

__all__ = ["PARSERS_VERSION"]

PARSERS_VERSION = 3
"""Goes up with every change that reads some reply otherwise; 1: release 0.1.0."""
