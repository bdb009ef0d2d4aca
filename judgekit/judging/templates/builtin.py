"""The folder of the prompts that come with judgekit."""

from __future__ import annotations

from functools import cache
from importlib import resources
from pathlib import Path

__all__ = ["builtin_dir", "default_reminder"]


def builtin_dir() -> Path:
    """The installed folder of the prompts that come with judgekit."""
    return Path(str(resources.files("judgekit.prompts")))


@cache
def default_reminder() -> str:
    """The reminder for prompts without one."""
    return (builtin_dir() / "_reminder.md").read_text(encoding="utf-8").strip()
