"""The folder of the prompts that come with judgekit."""

from __future__ import annotations

from functools import cache
from importlib import resources
from pathlib import Path

__all__ = ["builtin_dir", "default_reminder"]


def builtin_dir() -> Path:
    """The folder of the prompts that come with judgekit, as installed."""
    return Path(str(resources.files("judgekit.prompts")))


@cache
def default_reminder() -> str:
    """The reminder of a prompt that brings none of its own."""
    return (builtin_dir() / "_reminder.md").read_text(encoding="utf-8").strip()
