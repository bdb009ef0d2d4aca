"""Writes a new plugin package: one of those in ``skeleton/``, renamed."""

from __future__ import annotations

import keyword
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from judgekit.errors import InputError
from judgekit.io.files import new_folder

__all__ = ["write_plugin"]

SKELETON = Path(__file__).with_name("skeleton")
NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def write_plugin(name: str, folder: Path, kind: Literal["pair", "single"] = "pair") -> list[Path]:
    """Writes a plugin package into a new folder.

    The package can be installed as it is: a judge, its prompt file and a passing test.

    Args:
        name: The name of the package, its folder and its judge, such as ``my-judge``.
        folder: The folder in which the package's folder is made.
        kind: What the judge is shown: two answers, or a single one that it scores.

    Returns:
        The files written, sorted.

    Raises:
        InputError: The name cannot be one of a package, a module and a judge at once; the folder
            exists already (nothing is overwritten); or nothing can be written.
    """
    words = _spellings(name)
    top = folder / name
    paths = []
    with new_folder(top) as partial:
        for source, place in _files(kind):
            target = _renamed(place, words)
            (partial / target).parent.mkdir(parents=True, exist_ok=True)
            text = _renamed(source.read_text(encoding="utf-8"), words)
            (partial / target).write_text(text, encoding="utf-8", newline="\n")
            paths.append(top / target)
    return sorted(paths)


def _files(kind: str) -> Iterator[tuple[Path, str]]:
    """The skeleton's files for one kind of judge, each with its place in the package."""
    for top in (SKELETON / "shared", SKELETON / kind):
        for source in top.rglob("*"):
            if source.is_file() and "__pycache__" not in source.parts:  # installers compile it
                yield source, source.relative_to(top).as_posix()


def _spellings(name: str) -> dict[str, str]:
    """The spellings of the skeleton's name and those of the new name."""
    if not NAME.fullmatch(name):
        raise InputError(
            f"{name!r} cannot name a plugin; use lower-case letters, digits and single hyphens, "
            f"as in 'my-judge'"
        )
    module = name.replace("-", "_")
    if keyword.iskeyword(module) or module in sys.stdlib_module_names or module == "judgekit":
        raise InputError(f"{name!r} is the name of a module of Python's or ours; choose another")
    kind = "".join(part.capitalize() for part in name.split("-"))
    return {"my-judge": name, "my_judge": module, "MyJudge": kind}


def _renamed(text: str, words: dict[str, str]) -> str:
    return re.sub("|".join(words), lambda match: words[match[0]], text)
