"""Where in whose file an exception arose, for messages of one line."""

from __future__ import annotations

import traceback
from pathlib import Path

__all__ = ["raised_at"]

OURS = Path(__file__).parent
CALLERS = frozenset({"click", "pluggy", "typer"})
"""Packages through which judgekit calls plugins."""


def raised_at(error: BaseException) -> str:
    """The file and line of an exception, as ``my_judge.py:12``.

    Plugins are called from here, and call libraries in turn. So the line is the innermost one of
    the first file that is neither judgekit's, nor Python's own, nor of a package through which
    plugins are called. If there is no such file, it is the innermost line of all.

    Args:
        error: An exception that was raised.

    Returns:
        The file's name, without its folder, and the line; empty if the exception was never raised,
        or if its message names the line itself.
    """
    if isinstance(error, SyntaxError):
        return ""
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return ""
    foreign = next((frame.filename for frame in frames if _is_foreign(frame.filename)), None)
    frame = [frame for frame in frames if foreign in (None, frame.filename)][-1]
    return f"{Path(frame.filename).name}:{frame.lineno}"


def _is_foreign(file: str) -> bool:
    """Whether a frame's file is part of neither what calls plugins nor Python's library."""
    if file.startswith("<"):  # importlib, frozen into the interpreter
        return False
    import sysconfig  # nothing else needs it

    path = Path(file)
    if path.is_relative_to(OURS):
        return False
    packages, library = (Path(sysconfig.get_path(name)) for name in ("purelib", "stdlib"))
    if path.is_relative_to(packages):
        return path.relative_to(packages).parts[0] not in CALLERS
    return not path.is_relative_to(library)
