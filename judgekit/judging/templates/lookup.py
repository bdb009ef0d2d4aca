"""Finds prompts: by name in folders, or by path."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from judgekit.errors import InputError
from judgekit.judging.templates.fastchat import read_fastchat
from judgekit.judging.templates.file import read_prompt
from judgekit.judging.templates.template import Template
from judgekit.naming import unknown

__all__ = ["Prompts"]


class Prompts:
    """The prompts of some folders, each file ``NAME.md``; the first folder that has it wins."""

    def __init__(self, dirs: Sequence[Path]) -> None:
        self.dirs = tuple(dirs)

    def names(self) -> list[str]:
        """The names that `load` finds in the folders, sorted."""
        files = (file for folder in self.dirs for file in folder.glob("*.md"))
        return sorted({file.stem for file in files if not file.stem.startswith("_")})

    def load(self, name: str) -> Template:
        """A prompt by name; or by path: a file ``….md``, or ``FILE#NAME`` of FastChat's prompts.

        Raises `InputError` where it is not found or not rightly written.
        """
        if name.endswith(".md"):
            return read_prompt(Path(name).expanduser(), name)
        file, hash_sign, row = name.rpartition("#")
        if name.endswith(".jsonl"):
            return read_fastchat(Path(name).expanduser(), "", name)
        if hash_sign:
            return read_fastchat(Path(file).expanduser(), row, name)
        if "/" in name or "\\" in name:
            return read_prompt(Path(name).expanduser(), name)
        for folder in self.dirs:
            path = folder / f"{name}.md"
            if path.is_file():
                return read_prompt(path, name)
        raise InputError(self._miss(name))

    def _miss(self, name: str) -> str:
        return unknown("prompt named", name, self.names()) + f"; a file of yours: ./{name}.md"
