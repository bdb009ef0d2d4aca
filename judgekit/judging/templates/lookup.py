"""Finds prompts by name in folders, or by path."""

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
    """The prompts of some folders: files ``NAME.md``, of which earlier folders take precedence.

    Args:
        dirs: The folders.
    """

    def __init__(self, dirs: Sequence[Path]) -> None:
        self.dirs = tuple(dirs)

    def names(self) -> list[str]:
        """The sorted names of the prompts in the folders."""
        files = (file for folder in self.dirs for file in folder.glob("*.md"))
        return sorted({file.stem for file in files if not file.stem.startswith("_")})

    def load(self, name: str) -> Template:
        """Loads a prompt.

        Args:
            name: A prompt's name, a file ``….md``, or ``FILE#NAME`` for a prompt of FastChat's.

        Raises:
            InputError: There is no such prompt, or it is not valid.
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
        """The message for a name that is not found."""
        return unknown("prompt named", name, self.names()) + f"; a file of yours: ./{name}.md"
